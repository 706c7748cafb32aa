"""A compressed day: gzip members of about a megabyte each, one behind the other.

A gzip file may be several members in a row, and every tool reads them as one (RFC 1952, 2.2). Each of ours holds
whole lines and carries its own length in an extra field of its header (2.3.1.1), so that whoever searches finds them
all without inflating any, reads them from the last one backwards, and shares them among processor cores. A file made
otherwise, of one long member, is read too, only from its beginning.

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
"""So much is in a member at most (a longer line has its own), before it is compressed."""
_HEADER: Final = struct.Struct("<12s4sI")
_GZIP: Final = bytes.fromhex("1f8b0804 00000000 00ff 0800")
_LENGTH_FIELD: Final = b"CL\x04\x00"
_TAIL: Final = struct.Struct("<II")
_LEVEL: Final = 6


class Member(NamedTuple):
    """Where a member stands in its file, in bytes; `known`: its length is, so that more may follow behind `end`."""

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
    """The members of an open file, as far as their lengths are known; a rest of unknown ones is the last."""
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
