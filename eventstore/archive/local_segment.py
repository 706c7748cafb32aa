"""A sealed segment beside the ledger, checked whole before it is archived."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from eventstore.archive.errors import BadVolume
from eventstore.entry import LINE_BYTES_MAX
from eventstore.errors import Corrupt
from eventstore.nesting import decode
from eventstore.regular_file import open_regular
from eventstore.seal import Seal, read_seal
from eventstore.segment import line_before, seal_name, segment_name
from eventstore.segment_check import SegmentTask, check_segment
from eventstore.store import Entry


class LocalSegment(NamedTuple):
    """A segment whose lines fit together, and to its seal.

    Attributes:
        seal: its seal.
        prev: the hash of the entry before it.
        root: the root of the tree over its lines.
    """

    seal: Seal
    prev: str
    root: bytes


def is_one_subtree(segment_entries: int) -> bool:
    """Whether segments of so many entries are whole subtrees of the tree, as those of 65,536 are."""
    return segment_entries & (segment_entries - 1) == 0


def checked_segment(folder: Path, first: int, count: int) -> LocalSegment:
    """Check every line of a sealed segment, its chain, and its seal with the digest.

    Args:
        folder: the ledger.
        first: the first entry of the segment.
        count: how many entries a segment holds.

    Raises:
        Corrupt: it is not what its lines or its seal say.
        BadVolume: its seal cannot be read.
        OSError: it cannot be read.
    """
    path = folder / segment_name(first)
    seal = seal_of(folder, first)
    task = SegmentTask(
        folder=str(folder),
        first=first,
        count_max=count,
        size=os.stat(path).st_size,
        slot=None,
        digests=True,
        wanted=frozenset(),
        sizes=frozenset(),
        types=frozenset(),
    )
    found = check_segment(task)
    if found.bad is not None:
        seq, offset, expected, what = found.bad
        raise Corrupt(path, offset, seq, expected, what)
    if found.seal_misfit is not None or found.count != count:
        expected, what = found.seal_misfit or (f"{count:,} entries", f"{found.count:,} entries")
        raise Corrupt(folder / seal_name(first), 0, first, expected, what)
    (subtree,) = found.subtrees
    return LocalSegment(seal, found.prev, subtree.hash)


def seal_of(folder: Path, first: int) -> Seal:
    """The seal of a segment that must have one.

    Raises:
        BadVolume: there is none, or it cannot be understood.
        OSError: it cannot be read.
    """
    try:
        seal = read_seal(folder, first)
    except ValueError as problem:
        raise BadVolume(folder / seal_name(first), str(problem)) from None
    if seal is None:
        raise BadVolume(folder / seal_name(first), "there is no such file")
    return seal


def first_and_last_time(folder: Path, first: int, last_segment: int) -> tuple[datetime, datetime]:
    """The times of the first entry of one segment and of the last entry of another.

    Raises:
        Corrupt: there is no such entry.
        OSError: a segment cannot be read.
    """
    path = folder / segment_name(first)
    with open(open_regular(path), "rb") as segment:
        opening = os.pread(segment.fileno(), LINE_BYTES_MAX, 0).partition(b"\n")[0]
    return _time_of(path, first, opening), last_time(folder, last_segment)


def last_time(folder: Path, first: int) -> datetime:
    """The time of the last entry of a full segment.

    Raises:
        Corrupt: there is no such entry.
        OSError: the segment cannot be read.
    """
    path = folder / segment_name(first)
    with open(open_regular(path), "rb") as segment:
        found = line_before(segment.fileno(), os.fstat(segment.fileno()).st_size)
    return _time_of(path, first, found[1] if found is not None else b"")


def _time_of(path: Path, seq: int, line: bytes) -> datetime:
    try:
        return decode(line, Entry).time
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise Corrupt(path, 0, seq, "an entry", str(problem)) from None
