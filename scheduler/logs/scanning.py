"""Lines of files of entries, in blocks: forwards from either form, backwards at the cost of what is looked at."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from scheduler.logs.day_files import DayFile

BLOCK_BYTES: Final = 4 * 1024 * 1024
_FIRST_BLOCK_BYTES: Final = 256 * 1024
_COMPRESSED_BYTES: Final = 512 * 1024


def blocks(file: DayFile, end: int | None = None) -> Iterator[bytes]:
    """Whole lines of a file, from its first on, in blocks of some megabytes; a line that is not whole is left out.

    A file that retention deletes meanwhile has no more lines. A compressed one that is damaged ends there.

    Args:
        file: the file.
        end: not beyond this offset, in bytes, of a file that is not compressed.
    """
    begun = b""
    for raw in _inflated(file) if file.compressed else _raw(file, end):
        cut = raw.rfind(b"\n") + 1
        if not cut:
            begun += raw
            continue
        yield begun + raw[:cut] if begun else raw[:cut]
        begun = raw[cut:]


def blocks_backwards(file: DayFile) -> Iterator[bytes]:
    """Whole lines in blocks, the last block first; inside a block the lines stand in their order.

    A compressed file can only be read forwards: it is one block after another in memory, in compressed form only.
    """
    if file.compressed:
        # Kept compressed at level 1: a day of a million entries takes a few megabytes so.
        kept = [zlib.compress(block, 1) for block in blocks(file)]
        while kept:
            yield zlib.decompress(kept.pop())
        return
    try:
        fd = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        yield from _backwards(fd)
    finally:
        os.close(fd)


def lines_backwards(file: DayFile) -> Iterator[bytes]:
    """Lines without their LF, the last one first."""
    for block in blocks_backwards(file):
        lines = block.split(b"\n")
        lines.pop()
        yield from reversed(lines)


def lines_with(block: bytes, needles: Iterable[bytes], folded: bytes | None = None) -> bytes:
    """The lines of a block, with their LF, in which one of some texts stands; mostly none, at the cost of a look.

    Args:
        block: whole lines.
        needles: none of them holds a LF.
        folded: the same block with the case of letters folded, where that is to be looked through.
    """
    sought = block if folded is None else folded
    found = set()
    for needle in needles:
        at = sought.find(needle)
        while at >= 0:
            end = sought.index(b"\n", at) + 1
            found.add((sought.rfind(b"\n", 0, at) + 1, end))
            at = sought.find(needle, end)
    return b"".join([block[begin:end] for begin, end in sorted(found)])


def _backwards(fd: int) -> Iterator[bytes]:
    end = os.fstat(fd).st_size
    wanted = _FIRST_BLOCK_BYTES
    rest = b""  # what stands before the first line end of the block that was given out last
    whole = False
    while end > 0:
        begin = max(0, end - wanted)
        raw = os.pread(fd, end - begin, begin) + rest
        end, rest = begin, b""
        if not whole:  # the very end may be a line that is just being written
            raw = raw[: raw.rfind(b"\n") + 1]
            whole = bool(raw)
        if begin > 0:
            cut = raw.find(b"\n") + 1 or len(raw)
            rest, raw = raw[:cut], raw[cut:]
        if raw:
            yield raw
        wanted = min(wanted * 4, BLOCK_BYTES)


def _raw(file: DayFile, end: int | None) -> Iterator[bytes]:
    try:
        fd = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        offset = 0
        while raw := os.pread(fd, BLOCK_BYTES if end is None else min(BLOCK_BYTES, end - offset), offset):
            offset += len(raw)
            yield raw
    finally:
        os.close(fd)


def _inflated(file: DayFile) -> Iterator[bytes]:
    """The bytes of a gzip file, of all its members, without Python's slower reader."""
    inflater = zlib.decompressobj(wbits=31)
    for raw in _raw(file, None):
        for begin in range(0, len(raw), _COMPRESSED_BYTES):
            part = raw[begin : begin + _COMPRESSED_BYTES]
            while part:
                try:
                    yield inflater.decompress(part)
                except zlib.error:
                    return
                part = inflater.unused_data
                if inflater.eof:
                    inflater = zlib.decompressobj(wbits=31)
