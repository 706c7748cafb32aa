"""A spawner whose Python jobs are forked, and a server for it that is warm."""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from scheduler.processes import Exit, Launch, Launched, LaunchFailed, PosixSpawner, live_attempts
from scheduler.python_jobs.attempt_result import AttemptResult, read_result
from scheduler.python_jobs.forking.fork_client import ForkClient
from scheduler.python_jobs.request import JobRequest, argv
from tests.support.command import DEADLINE_S, await_fact
from tests.support.python_jobs import extension

ENV = {"PATH": os.environ["PATH"]}


class Attempts:
    """Attempts of the jobs of one extension, `extensions/x/jobs.py`, in a home; a small language for the tests."""

    def __init__(self, home: Path, forks: ForkClient | None) -> None:
        self.home, self.forks = home, forks
        self.ledger_id = str(uuid.uuid4())
        self.spawner = PosixSpawner(self.ledger_id, notes=home / "var" / "processes")
        self.spawner.use_forks(forks)
        (home / "var").mkdir(exist_ok=True)

    def prepared(self, run: int, job: str, env: Mapping[str, str] | None = None) -> Launch:
        """Attempt 1 of a run of a class of the extension."""
        request = JobRequest(
            target=f"extensions/x/jobs.py:{job}", home=str(self.home), job=job.lower(), run=run, attempt=1,
            trigger="manual", result=str(self.home / "var" / f"{run}-1.result"),
        )  # fmt: skip
        env = {**ENV, "CRONLEDGER_JOB": job.lower(), **(env or {})}
        stdout, stderr = self.output(run), self.output(run, "stderr")
        return Launch(run, 1, argv(request), env, str(self.home), str(stdout), str(stderr))

    def launch(self, run: int, job: str, env: Mapping[str, str] | None = None) -> Launched:
        """Start it."""
        (launched,) = self.spawner.launch([self.prepared(run, job, env)])
        assert not isinstance(launched, LaunchFailed), launched
        return launched

    def exits(self, count: int = 1) -> list[Exit]:
        """The next ends."""
        ended: list[Exit] = []
        while len(ended) < count:
            assert self.spawner.wait(DEADLINE_S), "no process ended"
            ended += self.spawner.exits()
        return ended

    def run(self, run: int, job: str, env: Mapping[str, str] | None = None) -> Exit:
        """Start it and wait for its end."""
        self.launch(run, job, env)
        (ended,) = self.exits()
        return ended

    def output(self, run: int, stream: str = "stdout") -> Path:
        """Where its output goes."""
        return self.home / "var" / f"{run}-1.{stream}"

    def said(self, run: int) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.output(run).read_text())

    def result(self, run: int) -> AttemptResult:
        """The result that it left."""
        found = read_result(str(self.home / "var" / f"{run}-1.result"), None)
        assert found is not None, self.output(run, "stderr").read_text()
        return found

    def close(self) -> None:
        """Leave nothing running."""
        for pid, _ in live_attempts(self.ledger_id):
            os.kill(pid, signal.SIGKILL)
        self.spawner.close()


def warm(forks: ForkClient) -> ForkClient:
    """The client, as soon as its server is warm."""
    forks.want(True)
    await_fact(forks.is_warm)
    return forks


def server_of(script: str) -> Sequence[str]:
    """A server that a script plays: `s` is its socket, `say(what, **members)` answers."""
    begin = """
import json, os, socket, sys, time
s = socket.socket(fileno=0)
def say(what, **members): s.send(json.dumps({"what": what, **members}).encode())
def hear(): return json.loads(socket.recv_fds(s, 65536, 3)[0])
say("warm", protocol=1)
"""
    return [sys.executable, "-I", "-c", begin + script]


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkClient]:
    """A server that is warm; nobody may complain of it."""
    complaints: list[str] = []
    made = warm(ForkClient(ENV, complaints.append))
    yield made
    made.close()
    assert not complaints


@pytest.fixture
def attempts(tmp_path: Path, forks: ForkClient) -> Iterator[Attempts]:
    """Attempts that are forked."""
    made = Attempts(tmp_path, forks)
    yield made
    made.close()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Attempts]:
    """Attempts that are started as commands are."""
    (tmp_path / "started").mkdir(mode=0o700)
    made = Attempts(tmp_path / "started", None)
    yield made
    made.close()


def job(home: Path, body: str) -> None:
    """Write the extension with one class `A`, whose `run` has this body; imports stand above."""
    lines = "\n".join(f"        {line}" for line in body.strip().splitlines())
    head = "import atexit, json, os, resource, signal, sys, threading, time\n"
    extension(home, "x", f"{head}class A:\n    name = 'a'\n    def run(self, ctx):\n{lines}\n")
