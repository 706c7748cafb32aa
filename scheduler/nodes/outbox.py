"""The outbox: how attempts ended, while the database is away and that cannot be recorded.

A file an attempt, written whole or not at all and flushed, so that what a process learned outlives it. It is an event
without place or hash: those it gets when it is recorded. There can be no more of them than runs were going when the
database went, for nothing new is started then.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path
from typing import Final

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.nesting import decode
from eventstore.regular_file import NotRegular, read_regular
from eventstore.store import Event
from scheduler import vocabulary as v

_NAME: Final = re.compile(r"[0-9]{1,19}-[0-9]{1,9}\.json")
_BYTES_MAX: Final = 65_535
_FILES_MAX: Final = 100_000


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One result, as it is on file."""

    job: str
    run: int
    actor: str
    finished: v.RunFinished
    ledger: str = ""


class Outbox:
    """Results in a folder.

    Args:
        folder: made when there is something to keep.
        ledger: the identity of the ledger in which the runs are. What was kept for another one is left alone: a run
            has the same number there.
    """

    def __init__(self, folder: Path, ledger: str = "") -> None:
        self._folder, self._ledger = folder, ledger

    def keep(self, event: Event) -> None:
        """Keep a `run.finished`, flushed to disk.

        Raises:
            OSError: it cannot be written.
        """
        assert event.job is not None, "a run is of a job"
        assert event.run is not None, "a result is of a run"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = _Kept(event.job, event.run, event.actor, event.data, self._ledger)
        write_file(REAL, self._path(event.run, event.data.attempt), msgspec.json.encode(kept))

    def kept(self) -> list[Event]:
        """What is kept, in the order of the runs; a file that is not what it should be is put aside.

        Raises:
            OSError: the folder cannot be read.
        """
        events = []
        for name in self._names()[:_FILES_MAX]:
            path = self._folder / name
            try:
                kept = decode(read_regular(path, _BYTES_MAX), _Kept)
            except (msgspec.MsgspecError, UnicodeDecodeError, OSError) as problem:
                if isinstance(problem, OSError) and not _is_of_others(problem):
                    raise
                path.rename(path.with_suffix(".damaged"))
                continue
            is_named_so = path.name == self._path(kept.run, kept.finished.attempt).name
            if is_named_so and kept.ledger == self._ledger:
                events.append(v.event(kept.finished, kept.actor, job=kept.job, run=kept.run))
        return sorted(events, key=lambda event: event.run or 0)

    def forget(self, run: int, attempt: int) -> None:
        """What became of this attempt is on record."""
        with contextlib.suppress(OSError):  # it is recorded: it is not news when it is found again
            self._path(run, attempt).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all: this home is a copy, and what came along is the original's.

        Raises:
            OSError: it cannot be removed.
        """
        for name in self._names():
            (self._folder / name).unlink(missing_ok=True)

    def _names(self) -> list[str]:
        """Names of files that are or may be results."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(name for name in os.listdir(self._folder) if _NAME.fullmatch(name))
        return []

    def _path(self, run: int, attempt: int) -> Path:
        return self._folder / f"{run}-{attempt}.json"


def _is_of_others(problem: OSError) -> bool:
    """Whether a file cannot be one that was kept here: a link, a FIFO, one that is too long or somebody else's."""
    return isinstance(problem, NotRegular) or problem.errno in (errno.EFBIG, errno.EACCES)
