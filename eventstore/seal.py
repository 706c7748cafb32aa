"""The seal of a full segment: a small file that says what the segment holds, so that it can be compared.

`<first>.seal` is one line of JSON: the segment's first entry, how many entries it holds, its length in bytes, the
SHA-256 of the whole file (as `sha256sum` prints it), the hash of its last entry, and, as in an entry, the
hash of the line's own bytes before `,"hash":`. Readers accept members that they do not know. A missing seal is no
damage: the next process that has the ledger open writes it. A seal that contradicts its segment, or itself, is
damage: the length is compared whenever a ledger is opened, and everything is compared by a verification.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from eventstore.entry import LINE_BYTES_MAX, seq_of
from eventstore.errors import Corrupt
from eventstore.own_hash import read_with_own_hash
from eventstore.regular_file import open_regular
from eventstore.segment import line_before, seal_name, segment_name


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What a full segment holds.

    Attributes:
        first: the segment's first entry.
        count: how many entries the segment holds.
        bytes: the length of its file.
        sha256: the digest of its file.
        last: the hash of its last entry.
    """

    first: int
    count: int
    bytes: int
    sha256: str
    last: str


def read_seal(folder: Path, first: int) -> Seal | None:
    """A segment's seal; None if it has none.

    Raises:
        ValueError: the seal cannot be read, or its bytes are not those that were written.
    """
    return read_with_own_hash(f"{folder}/{seal_name(first)}", Seal)


def sound_seal(folder: Path, first: int) -> Seal | None:
    """A segment's seal, one that cannot be read being damage; None if it has none.

    Raises:
        Corrupt: it is not as it was written.
        OSError: it cannot be read.
    """
    try:
        return read_seal(folder, first)
    except ValueError as error:
        raise Corrupt(folder / seal_name(first), 0, first, "a seal", str(error)) from None


def check_lengths(folder: Path, firsts: Sequence[int]) -> None:
    """Check that each sealed segment is as long as its seal says, reading none of them.

    A segment is sealed when it is full and on disk, and never written again. So at no moment, and after no crash,
    does a sealed segment have another length. The check costs about 15 microseconds a segment.

    Args:
        folder: the ledger.
        firsts: its segments, by their first entries.

    Raises:
        Corrupt: a segment was cut or has grown, or its seal is not as it was written.
        OSError: the length of a segment cannot be read.
    """
    for first in firsts:
        seal = sound_seal(folder, first)
        if seal is None:
            continue
        size = os.stat(f"{folder}/{segment_name(first)}").st_size
        if size != seal.bytes:
            raise _other_length(folder / segment_name(first), seal, size)


def _other_length(path: Path, seal: Seal, size: int) -> Corrupt:
    """The damage of a segment that is not as long as its seal says, with the first missing entry, if any."""
    offset, seq = seal.bytes, seal.first + seal.count
    if size < seal.bytes:
        with open(open_regular(path), "rb") as segment:
            begin = max(0, size - LINE_BYTES_MAX)
            end = begin + os.pread(segment.fileno(), size - begin, begin).rfind(b"\n") + 1
            found = line_before(segment.fileno(), end) if end > begin else None
        last_seq = seq_of(found[1]) if found else None
        offset, seq = (0, seal.first) if last_seq is None else (end, last_seq + 1)
    return Corrupt(path, offset, seq, f"{seal.bytes:,} bytes, as its seal says", f"{size:,} bytes")
