"""What the tests of the ledger share: a clock that is moved by hand, small events, copies of ledgers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eventstore.durable import REAL, Disk
from eventstore.entry_files import EntryFiles
from eventstore.journal import Journal
from eventstore.store import Event

SEGMENT_0 = "00000000000000000000.jsonl"


class StepClock:
    """A clock that moves by one second and one microsecond each time it is asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, 0, 0, 0, UTC)

    def __call__(self) -> datetime:
        """The next moment."""
        self.now += timedelta(seconds=1, microseconds=1)
        return self.now


def event(number: int = 0, **data: Any) -> Event:
    """A small event."""
    return Event(
        type="thing.happened", actor="scheduler", job="nightly", run=number, data={"n": number, **data}
    )


def open_journal(
    folder: Path, *, disk: Disk = REAL, segment_entries: int = 65_536, **options: Any
) -> Journal:
    """A journal on a driven clock."""
    options.setdefault("clock", StepClock())
    return Journal.open(folder, software="test 1", disk=disk, segment_entries=segment_entries, **options)


def copy_of(folder: Path, target: Path) -> Path:
    """A fresh copy of a ledger."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    return target


def crash(journal: EntryFiles) -> None:
    """What `kill -9` does to a process's open ledger: the files are closed, and nothing else happens."""
    journal._close_files()  # noqa: SLF001 - from outside, only the end of the whole process does this


def edit(path: Path, change: Callable[[bytearray], None]) -> None:
    """Change a file's bytes behind the ledger's back."""
    raw = bytearray(path.read_bytes())
    change(raw)
    path.write_bytes(raw)


def cut(path: Path, length: int) -> None:
    """Cut a file behind the ledger's back."""
    os.truncate(path, length)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file of a ledger, so that it can be seen that nothing was written."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
