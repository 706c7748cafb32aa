"""Entries of a day in the order of their times, in bounded memory, whatever the order in which they were collected.

Mostly they stand in that order already. But lines that name their own time, and output that was collected late,
stand behind younger lines. A first pass counts how many bytes belong to each second of the day. Then the day is
divided into portions of consecutive seconds, each small enough to be sorted in memory. For each portion only those
ranges are read that hold some of its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final, NamedTuple

from scheduler.logs.storage.entry import TIME_SLICE
from scheduler.logs.storage.scan import FileRange, blocks

PORTION_BYTES: Final = 4 * 1024 * 1024
_SECOND: Final = slice(TIME_SLICE.start, TIME_SLICE.start + len("2026-11-23T02:00:00"))
_TIME: Final = itemgetter(TIME_SLICE)


class _TimedRange(NamedTuple):
    """A range of a file, and the times between which its lines lie."""

    span: FileRange
    first: bytes
    last: bytes


class _Portion(NamedTuple):
    """The times from `first` to `last`, and how many bytes of lines they have."""

    first: bytes
    last: bytes
    size_bytes: int


def in_order(spans: Iterable[FileRange], portion_bytes: int = PORTION_BYTES) -> Iterator[bytes]:
    """The lines of some ranges, in blocks, ordered by time; lines of the same time keep their order."""
    sizes: dict[bytes, int] = {}
    stretches = []
    for span in spans:
        seconds: dict[bytes, int] = {}
        for block in blocks(span):
            _count(block, _SECOND, seconds)
        if seconds:
            stretches.append(_TimedRange(span, min(seconds), max(seconds)))
        for second, size_bytes in seconds.items():
            sizes[second] = sizes.get(second, 0) + size_bytes
    for portion in _portions(sizes, portion_bytes):
        concerned = [
            each.span for each in stretches if each.first <= portion.last and portion.first <= each.last
        ]
        if portion.size_bytes <= portion_bytes:
            yield _sorted(_within(concerned, portion, _SECOND))
        else:
            yield from _in_order_within(concerned, portion, portion_bytes)


def _in_order_within(spans: list[FileRange], second: _Portion, portion_bytes: int) -> Iterator[bytes]:
    """The lines of a second that has too many to be sorted at once: they are divided by microseconds."""
    sizes: dict[bytes, int] = {}
    for lines in _within(spans, second, _SECOND):
        _count(b"\n".join([*lines, b""]), TIME_SLICE, sizes)
    for portion in _portions(sizes, portion_bytes):
        if portion.size_bytes <= portion_bytes:
            yield _sorted(_within(spans, portion, TIME_SLICE))
        else:
            # All lines have the same time: they keep their order.
            for lines in _within(spans, portion, TIME_SLICE):
                yield b"\n".join([*lines, b""])


def _count(block: bytes, key: slice, sizes: dict[bytes, int]) -> None:
    lines = block.split(b"\n")
    lines.pop()
    for line in lines:
        at = line[key]
        sizes[at] = sizes.get(at, 0) + len(line)


def _portions(sizes: dict[bytes, int], portion_bytes: int) -> Iterator[_Portion]:
    """The times in their order, divided into portions of at most `portion_bytes`, or of a single time."""
    current: _Portion | None = None
    for time in sorted(sizes):
        if current is not None and current.size_bytes + sizes[time] <= portion_bytes:
            current = _Portion(current.first, time, current.size_bytes + sizes[time])
            continue
        if current is not None:
            yield current
        current = _Portion(time, time, sizes[time])
    if current is not None:
        yield current


def _within(spans: list[FileRange], portion: _Portion, key: slice) -> Iterator[list[bytes]]:
    """The lines of a portion, block by block."""
    first, last = portion.first, portion.last
    for span in spans:
        for block in blocks(span):
            lines = block.split(b"\n")
            lines.pop()
            found = [line for line in lines if first <= line[key] <= last]
            if found:
                yield found


def _sorted(found: Iterator[list[bytes]]) -> bytes:
    lines = [line for each in found for line in each]
    lines.sort(key=_TIME)
    lines.append(b"")
    return b"\n".join(lines)
