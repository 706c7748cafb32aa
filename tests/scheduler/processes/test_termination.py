from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.processes import PosixSpawner, process_is, start_ticks, termination
from scheduler.processes.recognition.identity import process_stat
from scheduler.processes.recognition.lineage import Lineage
from scheduler.processes.recognition.tree import Tree, newest_pid
from tests.scheduler.processes.conftest import PATH, PATIENCE_S, Runs

DAEMON = """
import os, signal, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "w") as ready: print(os.getpid(), file=ready)
while True: time.sleep(1000)
"""

STUBBORN = "trap '' TERM; echo $$ > {ready}; while :; do sleep 1000; done"
POLITE = "trap 'echo bye > {folder}/bye-$$; exit 9' TERM; echo $$ > {ready}; while :; do sleep 1000 & wait $!; done"


class Ready:
    """A named pipe into which processes write their numbers once they are set up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pipe = os.fdopen(os.open(path, os.O_RDWR), "rb", buffering=0)

    def pids(self, count: int) -> list[int]:
        """Wait for so many."""
        found: list[int] = []
        while len(found) < count:
            assert select.select([self._pipe], [], [], PATIENCE_S)[0], "a process was not set up in time"
            found.append(int(self._pipe.readline()))
        return found

    def close(self) -> None:
        """Free the pipe."""
        self._pipe.close()


@pytest.fixture
def ready(runs: Runs) -> Ready:
    """The pipe; closed with the process that runs the tests at the latest."""
    return Ready(runs.pipe("ready"))


def gone(pid: int) -> bool:
    """Whether a process ended; a zombie did."""
    stat = process_stat(pid)
    return stat is None or not stat.alive


def quoted(script: str) -> str:
    """A script as one word for another shell."""
    return "'" + script.replace("'", "'\\''") + "'"


def test_kill_reaches_everyone(runs: Runs, ready: Ready) -> None:
    """Kill leaves no process: children, those in sessions of their own, daemons, and those without environment."""
    stubborn = quoted(STUBBORN.format(ready=ready.path))
    daemon = f"{sys.executable} -I -c {quoted(DAEMON)} {ready.path}"
    main = f"trap '' TERM; sh -c {stubborn} & setsid sh -c {stubborn} & env -i /bin/sh -c {stubborn} & {daemon} & "
    pid = runs.shell(5, main + STUBBORN.format(ready=ready.path))
    pids = ready.pids(5)
    assert pid in pids
    runs.spawner.terminate(5, 1)
    assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert all(gone(one) for one in pids)
    assert runs.exit().signal == signal.SIGKILL
    assert not runs.spawner.alive(5, 1)
    ready.close()


def test_terminate_reaches_everyone(runs: Runs, ready: Ready) -> None:
    """Terminate sends SIGTERM to the group and to descendants that left it, and each can end in its own way."""
    polite = POLITE.format(ready=ready.path, folder=runs.folder)
    runs.shell(5, f"setsid sh -c {quoted(polite)} & sh -c {quoted(polite)} & {polite}")
    pids = ready.pids(3)
    runs.spawner.terminate(5, 1)
    for pid in pids:
        _await_end(pid)
        assert (runs.folder / f"bye-{pid}").exists()
    assert runs.exit().exit_code == 9
    ready.close()


LEAVING = {
    "another session without environment": "env -i setsid sh -c {script} & wait",
    "an orphan that writes to the run's output": "(env -i setsid sh -c {script} &) ; sleep 1000",
    "another user's login": "su - nobody -s /bin/sh -c {script} & wait",
    "a login by runuser": "runuser -l nobody -s /bin/sh -c {script} & wait",
}
"""Ways in which a process leaves the session, the group and the environment of its run."""


@pytest.mark.parametrize("way", LEAVING)
def test_kill_reaches_who_left(runs: Runs, ready: Ready, way: str) -> None:
    """Who left session, group and environment is found by its parents, or by its output once those have ended."""
    if "nobody" in LEAVING[way] and os.getuid() != 0:
        pytest.skip("becoming another user takes root")
    path = f"{PATH}:/usr/sbin:/sbin"
    if shutil.which(LEAVING[way].lstrip("(").split()[0], path=path) is None:
        pytest.skip("this machine has no such program")
    ready.path.chmod(0o666)
    for folder in (runs.folder, *runs.folder.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    script = quoted(
        f"trap '' TERM; sh -c {quoted(STUBBORN.format(ready=ready.path))} & {STUBBORN.format(ready=ready.path)}"
    )
    runs.launch(5, ["/bin/sh", "-c", LEAVING[way].format(script=script)], {"PATH": path})
    pids = ready.pids(2)
    runs.spawner.terminate(5, 1)
    runs.exit()  # it ended by SIGTERM, and no parent tells of the others any more
    assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert all(gone(pid) for pid in pids)
    assert not runs.spawner.alive(5, 1)
    ready.close()


def _await_end(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    assert poll.poll(PATIENCE_S * 1000), f"process {pid} goes on"
    os.close(descriptor)


def test_kill_after_the_leader_is_reaped(runs: Runs, ready: Ready) -> None:
    """Members of the group without our environment are found even after the main process was reaped."""
    stubborn = quoted(STUBBORN.format(ready=ready.path))
    runs.shell(5, f"env -i /bin/sh -c {stubborn} & exec sleep 1000")
    (pid,) = ready.pids(1)
    runs.spawner.terminate(5, 1)
    assert runs.exit().signal == signal.SIGTERM
    assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert gone(pid)
    assert not runs.spawner.alive(5, 1)
    ready.close()


def test_kill_finds_stragglers_of_a_finished_run(runs: Runs, ready: Ready) -> None:
    """A descendant that outlives the main process is alive, and can be killed, by its environment."""
    runs.shell(5, f"setsid sh -c {quoted(STUBBORN.format(ready=ready.path))} & exit 0")
    (pid,) = ready.pids(1)
    assert runs.exit().exit_code == 0
    assert runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert gone(pid)
    assert not runs.spawner.alive(5, 1)
    ready.close()


@pytest.fixture
def orphanage() -> Iterator[None]:
    """Orphaned descendants become children of this process, and are reaped after the test: init is spared them."""
    prctl, set_child_subreaper = ctypes.CDLL(None).prctl, 36
    assert prctl(set_child_subreaper, 1, 0, 0, 0) == 0
    yield
    assert prctl(set_child_subreaper, 0, 0, 0, 0) == 0
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def slow_look_that_misses(tree: Tree) -> Iterator[int]:
    """A look at `/proc` during which every process that moves on does so: it comes too late for each."""
    before = newest_pid()
    deadline = time.monotonic() + 0.1
    while newest_pid() < before + 20 and time.monotonic() < deadline:
        pass
    return iter(())


def hop(runs: Runs, ready: Ready) -> Path:
    """Begin run 5: processes that never stay, each at once replaced by a child in a new session.

    Returns:
        A pipe that all of them hold, and into which they write if they come to the end of their hops.
    """
    living = runs.pipe("living")
    hopping = (
        "import os\n"
        f"living = os.open({str(living)!r}, os.O_WRONLY)\n"
        "if not os.fork(): os.setsid()\n"
        f"with open({str(ready.path)!r}, 'w') as ready: print(os.getpid(), file=ready)\n"
        "for _ in range(4000):\n"
        "    if os.fork(): os._exit(0)\n"
        "    os.setsid()\n"
        "os.write(living, b'survived')\n"
    )
    runs.launch(5, [sys.executable, "-I", "-c", hopping])
    return living


def kill_until_gone(runs: Runs) -> None:
    """Stop run 5 as the supervisor does, which asks again when it is told that somebody may be left."""
    deadline_s = time.monotonic() + PATIENCE_S
    runs.spawner.kill(5, 1)
    while runs.spawner.alive(5, 1):
        assert time.monotonic() < deadline_s, "the run goes on"
        runs.spawner.kill(5, 1)


@pytest.mark.parametrize("look_misses_all", [False, True])
def test_kill_outruns_forks(
    runs: Runs, ready: Ready, orphanage: None, monkeypatch: pytest.MonkeyPatch, look_misses_all: bool
) -> None:
    """Processes that never stay are all gone once `alive` says so, after kill."""
    if look_misses_all:
        monkeypatch.setattr(Tree, "members", slow_look_that_misses)
    with hop(runs, ready).open("rb") as seen:
        ready.pids(2)
        kill_until_gone(runs)
        # The end of the pipe is the death of all who held it: at once after kill, or after all their hops.
        assert seen.read() == b""
    runs.exit()
    ready.close()


def test_kill_that_is_outrun_does_not_say_that_all_are_gone(
    runs: Runs, ready: Ready, orphanage: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there was no time to look at all that were made meanwhile, a run is alive, and the next kill goes on."""
    with hop(runs, ready).open("rb") as seen, monkeypatch.context() as busy:
        busy.setattr(Tree, "members", slow_look_that_misses)
        for bound in ("LOOKS_MS", "CHASE_MS", "ALIVE_CHASE_MS"):
            busy.setattr(termination, bound, 0)
        ready.pids(2)
        runs.spawner.kill(5, 1)
        assert runs.spawner.alive(5, 1)
        busy.undo()
        kill_until_gone(runs)
        assert seen.read() == b""
    runs.exit()
    ready.close()


