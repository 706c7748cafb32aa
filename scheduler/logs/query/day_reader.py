"""The open files of a day: each entry is read once, even while the collector compresses that day.

A day is `D.jsonl`, or `D.jsonl.gz`, or both if some entries came late. The compression makes `D.jsonl.gz.new` of
both, notes in the position that it takes their place, renames it, and deletes `D.jsonl`. A reader that opened the
files one after the other could find an entry in neither or in both. So it looks at their names before and after it
opens them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from eventstore.regular_file import open_regular, regular_status
from scheduler.logs.storage.checkpoint import read_position
from scheduler.logs.storage.resume import TEMPORARY_SUFFIX
from scheduler.logs.storage.scan import FileRange, packed_spans, plain_spans

_LOOKS: Final = 100
"""A rename takes only a moment, so two or three looks suffice."""


@contextmanager
def opened_day(folder: Path, day: str, ends: Mapping[str, int] | None = None) -> Iterator[list[FileRange]]:
    """All ranges of a day's files, in the order in which its entries were collected; none if retention deleted it.

    Args:
        folder: where the files are; day: as `YYYY-MM-DD`.
        ends: how much of each growing file counts, in bytes, by its name; None: all that is there now.

    Raises:
        OSError: a file exists and cannot be read.
    """
    packed, plain = f"{day}.jsonl.gz", f"{day}.jsonl"
    fds = _open_all(folder, packed, plain)
    try:
        spans: list[FileRange] = []
        if packed in fds:
            spans += packed_spans(fds[packed], os.fstat(fds[packed]).st_size)
        if plain in fds:
            size_bytes = os.fstat(fds[plain]).st_size
            spans += plain_spans(
                fds[plain], size_bytes if ends is None else min(size_bytes, ends.get(plain, 0))
            )
        yield spans
    finally:
        for fd in fds.values():
            os.close(fd)


def _open_all(folder: Path, packed: str, plain: str) -> dict[str, int]:
    """The open files, by name, that together hold each entry once."""
    names = (packed, plain, f"{packed}{TEMPORARY_SUFFIX}")
    for look in range(1, _LOOKS + 1):
        before = _identities(folder, names)
        position = read_position(folder) if packed in before and plain in before else None
        fds: dict[str, int] = {}
        with suppress(FileNotFoundError):
            for name in (packed, plain):
                if name in before:
                    fds[name] = open_regular(folder / name)
        if _identities(folder, names) == before or look == _LOOKS:
            if position is not None and position.moving == plain and names[2] not in before and plain in fds:
                # Its entries are in the compressed file already.
                os.close(fds.pop(plain))
            return fds
        for fd in fds.values():
            os.close(fd)
    raise AssertionError("the last look returns")


def _identities(folder: Path, names: tuple[str, ...]) -> dict[str, int]:
    """The inode of each of the files that exists."""
    found = {}
    for name in names:
        with suppress(FileNotFoundError):
            status = regular_status(folder / name)
            if status is not None:
                found[name] = status.st_ino
    return found
