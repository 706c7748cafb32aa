"""The zip of a bundle: stored, without times, so that names and contents determine each of its bytes.

It is not compressed: what the bytes of a compressed member are depends on the release of a library, and some of them
mean nothing. Whoever sends it on can compress it as a whole. It is written here and not by a library, for the same
reason: `verify.py` accepts this one form, to the byte.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from struct import Struct
from typing import IO, Final

MANIFEST: Final = "MANIFEST.sha256"
_FACTS: Final = Struct("<5H3L2H")
"""Version, flags, method, time, date (the oldest that there is), checksum, both sizes, length of the name, none."""
_PLACE: Final = Struct("<3H2L")
_END: Final = Struct("<4s4H2LH")
_MEMBER, _INDEXED, _ENDED = b"PK\3\4", b"PK\1\2\x14\3", b"PK\5\6"
_MODE: Final = 0o100600 << 16
_BYTES_MAX: Final = 0xFFFF_FFFF
_MEMBERS_MAX: Final = 0xFFFF


class TooLarge(Exception):
    """A bundle that a plain zip cannot hold."""


class BundleZip:
    """A zip that is being written, member by member.

    Args:
        file: where to, from its beginning; it can be sought in.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._index: list[bytes] = []
        self._listed: list[str] = []
        self._at = 0

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add a member.

        Args:
            name: in ASCII.
            chunks: what it holds.

        Raises:
            TooLarge: the zip cannot hold it.
            OSError: it cannot be written.
        """
        written, digest, crc, size = name.encode("ascii"), hashlib.sha256(), 0, 0
        begin = self._at + len(_MEMBER) + _FACTS.size + len(written)
        self._file.seek(begin)
        for chunk in chunks:
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            if begin + size > _BYTES_MAX:
                raise TooLarge("it would have more than 4 GiB")
            digest.update(chunk)
            self._file.write(chunk)
        facts = _FACTS.pack(20, 0, 0, 0, 33, crc, size, size, len(written), 0)
        self._file.seek(self._at)
        self._file.write(_MEMBER + facts + written)
        self._index.append(_INDEXED + facts + _PLACE.pack(0, 0, 0, _MODE, self._at) + written)
        self._listed.append(f"{digest.hexdigest()}  {name}\n")
        self._at = begin + size

    def close(self) -> None:
        """Add the manifest, and end the zip.

        Raises:
            TooLarge, OSError: see `add`.
        """
        self.add(MANIFEST, ["".join(self._listed).encode()])
        index, count = b"".join(self._index), len(self._index)
        if count > _MEMBERS_MAX or self._at + len(index) > _BYTES_MAX:
            raise TooLarge(f"it would have {count:,} files, or more than 4 GiB")
        self._file.seek(self._at)
        self._file.write(index + _END.pack(_ENDED, 0, 0, count, count, len(index), self._at, 0))
        self._file.flush()
