"""What was started is watched to its end, whatever limit the system has reached since."""

from __future__ import annotations

import errno
import os
import select
import selectors
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from scheduler.processes import LaunchFailed, PosixSpawner
from tests.scheduler.processes.conftest import PATIENCE_S, Runs, adopted, crashed_scheduler, no_descriptors

REFUSALS = [
    *(("pidfd_open", number) for number in (errno.EMFILE, errno.ENOMEM, errno.EPERM, errno.ENOSYS)),
    *(("epoll_ctl", number) for number in (errno.ENOMEM, errno.ENOSPC, errno.EPERM)),
]


class Limited:
    """An epoll that takes nothing more while it is `full`."""

    full: int | None = None

    def __init__(self, epoll: select.epoll) -> None:
        self._epoll = epoll

    def register(self, descriptor: int, events: int) -> None:
        """As ever, or refused."""
        if self.full is not None:
            raise OSError(self.full, os.strerror(self.full))
        self._epoll.register(descriptor, events)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._epoll, name)


@pytest.fixture
def limited(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> type[Limited]:
    """The runs' spawner has an epoll that can be full."""
    real = select.epoll
    monkeypatch.setattr(select, "epoll", lambda: Limited(real()))
    monkeypatch.setattr(Limited, "full", None)
    runs.spawner.close()
    runs.spawner = PosixSpawner(runs.ledger_id)
    return Limited


def refuse_pidfds(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """No process can be held by descriptor."""

    def refuse(pid: int) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pidfd_open", refuse)


@pytest.mark.parametrize(("call", "number"), REFUSALS)
def test_a_run_at_a_limit_gets_its_real_result(
    runs: Runs, limited: type[Limited], monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """Its end cannot be announced, and is learned all the same: the exit code, the signal, what it used."""
    hold = runs.pipe("hold")
    with monkeypatch.context() as patch:
        if call == "pidfd_open":
            refuse_pidfds(patch, number)
        else:
            patch.setattr(limited, "full", number)
        runs.shell(5, f"read x < {hold}; exit 7")
        assert runs.spawner.exits() == []
        assert runs.spawner.alive(5, 1)
        hold.write_text("go\n")
        ended = runs.exit()
    assert (ended.run, ended.exit_code) == (5, 7)
    assert ended.cpu_ms is not None
    assert not runs.spawner.alive(5, 1)


def test_a_run_at_a_limit_is_stopped(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pidfd its group is still its own, as long as it was not reaped."""
    ready = runs.pipe("ready")
    with monkeypatch.context() as patch:
        refuse_pidfds(patch, errno.ENOSYS)
        runs.shell(5, f"trap '' TERM; sleep 1000 & echo > {ready}; wait; sleep 1000")
    ready.read_text()
    runs.spawner.terminate(5, 1)
    assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert runs.exit().signal == signal.SIGKILL
    assert not runs.spawner.alive(5, 1)


def test_a_run_is_watched_as_others_are_once_the_limit_is_gone(
    runs: Runs, limited: type[Limited], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end is announced to the owner's selector then."""
    hold = runs.pipe("hold")
    with selectors.DefaultSelector() as selector:
        runs.spawner.close()
        runs.spawner = PosixSpawner(runs.ledger_id, selector)
        with monkeypatch.context() as patch:
            refuse_pidfds(patch, errno.ENOMEM)
            patch.setattr(limited, "full", errno.ENOSPC)
            runs.shell(5, f"read x < {hold}; exit 7")
            assert runs.spawner.exits() == []
        assert runs.spawner.exits() == []
        assert not selector.select(0)
        hold.write_text("go\n")
        assert selector.select(PATIENCE_S)
        (ended,) = runs.spawner.exits()
    assert ended.exit_code == 7


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_a_run_that_cannot_be_held_is_not_lost(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A run of a killed scheduler counts as adopted where no pidfd is to be had, and is watched once one is."""
    hold = runs.pipe("hold")
    crashed_scheduler(runs, f"read x < {hold}; exit 7")
    with monkeypatch.context() as patch:
        refuse_pidfds(patch, number)
        assert adopted(runs, (5, 1)) == {5}
        assert runs.spawner.exits() == []
    assert runs.spawner.exits() == []
    hold.write_text("go\n")
    assert runs.exit().exit_code == 7


def test_what_was_started_at_the_limit_of_open_files_gets_its_real_result(runs: Runs) -> None:
    """Whatever the last descriptors were taken for."""
    runs.output(5).parent.mkdir(parents=True)
    started = 0
    with no_descriptors(7):
        for run in range(5, 20):
            try:
                runs.launch(run, ["/bin/sh", "-c", f"exit {run}"], work=Path(os.getcwd()))
            except LaunchFailed:
                break
            started += 1
        codes: dict[int, int | None] = {}
        while len(codes) < started and runs.spawner.wait(PATIENCE_S):
            codes |= {ended.run: ended.exit_code for ended in runs.spawner.exits()}
    assert started
    assert codes == {run: run for run in range(5, 5 + started)}


# A scheduler's process of a user who may have so many processes, itself among them; it starts one run more than that.
AT_THE_LIMIT = """
import ctypes, os, resource, sys  # all that is loaded later: the user may not read where it stands
from scheduler.processes import Launch, Launched, PosixSpawner
folder, uid, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
os.setuid(uid)
spawner = PosixSpawner("0" * 32)
os.mkfifo(f"{folder}/hold")
hold = os.open(f"{folder}/hold", os.O_RDWR)
launches = [
    Launch(run, 1, ["/bin/sh", "-c", f"read x < {folder}/hold; exit {run}"],
           {"PATH": "/usr/bin:/bin"}, folder, f"{folder}/{run}.out", f"{folder}/{run}.err")
    for run in range(1, most + 1)
]
outcomes = spawner.launch(launches)
os.write(hold, b"\\n" * most)
codes = {}
while len(codes) < sum(isinstance(one, Launched) for one in outcomes) and spawner.wait(60):
    codes |= {ended.run: ended.exit_code for ended in spawner.exits()}
print(sorted(codes.items()))
print(*(one for one in outcomes if not isinstance(one, Launched)), sep="\\n")
"""


def test_an_end_is_not_forgotten_when_the_look_that_found_it_fails(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system refuses something else in the same look: the next one tells how the run ended."""

    def refuses(*_: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    runs.shell(5, "exit 7")
    assert runs.spawner.wait(PATIENCE_S)
    with monkeypatch.context() as patched:
        patched.setattr("scheduler.processes.recognition.inherited.os.waitid", refuses)
        with pytest.raises(OSError, match=os.strerror(errno.ENOMEM)):
            runs.spawner.exits()
    assert [(ended.run, ended.exit_code) for ended in runs.spawner.exits()] == [(5, 7)]


def test_what_was_started_counts_as_started_though_there_is_no_way_back(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process cannot return to the folder from which it started a run: that is no failure of the run."""
    before = os.getcwd()

    def refuses(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    try:
        with monkeypatch.context() as patched:
            patched.setattr("scheduler.processes.working_folder.os.fchdir", refuses)
            runs.shell(5, "exit 7")
    finally:
        os.chdir(before)
    assert runs.exit().exit_code == 7


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user who has no other process")
def test_what_was_started_at_the_limit_of_processes_gets_its_real_result() -> None:
    """The run that finds no place is refused with the limit's name; the others come to their ends."""
    most, uid = 4, 1_000_000 + os.getpid()
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, uid, uid)
        script = [sys.executable, "-c", AT_THE_LIMIT, folder, str(uid), str(most)]
        done = subprocess.run(script, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    codes, *refused = done.stdout.splitlines()
    assert codes == str([(run, run) for run in range(1, most)])
    (refusal,) = refused
    assert "the limit of processes is reached" in refusal
