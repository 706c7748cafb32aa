"""A spawner in a folder of its own, whose processes are gone after the test, whatever happened in it."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from scheduler.processes import Exit, Launch, LaunchFailed, Orphan, PosixSpawner, live_attempts

PATIENCE_S = 20.0
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


def adopted(runs: Runs, *attempts: tuple[int, int], by: PosixSpawner | None = None) -> set[int]:
    """Have a spawner adopt those of the attempts that live; their runs."""
    spawner = runs.spawner if by is None else by
    return set(spawner.adopt([Orphan(*attempt, runs.digests.get(attempt)) for attempt in attempts]))


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Runs of a ledger of their own."""
    made = Runs(tmp_path)
    yield made
    for pid, _ in live_attempts(made.ledger_id):
        os.kill(pid, signal.SIGKILL)
    made.spawner.close()
    for reaper in made.reapers:
        reaper.wait(PATIENCE_S)
