"""Captured output as it was written: in a file, in a compressed file, or deleted."""

from __future__ import annotations

import gzip
import os
import zlib
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final, cast

from eventstore.regular_file import check_folder, open_regular

COMPRESSED: Final = ".gz"


class DamagedOutput(Exception):
    """The compressed form of an output is damaged: what follows the damage cannot be read."""


class RawOutput:
    """One output file of an attempt, open to be read.

    Attributes:
        path: where the file is.
        compressed: whether the file is the compressed form.
    """

    def __init__(self, path: Path, raw: FileIO, *, compressed: bool) -> None:
        self.path, self._raw, self.compressed = path, raw, compressed
        self._file = cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb") if compressed else raw)

    @classmethod
    def open(cls, path: Path) -> RawOutput | None:
        """Open the output at `path`, or its compressed form at `path` with `.gz`; None if there is neither.

        Raises:
            OSError: the file exists and cannot be read, or is no regular file, or its folder is a symbolic link.
        """
        for candidate in (path, path.with_name(path.name + COMPRESSED), path):
            try:
                check_folder(candidate.parent)
                fd = open_regular(candidate)
            except (FileNotFoundError, NotADirectoryError):
                continue
            compressed = candidate != path
            return cls(candidate, FileIO(fd, "rb"), compressed=compressed)
        return None

    def read(self, offset: int, size_bytes: int) -> bytes:
        """At most `size_bytes` bytes from `offset` on; none at the end.

        Raises:
            OSError: the file cannot be read.
            DamagedOutput: the compressed form ends too soon, or its checksum is wrong.
        """
        try:
            if self._file.tell() != offset:
                self._file.seek(offset)
            return self._file.read(size_bytes)
        except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
            raise DamagedOutput(str(problem)) from problem

    def modified_s(self) -> float:
        """When it was last changed, in seconds since 1970."""
        return os.fstat(self._raw.fileno()).st_mtime

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._raw.close()
