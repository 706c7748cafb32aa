"""Notes of the processes that were started: which number they got, and when.

A process is recognised by what it carries in its environment. That cannot be read where a program made itself
undumpable (`PR_SET_DUMPABLE`), became another user (setuid) or replaced its environment; such a process is told by
its record: its number, and that it began in the moment that is recorded.

That processes are about to be started is recorded as well. A scheduler that is killed between making a process and
noting (and marking) it leaves a beginning without an end, and the next one knows for what to look closer.

Each owner appends to a file of its own, of one line per process, in one folder. Notes are not flushed to disk: they
mean something only until the next boot.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.regular_file import open_regular, read_regular, regular_status
from scheduler import inheritable_lock
from scheduler.processes.descriptors import is_exhaustion
from scheduler.processes.recognition.identity import (
    TICKS_PER_S,
    boot_id,
    boottime_s,
    pid_namespace,
    process_is,
    process_stat,
    start_ticks,
)

NOTES_MAX: Final = 4_000
"""After about so many lines those of processes that have ended are thrown away."""
_SLACK_S: Final = 0.05
"""Start times are counted in ticks of 10 ms, and rounded down."""
_NAME: Final = re.compile(r"\.?([0-9]{1,10})-([0-9]{1,20})(?:-([0-9]{1,20}))?")
"""Of a file: number and start of its owner, and the pid namespace unless an older version wrote it."""
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_BYTES_MAX: Final = 16 * 1024 * 1024


class PidRecord(NamedTuple):
    """One process that was started, is about to be, or could not be.

    Attributes:
        run, attempt: what it is.
        pid: the number that it got; 0: none, or none yet.
        before_s, after_s: seconds since the boot, before and after it was started; `after_s` is 0 before.
        attempt_s: when its attempt began, of a process that was there before; 0: when it was started.
    """

    run: int
    attempt: int
    pid: int
    before_s: float
    after_s: float
    attempt_s: float = 0.0

    def line(self) -> str:
        """As it stands in a file."""
        began = f" {self.attempt_s:.3f}" if self.attempt_s else ""
        return f"{self.run} {self.attempt} {self.pid} {self.before_s:.3f} {self.after_s:.3f}{began}\n"

    def holds(self) -> bool:
        """Whether the process lives: the leader of a session, of that number and begun in that moment.

        Raises:
            OSError: there is no descriptor left to look with.
        """
        if self.pid == 0:
            return False
        found = process_stat(self.pid)
        if found is None or not found.alive or found.session != self.pid:
            return False
        began_s = found.start_ticks / TICKS_PER_S
        return self.before_s - _SLACK_S <= began_s <= self.after_s + _SLACK_S


class PidRecords:
    """The records in a folder: those of this process, which are written here, and those of others.

    Nothing is raised for a record that cannot be written: it is only the second way to recognise a process.

    Args:
        folder: where they are; made if missing. Our own file is locked for as long as this process lives.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        pid = os.getpid()
        self._path = folder / records_name(pid, start_ticks(pid) or 0, pid_namespace())
        self._file = -1
        self._count = 0
        with contextlib.suppress(OSError):
            self._sweep()
            self._file = self._begin(self._path)

    def begin(self, attempts: Sequence[tuple[int, int]]) -> None:
        """Note that these (run, attempt) pairs are about to be started; what comes of each must follow."""
        now_s = boottime_s()
        with contextlib.suppress(OSError):
            if self._file < 0:
                self._file = self._begin(self._path)
            elif self._count >= NOTES_MAX:
                self._shorten()
            self._write("".join(PidRecord(run, attempt, 0, now_s, 0.0).line() for run, attempt in attempts))
            self._count += 2 * len(attempts)

    def add(self, record: PidRecord) -> None:
        """Note what came of one that was begun."""
        try:
            self._write(record.line())
        except OSError:  # `suppress` would cost as much as the line
            return

    def _write(self, lines: str) -> None:
        os.write(self._file, lines.encode())

    def find(self, wanted: Iterable[tuple[int, int]]) -> Iterator[PidRecord]:
        """The records of these (run, attempt) pairs whose processes live.

        Raises:
            OSError: there is no descriptor left to look with.
        """
        attempts = set(wanted)
        for path in self._files():
            if not _is_readable_here(path):
                continue
            for record in _read(path):
                if (record.run, record.attempt) in attempts and record.holds():
                    yield record

    def begun_s(self, attempt: tuple[int, int]) -> float | None:
        """When an attempt was started, in seconds since the boot, wherever that was; None if unknown."""
        with contextlib.suppress(OSError):
            for path in self._files():
                for record in _read(path):
                    if (record.run, record.attempt) == attempt and record.pid:
                        return record.attempt_s or record.before_s
        return None

    def interrupted(self, wanted: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        """Those of these (run, attempt) pairs whose start was begun, and then nothing more was recorded.

        Raises:
            OSError: as `find`.
        """
        found = set()
        for path in self._files():
            found |= _interrupted(path)
        return found.intersection(wanted)

    def close(self) -> None:
        """Stop noting; what was recorded stays for whoever looks later, unless nothing of it lives."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            with contextlib.suppress(OSError):
                if not _lives(self._path):
                    self._path.unlink()

    def _files(self) -> list[Path]:
        try:
            names = os.listdir(self._folder)
        except OSError as error:
            if is_exhaustion(error):
                raise
            return []
        return [self._folder / name for name in names if _NAME.fullmatch(name)]

    def _sweep(self) -> None:
        """Remove the records of owners that have ended, where nothing that they recorded lives."""
        for path in self._files():
            if path != self._path and _is_readable_here(path) and not _owner_lives(path) and not _lives(path):
                _remove(path)

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Remove the files of owners that have ended, of whose attempts none is in flight any more.

        Which pid namespace and which boot they are of does not count: nobody will ask for those attempts again.
        """
        with contextlib.suppress(OSError):
            for path in self._files():
                if path == self._path or _owner_lives(path) or inheritable_lock.is_held(path):
                    continue
                if not any(attempt in in_flight for attempt in _attempts(path)):
                    _remove(path)

    def _shorten(self) -> None:
        """Keep the records of processes that live, in a new file that takes the old one's place.

        Not by `durable.write_file`: the new file stays open and locked, for what is recorded next.
        """
        living = [record for record in _read(self._path) if record.holds()]
        temporary = self._path.with_name(f".{self._path.name}")
        temporary.unlink(missing_ok=True)
        file = self._begin(temporary)
        try:
            os.write(file, "".join(record.line() for record in living).encode())
            temporary.replace(self._path)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._count = file, 0

    def _begin(self, path: Path) -> int:
        """A new file with its first line: the boot for which it means something."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = open_regular(path, _FLAGS)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                inheritable_lock.take(file)
            os.write(file, f"{boot_id()}\n".encode())
        except OSError:
            os.close(file)
            raise
        return file


def _read(path: Path) -> Iterator[PidRecord]:
    """The records in a file, if they are of this boot; a line that a full disk cut short is left out."""
    boot, *lines = _lines(path) or [""]
    if boot == boot_id():
        yield from _parsed(lines)


def _attempts(path: Path) -> Iterator[tuple[int, int]]:
    """The attempts that are recorded in a file, of whatever boot."""
    return ((record.run, record.attempt) for record in _parsed(_lines(path)[1:]))


def _lines(path: Path) -> list[str]:
    """What stands in a file; nothing where it is no regular file or no text."""
    try:
        return read_regular(path, _BYTES_MAX).decode("ascii").splitlines()
    except OSError as error:
        if is_exhaustion(error):
            raise
        return []
    except ValueError:
        return []


def _parsed(lines: Iterable[str]) -> Iterator[PidRecord]:
    for line in lines:
        with contextlib.suppress(ValueError):
            run, attempt, pid, before, after, *began = line.split(" ")
            yield PidRecord(
                int(run), int(attempt), int(pid), float(before), float(after), *map(float, began[:1])
            )


def _remove(path: Path) -> None:
    if regular_status(path) is not None:
        path.unlink()


def _interrupted(path: Path) -> set[tuple[int, int]]:
    begun = set()
    for record in _read(path):
        if record.after_s:
            begun.discard((record.run, record.attempt))
        else:
            begun.add((record.run, record.attempt))
    return begun


def _lives(path: Path) -> bool:
    """Whether something that is recorded lives, or may."""
    return any(record.holds() for record in _read(path)) or bool(_interrupted(path))


def records_name(pid: int, start_ticks: int, namespace: int | None) -> str:
    """What the file of a process is called: its number, its start, and the pid namespace where these mean it."""
    return f"{pid}-{start_ticks}" if namespace is None else f"{pid}-{start_ticks}-{namespace}"


def owner_holds_records(folder: Path, pid: int, start_ticks: int, namespace: int | None) -> bool:
    """Whether a process that cannot be looked up here lives: it holds the lock on its file for as long."""
    return inheritable_lock.is_held(folder / records_name(pid, start_ticks, namespace))


def _namespace(path: Path) -> int | None:
    named = _NAME.fullmatch(path.name)
    return None if named is None or named[3] is None else int(named[3])


def _is_readable_here(path: Path) -> bool:
    """Whether the numbers in a file mean something in our pid namespace."""
    return _namespace(path) in (None, pid_namespace())


def _owner_lives(path: Path) -> bool:
    named = _NAME.fullmatch(path.name)
    if named is None:
        return False
    if not _is_readable_here(path):
        return inheritable_lock.is_held(path)
    return process_is(int(named[1]), int(named[2]))
