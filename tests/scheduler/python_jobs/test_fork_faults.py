"""The fork server is never needed: whatever it does, an attempt runs once, and nothing is left behind."""

from __future__ import annotations

import errno
import itertools
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from scheduler.processes import Launched, Orphan, PosixSpawner
from scheduler.processes.recognition import claims
from scheduler.processes.recognition.identity import TICKS_PER_S, boottime_s, process_stat
from scheduler.python_jobs.forking import fork_client
from scheduler.python_jobs.forking.fork_client import ForkClient
from tests.scheduler.python_jobs.conftest import ENV, Attempts, job, server_of, warm
from tests.support.command import DEADLINE_S, await_fact
from tests.support.fork_servers import children_of, kill, servers_of, spares_of

# It forks as the real one does, up to the moment when the scheduler is told.
STANDING = """
request, fds, *_ = socket.recv_fds(s, 65536, 3)
number = json.loads(request)["number"]
if not os.fork():
    os.setsid()
    s.close()
    if os.read(fds[2], 1) == b"g":
        open("doubled", "w").write("x")
    open("ended", "w").write("x")
    os._exit(0)
"""

FAULTS = {
    "dies": "hear()\nos._exit(3)",
    "is killed": "hear()\nos.kill(os.getpid(), 9)",
    "hangs": "time.sleep(60)",
    "closes": "hear()\ns.close()\ntime.sleep(60)",
    "says nothing that is understood": "hear()\ns.send(b'{}')\ntime.sleep(60)",
    "says too much": "hear()\ns.send(b'x' * 4096)\ntime.sleep(60)",
    "refuses": "while True: say('refused', number=hear()['number'])",
    "speaks of others": "hear()\nsay('ready', number=99, pid=1)\nos._exit(0)",
    "dies between forking and telling": STANDING + "os._exit(0)",
    "hangs between forking and telling": STANDING + "time.sleep(60)",
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_server_that_fails(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its runs are started as commands are, once; one that it had forked ends without having begun."""
    monkeypatch.setattr(fork_client, "ANSWER_S", 0.3)
    monkeypatch.chdir(tmp_path)
    complaints: list[str] = []
    forks = warm(ForkClient({}, complaints.append, server_of(fault)))
    attempts = Attempts(tmp_path, forks)
    job(tmp_path, "print(os.getpid(), os.getppid())")
    pids = {attempts.launch(run, "A").pid for run in (5, 6)}
    assert all(ended.exit_code == 0 for ended in attempts.exits(2))
    said = {tuple(map(int, attempts.output(run).read_text().split())) for run in (5, 6)}
    assert said == {(pid, os.getpid()) for pid in pids}
    if fault.startswith(STANDING):
        await_fact((tmp_path / "ended").exists)
    assert not (tmp_path / "doubled").exists()
    assert len(complaints) == (0 if fault == FAULTS["refuses"] else 1)
    attempts.close()
    forks.close()


def test_a_server_that_never_starts(tmp_path: Path) -> None:
    """Where the server cannot be started that is told once, it is tried again later, and jobs run."""
    complaints: list[str] = []
    forks = ForkClient({}, complaints.append, [str(tmp_path / "nowhere")])
    forks.want(True)
    forks.tend()
    attempts = Attempts(tmp_path, forks)
    job(tmp_path, "pass")
    assert attempts.run(5, "A").exit_code == 0
    assert complaints == ["it cannot be started: No such file or directory"]
    attempts.close()


def test_no_descriptors_left_for_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no socket, that is told like any other reason for which there is no server."""
    complaints: list[str] = []
    forks = ForkClient(ENV, complaints.append)
    with monkeypatch.context() as refusing:
        refusing.setattr(socket, "socketpair", no_descriptor)
        forks.want(True)
        assert not forks.is_warm()
    assert complaints == ["it cannot be started: Too many open files"]
    forks.close()


def no_descriptor(*_: object) -> NoReturn:
    """What the system says at the limit of open files."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_server_that_was_killed_is_started_again(tmp_path: Path) -> None:
    """A server that somebody kills is noticed, and another one is warm soon."""
    complaints: list[str] = []
    forks = warm(ForkClient(ENV, complaints.append))
    attempts = Attempts(tmp_path, forks)
    job(tmp_path, "print(open('/proc/self/cmdline').read()[:4])")
    server = servers_of(os.getpid()).pop()
    pidfd = os.pidfd_open(server)
    os.kill(server, signal.SIGKILL)
    # Until it has ended nobody can notice that, and what it has forked before takes a run.
    assert select.select([pidfd], [], [], DEADLINE_S)[0]
    os.close(pidfd)
    give_up_s = time.monotonic() + DEADLINE_S
    for run in itertools.count(5):
        assert attempts.run(run, "A").exit_code == 0
        # A process that waits for a request may outlive its server for a moment, and answer once more.
        if complaints and attempts.output(run).read_text() == "cron\n":
            break
        assert time.monotonic() < give_up_s, "it is not started again"
    assert complaints == ["it ended"]
    attempts.close()
    forks.close()


def test_whatever_is_killed_each_run_begins_once(
    tmp_path: Path, hunt: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While herds start, the server or what waits for requests is killed at any moment: no run begins twice."""
    monkeypatch.setattr(fork_client, "ANSWER_S", 0.3)
    rng = random.Random(7)
    forks = ForkClient(ENV)
    attempts = Attempts(tmp_path, forks)
    job(tmp_path, "open(f'ran-{ctx.run}', 'x')")
    run = 5
    for _ in range(100 if hunt else 2):
        warm(forks)
        servers = servers_of(os.getpid())
        between = [child for server in servers for child in children_of(server)]
        victim = rng.choice([*servers, *between, *spares_of(os.getpid())])
        killer = threading.Timer(rng.random() * 0.1, kill, [victim])
        killer.start()
        launched = attempts.spawner.launch([attempts.prepared(run + each, "A") for each in range(6)])
        killer.join()
        assert all(isinstance(each, Launched) for each in launched)
        ends = {(ended.exit_code, ended.signal) for ended in attempts.exits(6)}
        assert ends <= {(0, None), (None, signal.SIGKILL)}  # the victim may have been one of the runs by then
        forks.close()
        run += 6
    attempts.close()


def test_what_waits_for_requests_ends_with_the_server(tmp_path: Path) -> None:
    """The processes that wait for requests are there from the start, and end with the server that forked them."""
    others = spares_of(os.getpid())
    forks = warm(ForkClient(ENV))
    attempts = Attempts(tmp_path, forks)
    held = [os.pidfd_open(pid) for pid in spares_of(os.getpid()) if pid not in others]
    assert held
    forks.close()
    for each in held:
        assert select.select([each], [], [], DEADLINE_S)[0]
        os.close(each)
    attempts.close()


WAITED_S = 0.5
SCHEDULER = """
import os, sys, time
from pathlib import Path
from typing import NoReturn
from tests.scheduler.python_jobs.conftest import ENV, Attempts, warm
from scheduler.python_jobs.forking.fork_client import ForkClient
attempts = Attempts(Path(sys.argv[1]), warm(ForkClient(ENV)))
time.sleep(float(sys.argv[2]))
begun_s = time.clock_gettime(time.CLOCK_BOOTTIME)
pid = attempts.launch(5, "A").pid
print(attempts.ledger_id, attempts.spawner.secret_sha256(5, 1), pid, begun_s, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("noted", [True, False])
def test_a_scheduler_that_is_killed(tmp_path: Path, noted: bool) -> None:
    """With the scheduler its server ends, even with -9; what it forked goes on, and is recognised and adopted."""
    job(tmp_path, "open('fifo').read()\nreturn {'message': 'gone on'}")
    os.mkfifo(tmp_path / "fifo")
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", SCHEDULER, str(tmp_path), str(WAITED_S)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    assert process.stdout is not None
    with process.stdout:
        ledger_id, secret_sha256, pid, begun_s = process.stdout.readline().split()
    (server,) = servers_of(process.pid)
    held = os.pidfd_open(server)
    process.kill()
    process.wait(DEADLINE_S)
    assert select.select([held], [], [], DEADLINE_S)[0], "the server outlives its scheduler"
    os.close(held)
    assert claims.carried(int(pid), ledger_id) == (5, 1)
    stat = process_stat(int(pid))
    assert stat is not None
    waited_s = WAITED_S - 0.1  # the process is older than its attempt by what it had waited for that
    assert float(begun_s) - stat.start_ticks / TICKS_PER_S > waited_s
    notes = tmp_path / "var" / "processes" if noted else tmp_path / "none"
    spawner = PosixSpawner(ledger_id, notes=notes)
    (age_s,) = spawner.adopt([Orphan(5, 1, secret_sha256)]).values()
    assert age_s is not None
    assert age_s <= boottime_s() - float(begun_s) + 0.1
    (tmp_path / "fifo").write_text("go")
    assert spawner.wait(DEADLINE_S)
    (ended,) = spawner.exits()
    assert ended.exit_code in (0, None)
    spawner.close()
    attempts = Attempts(tmp_path, None)
    assert attempts.result(5).message == "gone on"
    attempts.close()
