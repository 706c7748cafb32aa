from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduler.processes import Exit, LaunchFailed, live_attempts, process_is, start_ticks
from scheduler.processes.recognition import claims, tree
from scheduler.processes.recognition.identity import process_stat
from tests.scheduler.processes.conftest import Runs, adopted, crashed_scheduler, no_descriptors


@contextmanager
def blind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Not even what is held in reserve helps: the whole system is out of descriptors."""

    def refuse(*_: object) -> Iterator[int]:
        raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))

    with monkeypatch.context() as patch:
        for each in (claims, tree):
            patch.setattr(each, "pids", refuse)
        yield


def test_a_stubborn_run_is_stopped_at_the_limit(runs: Runs) -> None:
    """At the limit of open files a run is seen alive, asked to stop and killed, descendants that left it included."""
    ready = runs.pipe("ready")
    runs.shell(5, f"trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > {ready}; sleep 1000' & sleep 1000")
    straggler = int(ready.read_text())
    began = start_ticks(straggler)
    assert began is not None
    with no_descriptors():
        assert runs.spawner.alive(5, 1)
        runs.spawner.terminate(5, 1)
        assert runs.spawner.alive(5, 1)
        runs.spawner.kill(5, 1)
        assert runs.exit().signal == signal.SIGKILL
        assert not runs.spawner.alive(5, 1)
    assert not process_is(straggler, began)


def test_what_cannot_be_seen_is_alive(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be seen, nothing is raised, and what was not seen to be gone counts as alive."""
    runs.shell(5, "setsid sleep 1000 & exit 0")
    assert runs.exit().exit_code == 0
    with blind(monkeypatch):
        runs.spawner.terminate(5, 1)
        runs.spawner.kill(5, 1)
        assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert not runs.spawner.alive(5, 1)


def test_runs_that_cannot_be_seen_are_not_lost(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that cannot be looked for counts as adopted until a look is possible; then it is watched, or over."""
    hold = runs.pipe("hold")
    crashed_scheduler(runs, f"read x < {hold}; exit 7")
    with blind(monkeypatch):
        assert adopted(runs, (5, 1), (6, 1)) == {5, 6}
        assert runs.spawner.exits() == []
    assert runs.spawner.exits() == [Exit(6, 1, None, None, None, None)]
    assert runs.spawner.exits() == []
    hold.write_text("go\n")
    ended = runs.exit()
    assert (ended.run, ended.exit_code) == (5, 7)


def test_runs_are_adopted_at_the_limit(runs: Runs) -> None:
    """What a look takes is held in reserve: a run is found at the limit of open files, and its end is learned."""
    hold = runs.pipe("hold")
    crashed_scheduler(runs, f"read x < {hold}; exit 7")
    with no_descriptors():
        assert adopted(runs, (5, 1), (6, 1)) == {5}
    hold.write_text("go\n")
    ended = runs.exit()
    assert (ended.run, ended.exit_code) == (5, 7)


@pytest.mark.parametrize("left", range(8))
def test_nothing_is_started_at_the_limit(runs: Runs, left: int) -> None:
    """With too few descriptors nothing is started, and the message names the limit; otherwise it is watched."""
    runs.output(5).parent.mkdir(parents=True)
    with no_descriptors(left):
        for run in range(5, 20):
            try:
                runs.launch(run, ["sleep", "1000"], work=Path(os.getcwd()))
            except LaunchFailed as failure:
                assert "limit of open files (ulimit -n)" in str(failure)  # noqa: PT017 - others succeed
                break
        else:
            pytest.fail("the limit was never reached")
        started = run - 5
        with pytest.raises(LaunchFailed, match="limit of open files"):
            runs.launch(20, ["sleep", "1000"], work=Path(os.getcwd()))
    assert len(list(live_attempts(runs.ledger_id))) == started
    assert started <= left + 1


def test_who_cannot_be_seen_is_not_taken_for_dead() -> None:
    """With no descriptor left, a process whose number is in use counts as alive, and one whose is not as dead."""
    mine = start_ticks(os.getpid())
    assert mine is not None
    with no_descriptors():
        with pytest.raises(OSError, match="Too many open files"):
            process_stat(os.getpid())
        assert process_is(os.getpid(), mine)
        assert not process_is(1 << 22, mine)
