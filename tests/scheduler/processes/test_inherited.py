from __future__ import annotations

import os

import pytest

from scheduler.processes.recognition import inherited
from scheduler.processes.recognition.identity import process_stat
from tests.scheduler.processes.conftest import Runs


def _orphan(runs: Runs, run: int) -> int:
    """A descendant of a run that becomes ours when its parent ends, and ends when the pipe is opened."""
    told = runs.pipe(f"told-{run}")
    runs.shell(run, f"(setsid sh -c 'echo $$ > {told}; read x < {told}-end' &) ; exit 3")
    os.mkfifo(f"{told}-end")
    return int(told.read_text())


def test_zombies_of_others_are_collected(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """An orphan becomes a child of the scheduler and its end is collected; ends of runs are told as ever."""
    monkeypatch.setattr(inherited, "LOOK_S", 0.0)
    pid = _orphan(runs, 5)
    assert runs.exit().exit_code == 3
    stat = process_stat(pid)
    assert stat is not None
    assert stat.parent == os.getpid()
    runs.shell(6, "exit 4")
    (runs.folder / "told-5-end").write_text("go\n")
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    ends = []
    for _ in range(1_000):
        ends += runs.spawner.exits()
        if process_stat(pid) is None and ends:
            break
        runs.spawner.wait(0.01)
    assert process_stat(pid) is None
    assert [(end.run, end.exit_code) for end in ends] == [(6, 4)]


def test_ends_that_somebody_waits_for_are_left(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first look nothing is collected: who started a child here gets its exit code."""
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 9"], {})
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert runs.spawner.exits() == []
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9
