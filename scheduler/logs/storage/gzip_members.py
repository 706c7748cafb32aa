"""A compressed day: consecutive gzip members of about a megabyte each.

A gzip file may consist of several members, and every tool reads them as one file (RFC 1952, 2.2). Each member here
holds whole lines and states its own length in an extra field of its header (2.3.1.1). So a search finds all members
without inflating any, reads them from the last one backwards, and shares them among processor cores. A file that
consists of one long member is read too, but only from its beginning.

    ======  ========================  ===========================================================================
    offset  bytes                     meaning
    ======  ========================  ===========================================================================
    0       `1f 8b 08 04`             gzip, deflate, with an extra field
    4       `00 00 00 00 00 ff`       no time, no flags, no system
    10      `08 00`                   length of the extra field
    12      `43 4c 04 00`             subfield `CL`, four bytes
    16      four                      length of the whole member in bytes, little-endian
    20      …                         deflate, CRC-32, length of what it holds
    ======  ========================  ===========================================================================
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

MEMBER_BYTES: Final = 1024 * 1024
"""A member holds at most this much before compression; a longer line has a member of its own."""
_HEADER: Final = struct.Struct("<12s4sI")
_GZIP: Final = bytes.fromhex("1f8b0804 00000000 00ff 0800")
_LENGTH_FIELD: Final = b"CL\x04\x00"
_TAIL: Final = struct.Struct("<II")
_LEVEL: Final = 6


class Member(NamedTuple):
    """Where a member stands in its file, in bytes; `known`: its header states its length, so `end` is exact."""

    begin: int
    end: int
    known: bool


def member(raw: bytes) -> bytes:
    """A gzip member that holds `raw`."""
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflater.compress(raw) + deflater.flush()
    length = _HEADER.size + len(body) + _TAIL.size
    return (
        _HEADER.pack(_GZIP, _LENGTH_FIELD, length) + body + _TAIL.pack(zlib.crc32(raw), len(raw) & 0xFFFFFFFF)
    )


def members(fd: int, size_bytes: int) -> Iterator[Member]:
    """The members of an open file; the rest of the file from the first unknown length on counts as one member."""
    begin = 0
    while begin < size_bytes:
        header = os.pread(fd, _HEADER.size, begin)
        if len(header) == _HEADER.size:
            gzip, field, length = _HEADER.unpack(header)
            if gzip == _GZIP and field == _LENGTH_FIELD and _HEADER.size < length <= size_bytes - begin:
                yield Member(begin, begin + length, known=True)
                begin += length
                continue
        yield Member(begin, size_bytes, known=False)
        return
