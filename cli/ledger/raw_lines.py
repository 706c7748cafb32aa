"""Lines of the ledger as bytes, found even where the ledger is damaged: for people who want to see what stands there.

No line is taken for valid here: each is shown together with what is wrong with it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from eventstore.entry import LINE_BYTES_MAX, BadLine, check_line, seq_of, tail_of
from eventstore.errors import Archived, NoLedger, Unavailable
from eventstore.nesting import decode
from eventstore.segment import find_line, line_blocks, list_names, segment_name
from eventstore.segment_access import open_segment_file
from eventstore.store import GENESIS, Entry

_TAIL_BYTES = 1024 * 1024


class RawLine(NamedTuple):
    """One line (without its LF), and where it stands."""

    segment: Path
    offset: int
    raw: bytes

    @property
    def seq(self) -> int | None:
        """The `seq` that it begins with."""
        return seq_of(self.raw)

    def entry(self) -> Entry | None:
        """The line decoded, whether or not it is sound; None if it is no entry at all."""
        try:
            return decode(self.raw, Entry)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None

    @property
    def hash_matches(self) -> bool:
        """Whether its `hash` is that of its bytes."""
        return tail_of(self.raw) is not None


def raw_line(folder: Path, seq: int) -> RawLine | None:
    """The line that begins with this `seq`; None if there is none.

    Raises:
        NoLedger: there is no ledger; Unavailable: it cannot be read.
        Archived: the line is in an archive, which cannot be read.
    """
    firsts = [first for first in _segments(folder) if first <= seq]
    if not firsts:
        return None
    path = folder / segment_name(firsts[-1])
    try:
        fd = open_segment_file(path)
    except OSError as problem:
        raise Unavailable(f"{path}: {problem.strerror}") from problem
    try:
        size = os.fstat(fd).st_size
        offset = find_line(fd, firsts[-1], size, seq)
        if offset is None:
            offset = _search(fd, size, b'{"seq":%d,' % seq)
        if offset is None:
            return None
        raw = os.pread(fd, LINE_BYTES_MAX, offset)
        return RawLine(path, offset, raw.partition(b"\n")[0])
    finally:
        os.close(fd)


def working_folder(folder: Path, seq: int) -> tuple[Path, int]:
    """Where an entry that cannot be found should be: its segment, and the end of the line of the entry before it.

    Where that cannot be found either, it is the beginning of the segment.

    Raises:
        NoLedger: there is no ledger; Unavailable: it cannot be read.
    """
    path = folder / segment_name([first for first in _segments(folder) if first <= seq][-1])
    before = raw_line(folder, seq - 1) if seq else None
    at = before.offset + len(before.raw) + 1 if before is not None and before.segment == path else 0
    return path, at


def last_raw_lines(folder: Path, count: int, back_to: str = "") -> list[RawLine]:
    """The last lines, at most `count` of them and at most about 1 MiB of a segment; oldest first.

    Args:
        folder: the ledger.
        count: how many.
        back_to: the name of the segment to go back to at the most.

    Raises:
        NoLedger: there is no ledger.
        OSError: it cannot be read.
    """
    lines: list[RawLine] = []
    for first in reversed(_segments(folder)):
        path = folder / segment_name(first)
        if len(lines) >= count or path.name < back_to:
            break
        try:
            lines[:0] = _last_lines(path)
        except Archived:
            if not lines:
                raise
            break
    return lines[-count:]


def _last_lines(path: Path) -> list[RawLine]:
    with open(open_segment_file(path), "rb") as segment:
        size = os.fstat(segment.fileno()).st_size
        begin = max(0, size - _TAIL_BYTES)
        raw = os.pread(segment.fileno(), size - begin, begin)
    cut = raw.find(b"\n") + 1 if begin else 0
    offset = begin + cut
    lines = []
    for line in raw[cut:].split(b"\n"):
        if line:
            lines.append(RawLine(path, offset, line))
        offset += len(line) + 1
    return lines


def what_is_wrong(line: RawLine, seq: int, before: RawLine | None) -> str:
    """Why a line is not entry `seq` after the line `before`, in words; empty if it is."""
    entry = line.entry()
    prev = GENESIS if seq == 0 else entry.prev if entry is not None else ""
    tail = tail_of(before.raw) if before is not None else None
    if tail is not None:
        prev = tail.hash
    try:
        check_line(line.raw, seq, prev)
    except BadLine as bad:
        return f"expected {bad.expected}, found {bad.found}"
    return ""


def _segments(folder: Path) -> list[int]:
    try:
        firsts = list_names(folder).firsts
    except FileNotFoundError:
        firsts = []
    except OSError as problem:
        raise Unavailable(f"{folder}: {problem.strerror}") from problem
    if not firsts:
        raise NoLedger(f"{folder}: there is no ledger here")
    return firsts


def _search(fd: int, size: int, beginning: bytes) -> int | None:
    """Where a line begins so, looked for one line after another: a damaged segment cannot be halved."""
    for lines in line_blocks(fd, 0, size):
        at = 0 if lines.raw.startswith(beginning) else lines.raw.find(b"\n" + beginning) + 1
        if at > 0 or lines.raw.startswith(beginning):
            return lines.offset + at
    return None
