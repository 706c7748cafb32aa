"""A spawner in a folder of its own, whose processes are gone after the test, whatever happened in it."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduler.processes import Exit, Launch, LaunchFailed, Orphan, PosixSpawner, live_attempts
from scheduler.processes.confinement.confinement import Confinement
from scheduler.processes.recognition.identity import process_stat

PATIENCE_S = 120.0
PATH = os.environ["PATH"]


class Runs:
    """Launches attempts and waits for their ends; a small language for the tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger_id = str(uuid.uuid4())
        self.spawner = PosixSpawner(self.ledger_id)
        self.work = folder / "work"
        self.work.mkdir()
        self.digests: dict[tuple[int, int], str] = {}
        self.reapers: list[subprocess.Popen[str]] = []

    def output(self, run: int, stream: str = "stdout") -> Path:
        """Where an attempt's output goes."""
        return self.folder / "logs" / "output" / f"{run}-1.{stream}"

    def launch(
        self, run: int, argv: Sequence[str], env: Mapping[str, str] | None = None, work: Path | None = None
    ) -> int:
        """Start attempt 1 of a run, or raise why it cannot be started."""
        (result,) = self.spawner.launch([self.prepared(run, argv, env, work)])
        if isinstance(result, LaunchFailed):
            raise result
        return result.pid

    def prepared(
        self, run: int, argv: Sequence[str], env: Mapping[str, str] | None = None, work: Path | None = None
    ) -> Launch:
        """Attempt 1 of a run."""
        return Launch(
            run=run,
            attempt=1,
            argv=argv,
            env={"PATH": PATH} if env is None else env,
            working_directory=str(self.work if work is None else work),
            stdout=str(self.output(run)),
            stderr=str(self.output(run, "stderr")),
        )

    def confined(
        self, run: int, argv: Sequence[str], confinement: Confinement, env: Mapping[str, str] | None = None
    ) -> int:
        """Start attempt 1 of a run under limits, or as another user; or raise why it cannot be started."""
        (result,) = self.spawner.launch([self.prepared(run, argv, env)._replace(confinement=confinement)])
        if isinstance(result, LaunchFailed):
            raise result
        return result.pid

    def shell(self, run: int, script: str) -> int:
        """Start a shell script."""
        return self.launch(run, ["/bin/sh", "-c", script])

    def exit(self) -> Exit:
        """The next end of a main process."""
        assert self.spawner.wait(PATIENCE_S), "no process ended"
        (ended,) = self.spawner.exits()
        return ended

    def pipe(self, name: str) -> Path:
        """A named pipe: opening it waits for the other side, so it says when without a clock."""
        path = self.folder / name
        os.mkfifo(path)
        return path


@contextmanager
def no_descriptors(left: int = 0) -> Iterator[None]:
    """This process is at its limit of open files, but for so many."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(lowest_free + left, 3), limits[1]))
    filled: list[int] = []
    try:
        while len(filled) < 64:
            filled.append(os.dup(0))
    except OSError:
        pass
    for descriptor in filled[len(filled) - left :] if left else []:
        os.close(descriptor)
        filled.remove(descriptor)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in filled:
            os.close(descriptor)


def adopted(runs: Runs, *attempts: tuple[int, int], by: PosixSpawner | None = None) -> set[int]:
    """Have a spawner adopt those of the attempts that live; their runs."""
    spawner = runs.spawner if by is None else by
    return set(spawner.adopt([Orphan(*attempt, runs.digests.get(attempt)) for attempt in attempts]))


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Runs of a ledger of their own."""
    with runs_in(tmp_path) as made:
        yield made


@contextmanager
def runs_in(folder: Path) -> Iterator[Runs]:
    """Runs of a ledger of their own, in this folder; nothing of them is left."""
    made = Runs(folder)
    yield made
    for pid, _ in live_attempts(made.ledger_id):
        os.kill(pid, signal.SIGKILL)
    made.spawner.close()
    for reaper in made.reapers:
        reaper.wait(PATIENCE_S)


# A scheduler that starts what it is told on its command line and then does nothing until it is killed.
SCHEDULER = """
import sys, pathlib, signal
from scheduler.processes import Launch, PosixSpawner
folder, ledger = pathlib.Path(sys.argv[1]), sys.argv[2]
spawner = PosixSpawner(ledger, notes=folder / "notes")
for run, script in enumerate(sys.argv[3:], start=5):
    launch = Launch(run, 1, ["/bin/sh", "-c", script], {"PATH": "/usr/bin:/bin"}, str(folder),
                    f"{folder}/{run}.out", f"{folder}/{run}.err")
    print(spawner.launch([launch])[0].pid, spawner.secret_sha256(run, 1), flush=True)
signal.pause()
"""


# The parent of orphans, in place of init: it reaps at once, as an init should.
REAPER = """
import ctypes, os, subprocess, sys
assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER
child = subprocess.Popen([sys.executable, "-I", "-c", *sys.argv[1:]])
while True:
    try: os.wait()
    except ChildProcessError: break
"""


def crashed_scheduler(runs: Runs, *scripts: str, reaping: bool = False) -> list[int]:
    """Start runs 5, 6, … in a scheduler of their own, kill that with SIGKILL, and return their pids."""
    around = [REAPER] if reaping else []
    command = [sys.executable, "-I", "-c", *around, SCHEDULER, str(runs.folder), runs.ledger_id, *scripts]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pids = []
    for run in range(5, 5 + len(scripts)):
        pid, runs.digests[run, 1] = process.stdout.readline().split()
        pids.append(int(pid))
    stat = process_stat(pids[0])
    assert stat is not None
    os.kill(stat.parent, signal.SIGKILL)
    process.stdout.close()
    if not reaping:
        process.wait()
    else:
        runs.reapers.append(process)
    return pids
