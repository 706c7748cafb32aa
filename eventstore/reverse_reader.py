"""Reading the ledger from its end: the newest entries at a cost that does not grow with the history.

Every line is checked as completely as when reading forward. The chain is checked from its end: the newest entry must
be the one that the head names, and each older entry must have the hash that its successor names as `prev`. So entries
newer than a damage are still proved, and they are returned before the damage is raised.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from eventstore.entry import LINE_BYTES_MAX, BadLine, check_line, parse_lines, shown, tail_of
from eventstore.errors import Corrupt
from eventstore.reader import open_segment
from eventstore.segment import find_line, first_of
from eventstore.store import Entry, Head
from eventstore.tail import LineEnd

_READ_BYTES_FIRST = 32 * 1024
_READ_BYTES_MAX = 512 * 1024
_CHUNK_BYTES = 1024 * 1024


def read_backwards(folder: Path, segment_entries: int, head: Head, known: LineEnd) -> Iterator[Entry]:
    """Entries from `head` down to entry 0, in bounded memory; newer entries are not read.

    Args:
        folder: the ledger.
        segment_entries: how many entries a segment holds.
        head: the entry to begin with.
        known: where the last known line ends: bytes behind it in its segment are not read, however many.

    Raises:
        Corrupt: an entry on the way does not stand where the chain says; all newer ones were yielded.
        OSError: a segment cannot be read.
    """
    for block in _blocks(folder, segment_entries, head, known):
        yield from reversed(block)


def _blocks(folder: Path, segment_entries: int, head: Head, known: LineEnd) -> Iterator[list[Entry]]:
    """Consecutive entries in their order; the last of the first block is `head`.

    In the segment of `known`, bytes behind `known` are not read, however many there are.
    """
    while head.seq >= 0:
        first = first_of(head.seq, segment_entries)
        with open_segment(folder, first, known) as (path, fd, limit):
            for block in _segment_blocks(path, fd, first, head, limit):
                head = Head(block[0].seq - 1, block[0].prev)
                yield block


def _segment_blocks(path: Path, fd: int, first: int, head: Head, size: int) -> Iterator[list[Entry]]:
    """The entries of one segment from `head` back to its first, in blocks that grow."""
    end = _end_of(path, fd, first, head, size)
    read_bytes = _READ_BYTES_FIRST
    while head.seq >= first:
        begin = max(0, end - max(read_bytes, LINE_BYTES_MAX + 1))
        raw = os.pread(fd, end - begin, begin)
        if begin > 0:
            cut = raw.find(b"\n") + 1
            begin, raw = begin + cut, raw[cut:]
        try:
            block = _checked(path, begin, raw, first, head)
        except Corrupt as problem:
            newer, damage = _newer_than_damage(path, begin, raw, first, head)
            if newer:
                yield newer
            raise damage or problem from None
        yield block
        head, end = Head(block[0].seq - 1, block[0].prev), begin
        read_bytes = min(2 * read_bytes, _READ_BYTES_MAX)
    if end > 0:
        raise Corrupt(path, 0, first, "the beginning of the segment", f"{end} more bytes")


def _checked(path: Path, begin: int, raw: bytes, first: int, head: Head) -> list[Entry]:
    """The entries of some whole lines, the last of which must be `head`."""
    count = raw.count(b"\n")
    seq = head.seq - count + 1
    opening = tail_of(raw[: raw.find(b"\n")]) if count else None
    if count == 0 or seq < first or not raw.endswith(b"\n"):
        raise Corrupt(path, begin, max(seq, first), "whole lines, one for each entry", shown(raw))
    if opening is None:
        raise Corrupt(path, begin, seq, "a line that speaks for itself", shown(raw[: raw.find(b"\n")]))
    try:
        entries = parse_lines(raw, seq, opening.prev)
    except BadLine as bad:
        raise Corrupt(path, begin + bad.offset, bad.seq, bad.expected, bad.found) from None
    if entries[-1].hash != head.hash:
        last = begin + raw.rfind(b"\n", 0, -1) + 1
        expected = f"hash {head.hash} (prev of entry {head.seq + 1})"
        raise Corrupt(path, last, head.seq, expected, f"hash {entries[-1].hash}")
    return entries


def _newer_than_damage(
    path: Path, begin: int, raw: bytes, first: int, head: Head
) -> tuple[list[Entry], Corrupt | None]:
    """The sound entries at the end of lines that are not all as they must be.

    Returns:
        The entries from `head` back as far as the chain holds, in their order, and what is wrong with the line before
        them; None if each line by itself is right.
    """
    end = len(raw)
    damage = None
    while damage is None and end > 0 and head.seq >= first:
        start = raw.rfind(b"\n", 0, end - 1) + 1
        try:
            prev = _prev_of(raw[start : end - 1], head)
        except BadLine as bad:
            damage = Corrupt(path, begin + start, head.seq, bad.expected, bad.found)
        else:
            end, head = start, Head(head.seq - 1, prev)
    newer = raw[end:]
    return (parse_lines(newer, head.seq + 1, head.hash) if newer else []), damage


def _prev_of(line: bytes, head: Head) -> str:
    """The `prev` of the line that must be entry `head`.

    Raises:
        BadLine: the line is not that entry.
    """
    tail = tail_of(line)
    prev = "" if tail is None else tail.prev
    checked = check_line(line, head.seq, prev)
    if checked.hash != head.hash:
        expected = f"hash {head.hash} (prev of entry {head.seq + 1})"
        raise BadLine(head.seq, 0, expected, f"hash {checked.hash}")
    return prev


def _end_of(path: Path, fd: int, first: int, head: Head, size: int) -> int:
    """Where the line of `head` ends in the first `size` bytes; newer entries, or what a crash left, may follow it."""
    begin = find_line(fd, first, size, head.seq)
    if begin is not None:
        end = os.pread(fd, LINE_BYTES_MAX, begin).find(b"\n") + 1
        if end:
            return begin + end
    mark = b'"hash":"%b"}\n' % head.hash.encode()
    at = size
    while at > 0:
        start = max(0, at - _CHUNK_BYTES)
        found = os.pread(fd, at - start + len(mark) - 1, start).rfind(mark)
        if found >= 0:
            return start + found + len(mark)
        at = start
    raise Corrupt(path, size, head.seq, f"entry {head.seq} with hash {head.hash}", "the end of the file")
