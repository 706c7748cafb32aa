"""Segments: which file an entry is in, and where in the file.

A segment holds a fixed number of entries and is named by the `seq` of its first one, so a division gives the segment
of an entry. Inside a segment a line is found by interpolation search, because lines begin with their own `seq`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from eventstore.entry import LINE_BYTES_MAX, seq_of
from eventstore.errors import Corrupt

SEGMENT_ENTRIES = 65_536
"""How many entries a segment holds."""

SEGMENT_SUFFIX = ".jsonl"
SEAL_SUFFIX = ".seal"
MARKER_SUFFIX = ".archived"
STRAY = "nothing of this name"
"""What is expected in place of a file that has a segment's name and can be none."""
_DIGITS = 20
"""Of a number in the name of a file."""

_READ_BYTES_FIRST = 16 * 1024
_READ_BYTES_MAX = LINE_BYTES_MAX
"""The length of the longest line; for larger buffers, malloc(3) would ask the kernel each time."""
_NEAR_BYTES = 32 * 1024
_PROBE_BYTES = 4 * 1024
_PROBES_MAX = 64


def segment_name(first: int) -> str:
    """The file name of the segment whose first entry is `first`."""
    return f"{first:020d}{SEGMENT_SUFFIX}"


def seal_name(first: int) -> str:
    """The file name of that segment's seal."""
    return f"{first:020d}{SEAL_SUFFIX}"


def marker_name(first: int) -> str:
    """The file name of the marker that says where that segment is archived."""
    return f"{first:020d}{MARKER_SUFFIX}"


def number_in(text: str) -> int | None:
    """The number that the name of a file says in 20 digits; None if these characters are something else."""
    return int(text) if len(text) == _DIGITS and text.isascii() and text.isdigit() else None


def first_in_name(name: str) -> int | None:
    """The first entry of the segment that has this file name; None if it is no segment's."""
    return number_in(name[:_DIGITS]) if name[_DIGITS:] == SEGMENT_SUFFIX else None


def first_of(seq: int, segment_entries: int = SEGMENT_ENTRIES) -> int:
    """The first entry of the segment that holds entry `seq`."""
    return seq - seq % segment_entries


def segment_of(folder: Path, seq: int, segment_entries: int = SEGMENT_ENTRIES) -> Path:
    """The segment that holds entry `seq`."""
    return folder / segment_name(first_of(seq, segment_entries))


def list_segments(folder: Path) -> list[int]:
    """The first entries of the existing segments, in order; other files are ignored."""
    return list_names(folder).segments


class SegmentNames(msgspec.Struct, frozen=True):
    """The files of a ledger that belong to a segment, each list in order, by the segments' first entries.

    Attributes:
        segments: the segments that are there.
        seals: those that have a seal.
        markers: those that have a marker.
    """

    segments: list[int]
    seals: list[int]
    markers: list[int]

    @property
    def archived(self) -> list[int]:
        """The segments that are not there, and have a marker; never the first, which says what the ledger is."""
        return sorted(set(self.markers).difference(self.segments, [0])) if self.markers else []

    @property
    def firsts(self) -> list[int]:
        """All segments, wherever they are."""
        return sorted(self.segments + self.archived) if self.markers else self.segments

    def strays(self, segment_entries: int) -> list[int]:
        """The segments, here or archived, that there cannot be: none begins there."""
        return [first for first in self.firsts if first % segment_entries]

    def without(self, strays: list[int], end: int | None = None) -> SegmentNames:
        """All but these, up to the segment that begins at `end`."""
        return SegmentNames(
            *(
                [first for first in each if first not in strays and (end is None or first < end)]
                for each in (self.segments, self.seals, self.markers)
            )
        )


def list_names(folder: Path) -> SegmentNames:
    """The files of a ledger that belong to a segment; the folder is listed, and nothing is read.

    Raises:
        OSError: it cannot be listed.
    """
    found: dict[str, list[int]] = {SEGMENT_SUFFIX: [], SEAL_SUFFIX: [], MARKER_SUFFIX: []}
    for name in os.listdir(folder):
        first = number_in(name[:_DIGITS])
        if first is not None and name[_DIGITS:] in found:
            found[name[_DIGITS:]].append(first)
    return SegmentNames(*(sorted(firsts) for firsts in found.values()))


def check_names(folder: Path, firsts: list[int], segment_entries: int) -> None:
    """Check that no segment is missing before the last one, and that no segment has an impossible name.

    Raises:
        Corrupt: a segment is missing or misnamed.
    """
    for expected, first in zip(range(0, len(firsts) * segment_entries, segment_entries), firsts, strict=True):
        if expected and first % segment_entries:
            raise stray(folder, first, expected, segment_entries)
        if first != expected:
            found = f"{segment_name(first)} as the next one"
            raise Corrupt(folder / segment_name(expected), 0, expected, "this segment", found)


def stray(folder: Path, first: int, seq: int, segment_entries: int) -> Corrupt:
    """The damage that a file is which has the name of a segment, or of a marker, where entry `seq` would be next."""
    wanted = f"{STRAY}: segments begin at multiples of {segment_entries:,}"
    path = folder / segment_name(first)
    return Corrupt(path if os.path.lexists(path) else folder / marker_name(first), 0, seq, wanted, "a file")


