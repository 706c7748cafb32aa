from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from scheduler.processes import Exit, PosixSpawner, pidfd, tree
from scheduler.processes.fork_mark import Marker, is_marked
from scheduler.processes.identity import process_stat
from tests.scheduler.processes.conftest import PATIENCE_S, SCHEDULER, Runs, crashed_scheduler


@pytest.mark.parametrize("reaping", [False, True])
def test_adopted_exit_code(runs: Runs, reaping: bool) -> None:
    """A run that outlived its scheduler is adopted by the next one, which learns its exit code or signal."""
    pipe, other = runs.pipe("hold"), runs.pipe("other")
    first, second = f"read x < {pipe}; exit 7", f"read x < {other}; kill -9 $$"
    pids = crashed_scheduler(runs, first, second, reaping=reaping)
    assert runs.spawner.adopt([(5, 1), (6, 1), (7, 1)]) == {5, 6}
    assert runs.spawner.adopt([(5, 1), (6, 1), (7, 1)]) == set()
    assert runs.spawner.exits() == []
    assert runs.spawner.alive(5, 1)
    assert is_marked(pids[0])
    pipe.write_text("go\n")
    assert runs.exit() == Exit(5, 1, 7, None, None, None)
    assert not runs.spawner.alive(5, 1)
    other.write_text("go\n")
    assert runs.exit() == Exit(6, 1, None, signal.SIGKILL, None, None)


def test_unknown_end(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel does not say how an adopted process ended, neither code nor signal is made up."""
    monkeypatch.setattr(pidfd, "wait_status", lambda pidfd, pid: None)
    pipe = runs.pipe("hold")
    crashed_scheduler(runs, f"read x < {pipe}; exit 7")
    assert runs.spawner.adopt([(5, 1)]) == {5}
    pipe.write_text("go\n")
    assert runs.exit() == Exit(5, 1, None, None, None, None)


def test_adopted_run_is_stopped(runs: Runs) -> None:
    """An adopted run is killed with all its descendants, those without our environment included."""
    pipe = runs.pipe("ready")
    script = f"(setsid sleep 1000 &) ; env -i /bin/sleep 1000 & trap '' TERM; echo ready > {pipe}; wait; wait"
    (pid,) = crashed_scheduler(runs, script)
    assert pipe.read_text() == "ready\n"
    assert runs.spawner.adopt([(5, 1)]) == {5}
    runs.spawner.kill(5, 1)
    ended = runs.exit()
    assert ended.signal == signal.SIGKILL
    assert not runs.spawner.alive(5, 1)
    stat = process_stat(pid)
    assert stat is None or not stat.alive


def test_stragglers_are_not_adopted(runs: Runs) -> None:
    """A descendant that leads a session of its own is not taken for the main process when that is gone."""
    ready, hold = runs.pipe("ready"), runs.pipe("hold")
    script = f"setsid sh -c 'echo $$ > {ready}; exec sleep 1000' & read x < {hold}; exit 0"
    crashed_scheduler(runs, script)
    straggler = int(ready.read_text())
    stat = process_stat(straggler)
    assert stat is not None
    assert stat.session == straggler
    descriptor = os.pidfd_open(_main_of(runs, but_not=straggler))
    hold.write_text("go\n")
    while not pidfd.has_ended(descriptor):
        pass
    os.close(descriptor)
    assert runs.spawner.adopt([(5, 1)]) == set()
    assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert not runs.spawner.alive(5, 1)


def test_main_process_is_told_from_stragglers(runs: Runs) -> None:
    """With both alive, the main process is the one that is adopted."""
    ready, hold = runs.pipe("ready"), runs.pipe("hold")
    script = f"setsid sh -c 'echo $$ > {ready}; exec sleep 1000' & read x < {hold}; exit 6"
    crashed_scheduler(runs, script)
    ready.read_text()
    assert runs.spawner.adopt([(5, 1)]) == {5}
    hold.write_text("go\n")
    assert runs.exit().exit_code == 6


def test_unmarked_where_marking_is_forbidden(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a sandbox forbids the mark, the oldest session leader of the attempt is adopted."""
    monkeypatch.setattr(Marker, "works", lambda self: False)
    monkeypatch.setattr("scheduler.processes.posix.is_marked", lambda pid: False)
    ready, hold = runs.pipe("ready"), runs.pipe("hold")
    script = f"sleep 0.05; setsid sh -c 'echo $$ > {ready}; exec sleep 1000' & read x < {hold}; exit 6"
    crashed_scheduler(runs, script)
    ready.read_text()
    assert runs.spawner.adopt([(5, 1)]) == {5}
    hold.write_text("go\n")
    assert runs.exit().exit_code == 6


def test_other_attempts_are_not_adopted(runs: Runs) -> None:
    """Only wanted pairs of the same ledger are adopted."""
    crashed_scheduler(runs, "exec sleep 1000")
    assert runs.spawner.adopt([(5, 2), (6, 1), (51, 1)]) == set()
    assert runs.spawner.adopt([]) == set()
    assert runs.spawner.adopt([(5, 1)]) == {5}


def _main_of(runs: Runs, but_not: int) -> int:
    from scheduler.processes import live_attempts

    for pid, _ in live_attempts(runs.ledger_id):
        stat = process_stat(pid)
        if stat is not None and stat.session == pid and pid != but_not:
            return pid
    raise AssertionError("no main process")


@pytest.mark.parametrize("killed_in", ["pid_records.Notes.add", "fork_mark.Marker.mark"])
def test_a_scheduler_killed_right_after_it_made_a_process(runs: Runs, killed_in: str) -> None:
    """Killed before it could note or mark what it had made, it leaves a run that the next one adopts."""
    hold = runs.pipe("hold")
    room, _, method = killed_in.partition(".")
    killing = (
        f"import os\nfrom scheduler.processes import {room}\noriginal = {room}.{method}\n"
        "def killed(self, what):\n"
        "    if getattr(what, 'pid', what): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return original(self, what)\n"
        f"{room}.{method} = killed\n"
    )
    script = SCHEDULER.replace("folder, ledger =", f"{killing}folder, ledger =")
    command = [
        sys.executable,
        "-I",
        "-c",
        script,
        str(runs.folder),
        runs.ledger_id,
        f"read x < {hold}; exit 6",
    ]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    spawner = PosixSpawner(runs.ledger_id, notes=runs.folder / "notes")
    assert spawner.adopt([(5, 1)]) == {5}
    hold.write_text("go\n")
    assert spawner.wait(PATIENCE_S)
    assert [(ended.run, ended.exit_code) for ended in spawner.exits()] in ([(5, 6)], [(5, None)])
    spawner.close()


def test_an_exec_that_ends_between_two_looks(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose environment was seen empty in its `exec`, which was over at the next look, is recognised."""
    pid = runs.launch(5, ["sleep", "1000"])
    really, seen = os.open, []

    def empty_at_first(path: str, flags: int) -> int:
        if path != f"/proc/{pid}/environ":
            return really(path, flags)
        seen.append(path)
        return really("/dev/null" if len(seen) == 1 else path, flags)

    while tree.carried(pid, runs.ledger_id) is None:  # until its own `exec` is over
        pass
    with monkeypatch.context() as looking:
        looking.setattr(os, "open", empty_at_first)
        assert tree.carried(pid, runs.ledger_id) == (5, 1)
    assert len(seen) == 2
