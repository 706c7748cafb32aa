"""Lines of files of entries, in ranges of about a megabyte that can be read in any order and by any process."""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from scheduler.logs.storage.gzip_members import members

BLOCK_BYTES: Final = 1024 * 1024
LAST_BLOCK_BYTES: Final = 256 * 1024
"""The newest lines are looked at first and mostly suffice, so the last range is smaller."""
_LESS_BYTES: Final = 4 * 1024
_MORE_BYTES: Final = 128 * 1024
_COMPRESSED_BYTES: Final = 512 * 1024
_INFLATED_BYTES_MAX: Final = 4 * 1024 * 1024
"""At most this much is inflated at once: compressed data may be a thousand times smaller than what it holds."""
_LINE_BYTES_MAX: Final = 16 * 1024 * 1024
"""A longer line was not written by the collector, and is left out."""
_SAMPLE_BYTES: Final = 64 * 1024
_COMMON: Final = 8
"""A text that stands in more than one of this many lines is too common to be looked for line by line."""


class FileRange(NamedTuple):
    """A range of an open file, in bytes.

    Attributes:
        form: `lines`: the lines that begin in it; `member`: a gzip member; `stream`: gzip, to be read as a whole.
        fd: the file.
        begin, end: where the range is.
        size_bytes: how much of the file counts: a line that begins in the range may end behind it.
    """

    form: Literal["lines", "member", "stream"]
    fd: int
    begin: int
    end: int
    size_bytes: int


def plain_spans(fd: int, size_bytes: int) -> list[FileRange]:
    """The ranges of a file of lines, in order; that at its end is smaller. What is a hole is in none of them.

    All others stay where they are while the file grows.
    """
    found: list[FileRange] = []
    for first, end in reversed(list(_written(fd, size_bytes))):
        while end > first:
            begin = (end - 1) // BLOCK_BYTES * BLOCK_BYTES if found else end - LAST_BLOCK_BYTES
            begin = max(first, begin)
            found.append(FileRange("lines", fd, begin, end, size_bytes))
            end = begin
    return found[::-1]


def is_fixed(span: FileRange) -> bool:
    """Whether it is one of the ranges again, and of the same lines, when the file has grown behind its last line."""
    return span.form == "member" or (span.form == "lines" and span.end % BLOCK_BYTES == 0)


def packed_spans(fd: int, size_bytes: int) -> list[FileRange]:
    """The ranges of a compressed file, in order."""
    return [
        FileRange("member" if each.known else "stream", fd, each.begin, each.end, size_bytes)
        for each in members(fd, size_bytes)
    ]


def blocks(span: FileRange) -> Iterator[bytes]:
    """The whole lines of a range, in blocks of about a megabyte: one block, except for a `stream`.

    A last line that is not whole is left out. Damaged compressed data ends at the damage.
    """
    if span.form == "lines":
        if block := _lines_of(span):
            yield block
        return
    begun, too_long = b"", False
    for raw in _inflated(span):
        cut = raw.rfind(b"\n") + 1
        if not cut:
            begun = b"" if too_long else begun + raw
            too_long = too_long or len(begun) > _LINE_BYTES_MAX
            continue
        whole = raw[raw.find(b"\n") + 1 : cut] if too_long else begun + raw[:cut] if begun else raw[:cut]
        begun, too_long = raw[cut:], False
        if whole:
            yield whole


def lines_with(block: bytes, needles: Iterable[bytes], folded: bytes | None = None) -> bytes:
    """The lines of a block, with their LF, that contain one of some texts; mostly none, which is quick to see.

    If a text stands in many lines, the whole block is returned: then the caller checks each line, which is quicker.

    Args:
        block: whole lines.
        needles: none of them holds a LF.
        folded: the same block with the case of letters folded, if that is to be searched instead.
    """
    sought = block if folded is None else folded
    found = set()
    for needle in needles:
        at = sought.find(needle)
        if at >= 0 and _is_common(needle, sought, at):
            return block
        while at >= 0:
            end = sought.index(b"\n", at) + 1
            found.add((sought.rfind(b"\n", 0, at) + 1, end))
            at = sought.find(needle, end)
    return b"".join([block[begin:end] for begin, end in sorted(found)])


def _is_common(needle: bytes, sought: bytes, at: int) -> bool:
    end = at + _SAMPLE_BYTES
    return sought.count(needle, at, end) * _COMMON > sought.count(b"\n", at, end)


def _lines_of(span: FileRange) -> bytes:
    """The lines that begin in a range, read at once: to copy a megabyte takes as long as to read it."""
    begin = _line_begin(span.fd, span.begin, span.end)
    if begin is None or begin >= span.end:
        return b""
    end = _line_begin(span.fd, span.end, min(span.size_bytes, span.end + _LINE_BYTES_MAX))
    raw = os.pread(span.fd, (span.end if end is None else end) - begin, begin)
    return raw if raw.endswith(b"\n") else raw[: raw.rfind(b"\n") + 1]


def _line_begin(fd: int, at: int, end: int) -> int | None:
    """Where the first line begins that does so at an offset or after it; None if none does up to `end`."""
    if at == 0:
        return 0
    # A line begins where a LF stands before it.
    at, wanted = at - 1, _LESS_BYTES
    while at < end and (piece := os.pread(fd, min(wanted, end - at), at)):
        found = piece.find(b"\n")
        if found >= 0:
            return at + found + 1
        at, wanted = at + len(piece), _MORE_BYTES
    return None


def _written(fd: int, size_bytes: int) -> Iterator[tuple[int, int]]:
    """The parts of a file that were written; between them are holes: nothing but zeros, perhaps terabytes of them."""
    end = 0
    while end < size_bytes:
        try:
            begin = os.lseek(fd, end, os.SEEK_DATA)
            end = min(os.lseek(fd, begin, os.SEEK_HOLE), size_bytes)
        except OSError as problem:
            if problem.errno != errno.ENXIO:  # the file system does not tell
                yield end, size_bytes
            return
        if begin < end:
            yield begin, end


def _inflated(span: FileRange) -> Iterator[bytes]:
    """The inflated content of a range of a gzip file, all its members, without Python's slower reader."""
    at, inflater = span.begin, zlib.decompressobj(wbits=31)
    while raw := os.pread(span.fd, min(_COMPRESSED_BYTES, span.end - at), at):
        at += len(raw)
        full = False
        while raw or full:
            try:
                inflated = inflater.decompress(raw, _INFLATED_BYTES_MAX)
            except zlib.error:
                return
            full = len(inflated) == _INFLATED_BYTES_MAX
            if inflated:
                yield inflated
            if inflater.eof:
                if span.form == "member":
                    return
                raw, full, inflater = inflater.unused_data, False, zlib.decompressobj(wbits=31)
            else:
                raw = inflater.unconsumed_tail