def check_seals(folder: Path, found: SegmentNames) -> None:
    """Check that each seal is one of a segment that is there, or was archived.

    Raises:
        Corrupt: a segment is missing.
    """
    for first in sorted(set(found.seals).difference(found.firsts))[:1]:
        path = folder / segment_name(first)
        raise Corrupt(path, 0, first, "the segment that its seal speaks of", "no such file")


class LineBlock(msgspec.Struct, frozen=True, gc=False):
    """Consecutive bytes of a segment.

    Attributes:
        offset: where they begin.
        raw: the bytes.
        whole: whether they are whole lines; if not, they begin a line that does not end, or is too long.
    """

    offset: int
    raw: bytes
    whole: bool


def line_blocks(fd: int, offset: int, end: int) -> Iterator[LineBlock]:
    """The bytes from `offset` to `end` as blocks of whole lines, then the rest, if any.

    Memory stays bounded: after bytes without LF that are too long for a line, nothing more is read.
    """
    read_bytes = _READ_BYTES_FIRST
    while offset < end:
        wanted_bytes = min(read_bytes, end - offset)
        raw = os.pread(fd, wanted_bytes, offset)
        cut = raw.rfind(b"\n") + 1
        if cut:
            yield LineBlock(offset, raw[:cut], True)
            # The rest, a part of a line, is read again: that is cheaper than to copy what follows to it.
            offset += cut
        elif wanted_bytes == read_bytes == len(raw) < LINE_BYTES_MAX:
            # The line may end further on: read more.
            pass
        else:
            if raw:
                yield LineBlock(offset, raw, False)
            return
        read_bytes = min(4 * read_bytes, _READ_BYTES_MAX)


_LINE_BYTES_MIN = 200
"""No entry is shorter: its two hashes take 128 bytes, and the names of its members most of the rest."""


def first_lines(block: bytes, count: int) -> bytes:
    """The first `count` of some whole lines, or as many as there are.

    Lines too short to be entries may remain behind them: the caller's check refuses those.
    """
    if len(block) <= count * _LINE_BYTES_MIN or block.count(b"\n") <= count:
        return block
    return b"\n".join(block.split(b"\n", count)[:count]) + b"\n"


def line_before(fd: int, end: int) -> tuple[int, bytes] | None:
    """The line that ends (with its LF) at `end`: where it begins, and its bytes without the LF."""
    begin = max(0, end - LINE_BYTES_MAX)
    raw = os.pread(fd, end - begin, begin)
    if len(raw) != end - begin or raw[-1:] != b"\n":
        return None
    cut = raw.rfind(b"\n", 0, -1) + 1
    if cut == 0 and begin > 0:
        return None
    return begin + cut, raw[cut:-1]


def find_line(fd: int, first: int, size: int, seq: int) -> int | None:
    """Where the line of entry `seq` begins.

    The `seq` of a few lines is read, each time where the wanted line most likely is; near it, lines are counted.

    Args:
        fd: the segment.
        first: its first entry.
        size: how much of the segment to search, in bytes.
        seq: the entry; not before `first`.

    Returns:
        None if the entry is not there, or if a line on the way does not begin with a `seq`.
    """
    low, low_seq = 0, first
    high, high_seq = size, _seq_after(fd, size)
    if high_seq is None or not low_seq <= seq < high_seq:
        return None
    for _ in range(_PROBES_MAX):
        if seq == low_seq or high - low <= _NEAR_BYTES:
            break
        guess = low + (high - low) * (seq - low_seq) // (high_seq - low_seq)
        probe = _line_at_or_before(fd, min(guess, high - 1))
        if probe is None:
            return None
        begin, probe_seq, end = probe
        if not low_seq <= probe_seq < high_seq:
            return None
        if probe_seq <= seq:
            # The guess fell into the lowest line: the next line is nearer.
            if begin == low:
                low, low_seq = end, probe_seq + 1
                if probe_seq == seq:
                    return begin
            else:
                low, low_seq = begin, probe_seq
        else:
            high, high_seq = begin, probe_seq
    return _count_on(fd, low, high, seq - low_seq)


def _seq_after(fd: int, end: int) -> int | None:
    last = line_before(fd, end) if end else None
    last_seq = seq_of(last[1]) if last else None
    return None if last_seq is None else last_seq + 1


def _line_at_or_before(fd: int, offset: int) -> tuple[int, int, int] | None:
    """The line that contains the byte at `offset`: its beginning, its `seq`, its end."""
    for reach in (_PROBE_BYTES, LINE_BYTES_MAX):
        begin = max(0, offset - reach)
        raw = os.pread(fd, offset - begin + reach, begin)
        cut = raw.rfind(b"\n", 0, offset - begin) + 1
        end = raw.find(b"\n", offset - begin) + 1
        if (cut or begin == 0) and end:
            seq = seq_of(raw[cut:end])
            return None if seq is None else (begin + cut, seq, begin + end)
    return None


def _count_on(fd: int, offset: int, end: int, lines: int) -> int | None:
    """Where the line begins that stands `lines` lines after the one at `offset`."""
    for block in line_blocks(fd, offset, end):
        if not block.whole:
            return None
        count = block.raw.count(b"\n")
        if lines >= count:
            lines -= count
            continue
        at = 0
        for _ in range(lines):
            at = block.raw.find(b"\n", at) + 1
        return block.offset + at
    return None
