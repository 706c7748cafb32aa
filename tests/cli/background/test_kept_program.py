"""A program that is kept running beside the scheduler."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cli.background import kept_program
from cli.background.checkpoint_signer import CheckpointSigner
from cli.background.kept_program import KeptProgram
from cli.background.program import BackgroundProgram
from eventstore.store import GENESIS, Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.world import BEGIN


class Runs:
    """Starts of a program, each of which ends at once with the next of some exit codes; then it waits to be ended."""

    def __init__(self, *codes: int) -> None:
        self.codes = list(codes)
        self.started = 0
        self.changed = threading.Condition()
        self.ended = threading.Event()

    def __call__(self) -> Runs:
        """Start it."""
        with self.changed:
            self.started += 1
            self.changed.notify_all()
        return self

    def wait(self) -> int:
        """Its exit code."""
        if self.codes:
            return self.codes.pop(0)
        self.ended.wait(30)
        return 0

    def terminate(self) -> None:
        """End it."""
        self.ended.set()

    def await_starts(self, count: int) -> None:
        """Wait until it was started so often."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.started >= count, 30)


def _started(monkeypatch: pytest.MonkeyPatch, *codes: int) -> Runs:
    runs = Runs(*codes)
    monkeypatch.setattr(BackgroundProgram, "start", runs)
    monkeypatch.setattr(kept_program, "RETRY_S_FIRST", 0.001)
    return runs


def test_it_is_started_again_until_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it ended with; a stop ends it and waits."""
    runs = _started(monkeypatch, 1, 0, -9)
    program = KeptProgram("x", Home(tmp_path), "x", 30.0)
    program.start()
    program.start()
    runs.await_starts(4)
    program.stop()
    assert (runs.started, runs.ended.is_set()) == (4, True)
    program.start()
    assert runs.started == 4


def test_who_is_wanted_while_it_ends_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It found nothing to do, and before its end was taken up there was something: that is not lost."""
    runs = _started(monkeypatch, 78)
    program = KeptProgram("x", Home(tmp_path), "x", 30.0, (78,))
    end = runs.wait

    def wanted_and_ended() -> int:
        program.start()
        return end()

    monkeypatch.setattr(runs, "wait", wanted_and_ended)
    program.start()
    with runs.changed:
        assert runs.changed.wait_for(lambda: runs.started == 2, 5)
    program.stop()


def test_a_signer_without_a_key_is_started_when_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says by its exit code that it need not come again; an entry says that it may."""
    runs = _started(monkeypatch, 78)
    signer = CheckpointSigner(Home(tmp_path))
    created = Entry(5, BEGIN, v.KeyCreated.TYPE, "user:ann@db1", None, 5, GENESIS, GENESIS)  # type: ignore[arg-type]
    signer.notice(created)
    signer.start(has_key=False)
    assert runs.started == 0
    signer.start(has_key=True)
    runs.await_starts(1)
    while runs.started < 2:
        signer.notice(created)
    runs.await_starts(2)
    signer.stop()
    assert runs.started == 2
