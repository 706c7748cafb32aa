"""The files of a day, open to be read: each entry once, also while the collector compresses that very day.

A day is `D.jsonl`, or `D.jsonl.gz`, or both if some entries came late. Compressing makes `D.jsonl.gz.new` of both,
notes in the position that it takes their place, renames it, and deletes `D.jsonl`. A reader that opened them one
after the other might find an entry in neither or in both, so it looks at their names before and after.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from eventstore.regular_file import open_regular, regular_status
from scheduler.logs.storage.checkpoint import read_position
from scheduler.logs.storage.resume import BESIDE
from scheduler.logs.storage.scan import FileRange, packed_spans, plain_spans

_LOOKS: Final = 100
"""Renaming takes a moment: there is no need to look more than twice or thrice."""


@contextmanager
def opened_day(folder: Path, day: str, ends: Mapping[str, int] | None = None) -> Iterator[list[FileRange]]:
    """All stretches of a day, in the order in which its entries were collected; none if retention deleted it.

    Args:
        folder: where the files are; day: as `YYYY-MM-DD`.
        ends: of files that grow, how much of them counts, by name; None: all that is there now.

    Raises:
        OSError: a file is there and cannot be read.
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
    """The files that together have each entry once, by name."""
    names = (packed, plain, f"{packed}{BESIDE}")
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
                os.close(fds.pop(plain))  # it is in the compressed one already
            return fds
        for fd in fds.values():
            os.close(fd)
    raise AssertionError("the last look returns")


def _identities(folder: Path, names: tuple[str, ...]) -> dict[str, int]:
    """The inode of each of some files that is there."""
    found = {}
    for name in names:
        with suppress(FileNotFoundError):
            status = regular_status(folder / name)
            if status is not None:
                found[name] = status.st_ino
    return found