def test_bystanders_are_left_alone(runs: Runs, ready: Ready) -> None:
    """Another attempt, another run, another ledger and an unrelated process survive the kill of a run."""
    stubborn = STUBBORN.format(ready=ready.path)
    other = PosixSpawner(runs.ledger_id + "x")
    mine, runs.spawner = runs.spawner, other
    runs.shell(5, stubborn)
    runs.spawner = mine
    shutil.rmtree(runs.output(5).parent)
    runs.shell(51, stubborn)
    runs.shell(5, stubborn)
    ready.pids(3)
    ours = start_ticks(os.getpid())
    assert ours is not None
    runs.spawner.kill(5, 1)
    runs.spawner.kill(5, 2)
    runs.spawner.kill(1, 1)
    assert runs.exit().run == 5
    assert runs.spawner.alive(51, 1)
    assert other.alive(5, 1)
    assert process_is(os.getpid(), ours)
    other.kill(5, 1)
    other.close()
    ready.close()


def test_our_own_process_is_no_member(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that stops a tree never counts itself in, whatever its environment."""
    assert not Tree(runs.ledger_id, (5, 1), None, None, Lineage()).has(os.getpid())


def test_zombies_are_not_alive(runs: Runs) -> None:
    """A main process that has ended and was not reaped yet is not alive, and killing it does no harm."""
    runs.shell(5, "exit 3")
    assert runs.spawner.wait(PATIENCE_S)
    assert not runs.spawner.alive(5, 1)
    runs.spawner.kill(5, 1)
    assert runs.exit().exit_code == 3


def test_first_thread_may_end_before_others(runs: Runs, ready: Ready) -> None:
    """A process whose first thread has ended is alive while another thread goes on, and is killed."""
    program = (
        "import ctypes, threading, time, os, sys\n"
        "def work():\n"
        "    while open(f'/proc/{os.getpid()}/stat').read().rsplit(') ')[1][0] != 'Z': time.sleep(0.001)\n"
        "    with open(sys.argv[1], 'w') as ready: print(os.getpid(), file=ready)\n"
        "    time.sleep(1000)\n"
        "threading.Thread(target=work).start()\n"
        "ctypes.CDLL(None).syscall(60, 0)\n"  # exit of this thread alone
    )
    runs.launch(5, [sys.executable, "-I", "-c", program, str(ready.path)])
    ready.pids(1)
    assert runs.spawner.alive(5, 1)
    assert runs.spawner.exits() == []
    runs.spawner.kill(5, 1)
    assert runs.exit().signal == signal.SIGKILL
    ready.close()


def test_nothing_to_stop(runs: Runs) -> None:
    """An attempt that never was is not alive, and stopping it does nothing."""
    assert not runs.spawner.alive(9, 9)
    runs.spawner.terminate(9, 9)
    runs.spawner.kill(9, 9)


def test_stopping_leaves_no_descriptor(runs: Runs, ready: Ready) -> None:
    """Descriptors held for stopping are freed when the tree is gone."""
    before = len(os.listdir("/proc/self/fd"))
    for run in range(5):
        runs.shell(run, STUBBORN.format(ready=ready.path))
        ready.pids(1)
        runs.spawner.terminate(run, 1)
        runs.spawner.kill(run, 1)
        runs.exit()
        assert not runs.spawner.alive(run, 1)
    assert len(os.listdir("/proc/self/fd")) == before
    ready.close()
