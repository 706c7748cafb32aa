"""Notes of the processes that were started: which number they got, and when.

A process is recognised by what it carries in its environment. That cannot be read where a program made itself
undumpable (`PR_SET_DUMPABLE`), became another user (setuid) or replaced its environment; such a process is told by
its note: its number, and that it began in the moment that is noted.

That processes are about to be started is noted as well. A scheduler that is killed between making a process and
noting (and marking) it leaves a beginning without an end, and the next one knows for what to look closer.

Each owner appends to a file of its own, of one line per process, in one folder. Notes are not flushed to disk: they
mean something only until the next boot.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.regular_file import read_regular
from scheduler.processes.descriptors import is_exhaustion
from scheduler.processes.identity import boot_id, process_is, process_stat, start_ticks

NOTES_MAX: Final = 4_000
"""After about so many lines those of processes that have ended are thrown away."""
_SLACK_S: Final = 0.05
"""Start times are counted in ticks of 10 ms, and rounded down."""
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_NAME: Final = re.compile(r"\.?[0-9]+-[0-9]+")
"""What the notes of an owner are called: nothing else in the folder is read or removed."""
_BYTES_MAX: Final = 16 * 1024 * 1024
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


def boottime_s() -> float:
    """Seconds since the boot, suspends included: the clock of `start_ticks`."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Note(NamedTuple):
    """One process that was started, is about to be, or could not be.

    Attributes:
        run, attempt: what it is.
        pid: the number that it got; 0: none, or none yet.
        before_s, after_s: seconds since the boot, before and after it was started; `after_s` is 0 before.
    """

    run: int
    attempt: int
    pid: int
    before_s: float
    after_s: float

    def line(self) -> str:
        """As it stands in a file."""
        return f"{self.run} {self.attempt} {self.pid} {self.before_s:.3f} {self.after_s:.3f}\n"

    def holds(self) -> bool:
        """Whether the process lives: the leader of a session, of that number and begun in that moment.

        Raises:
            OSError: there is no descriptor left to look with.
        """
        if self.pid == 0:
            return False
        stat = process_stat(self.pid)
        if stat is None or not stat.alive or stat.session != self.pid:
            return False
        began_s = stat.start_ticks / _TICKS_PER_S
        return self.before_s - _SLACK_S <= began_s <= self.after_s + _SLACK_S


class Notes:
    """The notes in a folder: those of this process, which are written here, and those of others.

    Nothing is raised for a note that cannot be written: it is only the second way to recognise a process.

    Args:
        folder: where they are; made when the first note is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        pid = os.getpid()
        self._path = folder / f"{pid}-{start_ticks(pid)}"
        self._file = -1
        self._count = 0
        with contextlib.suppress(OSError):
            self._sweep()

    def begin(self, attempts: Sequence[tuple[int, int]]) -> None:
        """Note that these (run, attempt) pairs are about to be started; what comes of each must follow."""
        now_s = boottime_s()
        with contextlib.suppress(OSError):
            if self._file < 0:
                self._file = self._begin(self._path)
            elif self._count >= NOTES_MAX:
                self._shorten()
            self._write("".join(Note(run, attempt, 0, now_s, 0.0).line() for run, attempt in attempts))
            self._count += 2 * len(attempts)

    def add(self, note: Note) -> None:
        """Note what came of one that was begun."""
        try:
            self._write(note.line())
        except OSError:  # `suppress` would cost as much as the line
            return

    def _write(self, lines: str) -> None:
        os.write(self._file, lines.encode())

    def find(self, wanted: Iterable[tuple[int, int]]) -> Iterator[Note]:
        """The notes of these (run, attempt) pairs whose processes live.

        Raises:
            OSError: there is no descriptor left to look with.
        """
        attempts = set(wanted)
        for path in self._files():
            for note in _read(path):
                if (note.run, note.attempt) in attempts and note.holds():
                    yield note

    def interrupted(self, wanted: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
        """Those of these (run, attempt) pairs whose start was begun, and then nothing more was noted.

        Raises:
            OSError: as `find`.
        """
        found = set()
        for path in self._files():
            found |= _interrupted(path)
        return found.intersection(wanted)

    def close(self) -> None:
        """Stop noting; what was noted stays for whoever looks later, unless nothing of it lives."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            with contextlib.suppress(OSError):
                if not _lives(self._path):
                    self._path.unlink()

    def _files(self) -> list[Path]:
        try:
            names = [name for name in os.listdir(self._folder) if _NAME.fullmatch(name)]
        except OSError as error:
            if is_exhaustion(error):
                raise
            return []
        return [self._folder / name for name in names]

    def _sweep(self) -> None:
        """Remove the notes of owners that have ended, where nothing that they noted lives."""
        for path in self._files():
            if path != self._path and not _owner_lives(path) and not _lives(path):
                path.unlink(missing_ok=True)

    def _shorten(self) -> None:
        """Keep the notes of processes that live, in a new file that takes the old one's place."""
        living = [note for note in _read(self._path) if note.holds()]
        temporary = self._path.with_name(f".{self._path.name}")
        temporary.unlink(missing_ok=True)
        file = self._begin(temporary)
        try:
            os.write(file, "".join(note.line() for note in living).encode())
            temporary.replace(self._path)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._count = file, 0

    def _begin(self, path: Path) -> int:
        """A new file with its first line: the boot for which it means something."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, _FLAGS, 0o600)
        try:
            os.write(file, f"{boot_id()}\n".encode())
        except OSError:
            os.close(file)
            raise
        return file


def _read(path: Path) -> Iterator[Note]:
    """The notes in a file, if they are of this boot; a line that a full disk cut short is left out."""
    try:
        boot, *lines = read_regular(path, _BYTES_MAX).decode("ascii").splitlines()
    except OSError as error:
        if is_exhaustion(error):
            raise
        return
    except ValueError:  # no text, or empty
        return
    if boot != boot_id():
        return
    for line in lines:
        with contextlib.suppress(ValueError):
            run, attempt, pid, before, after = line.split(" ")
            yield Note(int(run), int(attempt), int(pid), float(before), float(after))


def _interrupted(path: Path) -> set[tuple[int, int]]:
    begun = set()
    for note in _read(path):
        if note.after_s:
            begun.discard((note.run, note.attempt))
        else:
            begun.add((note.run, note.attempt))
    return begun


def _lives(path: Path) -> bool:
    """Whether something that is noted lives, or may."""
    return any(note.holds() for note in _read(path)) or bool(_interrupted(path))


def _owner_lives(path: Path) -> bool:
    pid, _, ticks = path.name.lstrip(".").partition("-")
    return pid.isdecimal() and ticks.isdecimal() and process_is(int(pid), int(ticks))
