"""Forked processes are what started ones are: their surroundings, their ends, their results, how they are known."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from scheduler.processes import Launched, LaunchFailed
from scheduler.processes.recognition import attempt_secret, claims
from scheduler.processes.recognition.identity import process_stat
from scheduler.python_jobs.forking.fork_client import ForkClient
from scheduler.python_jobs.forking.fork_messages import SHOWN
from scheduler.python_jobs.forking.fork_server import Imported
from scheduler.python_jobs.forking.forked import REHEARSE_AFTER_S
from tests.scheduler.python_jobs.conftest import Attempts, job, server_of, warm
from tests.support.command import await_fact
from tests.support.python_jobs import extension

SURROUNDINGS = """
known = ("Umask", "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "SigCgt", "NoNewPrivs", "Seccomp", "Threads")
for _ in range(100):  # a thread that has ended counts for a moment longer
    status = [line for line in open("/proc/self/status") if line.split(":")[0] in known]
    if "Threads:\\t1\\n" in status:
        break
    time.sleep(0.01)
print(json.dumps({
    "environment": {k: v for k, v in os.environ.items() if k not in ("CRONLEDGER_SECRET", "CRONLEDGER_LEDGER")},
    "status": status, "descriptors": sorted(os.listdir("/proc/self/fd")), "leads": os.getsid(0) == os.getpid(),
    "group": os.getpgrp() == os.getpid(), "input": os.readlink("/proc/self/fd/0"), "priority": os.nice(0),
    "limits": [resource.getrlimit(each) for each in range(16)], "parent": os.getppid(),
    "flags": str(sys.flags), "path": sys.path[:-1], "program": sys.argv[0], "arguments": len(sys.argv),
    "encodings": [sys.stdout.encoding, sys.stdout.errors, sys.stderr.encoding, sys.stderr.errors],
    "buffering": [sys.stdout.line_buffering, sys.stderr.line_buffering], "zone": time.tzname,
    "recursion": sys.getrecursionlimit(), "oom": open("/proc/self/oom_score_adj").read(),
    "handlers": [str(signal.getsignal(n)).split(" at ")[0] for n in sorted(signal.valid_signals())],
    "threads": len(threading.enumerate()), "collects": __import__("gc").get_threshold(),
}))
"""


def test_surroundings(attempts: Attempts, started: Attempts) -> None:
    """A forked job sees what a started one sees: environment, descriptors, signals, limits, session, interpreter."""
    env = {"TZ": "Asia/Tokyo", "GREETING": "grüß dich"}
    for each in (attempts, started):
        job(each.home, SURROUNDINGS)
        assert each.run(5, "A", env).exit_code == 0, each.output(5, "stderr").read_text()
    assert attempts.said(5) == started.said(5)
    assert attempts.said(5)["parent"] == os.getpid()
    assert attempts.result(5) == started.result(5)


def test_what_is_shown_is_what_is_looked_for() -> None:
    """Who shows marks and who looks for them call them the same, though neither imports the other."""
    marks = (claims.LEDGER, claims.RUN, claims.ATTEMPT, attempt_secret.VARIABLE, claims.BEGUN)
    assert set(marks) < set(SHOWN)


def test_a_forked_process_is_shown_as_its_job(attempts: Attempts) -> None:
    """`/proc` shows a forked process as its job, and with the attempt's marks, by which it is recognised."""
    job(attempts.home, "print('runs')\ntime.sleep(60)")
    pid = attempts.launch(5, "A").pid
    await_fact(lambda: bool(attempts.output(5).read_text()))
    assert Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") == b"cronledger job a"
    secret_sha256 = attempts.spawner.secret_sha256(5, 1)
    assert claims.carried(pid, attempts.ledger_id) == (5, 1)
    assert secret_sha256 is not None
    assert claims.proves(pid, attempts.ledger_id, (5, 1), secret_sha256)
    attempts.spawner.terminate(5, 1)
    (ended,) = attempts.exits()
    assert (ended.exit_code, ended.signal) == (1, None)
    assert attempts.result(5).error == "the run was asked to stop"
    assert not attempts.spawner.alive(5, 1)


@pytest.mark.parametrize(
    ("body", "code", "signalled", "error"),
    [
        ("pass", 0, None, ""),
        ("raise ValueError('no')", 1, None, "ValueError: no"),
        ("os._exit(0)", 0, None, "its process ended before the job returned"),
        ("os.kill(os.getpid(), 9)", None, signal.SIGKILL, "its process ended before the job returned"),
        ("os.abort()", None, signal.SIGABRT, "its process ended before the job returned"),
        ("sys.exit(3)", 1, None, "SystemExit: 3"),
        ("os.fork()", 0, None, ""),
    ],
)
def test_ends(attempts: Attempts, body: str, code: int | None, signalled: int | None, error: str) -> None:
    """Exit code, signal, processor time and result of a forked process come as they do for a started one."""
    job(attempts.home, f"resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n{body}")
    ended = attempts.run(5, "A")
    assert (ended.exit_code, ended.signal) == (code, signalled)
    assert attempts.result(5).error == error
    assert ended.cpu_ms is not None


def test_nothing_is_left_of_what_cannot_start(attempts: Attempts) -> None:
    """Where a process can neither be forked nor started, its output files are gone, and closed."""
    job(attempts.home, "pass")
    assert attempts.run(5, "A").exit_code == 0
    nowhere = attempts.prepared(6, "A")._replace(working_directory=str(attempts.home / "nowhere"))
    before = os.listdir("/proc/self/fd")
    (failure,) = attempts.spawner.launch([nowhere])
    assert isinstance(failure, LaunchFailed)
    assert str(failure).startswith("cannot start in the working directory")
    assert not attempts.output(6).exists()
    assert not attempts.output(6, "stderr").exists()
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_its_own_peak_of_memory(attempts: Attempts) -> None:
    """The peak of memory of a forked process is its own, however large the scheduler is."""
    job(attempts.home, "bytearray(64 << 20)")
    peak = attempts.run(5, "A").memory_peak_bytes
    assert peak is not None
    assert 64 << 20 < peak < 160 << 20


def test_it_ends_as_an_interpreter_does(attempts: Attempts) -> None:
    """What stands in buffers is written, `atexit` is obeyed, and what modules hold is let go while they are whole."""
    source = """
        import atexit, sys
        left = open("left.txt", "w")
        left.write("written")
        class Last:
            def __del__(self): sys.__stderr__.write("let go\\n")
        last = Last()
        class A:
            name = "a"
            def run(self, ctx):
                atexit.register(print, "at exit")
                print("no line", end="")
    """
    extension(attempts.home, "x", source)
    assert attempts.run(5, "A").exit_code == 0
    assert attempts.output(5).read_text() == "no lineat exit\n"
    assert attempts.output(5, "stderr").read_text() == "let go\n"
    assert (attempts.home / "left.txt").read_text() == "written"


def test_each_run_imports_the_code_anew(attempts: Attempts) -> None:
    """An edit counts at once; what a run changes in a module is not there for the next; randomness differs."""
    extension(attempts.home, "x", "import json, random\nseen = []\n" + _SEEN.format(1))
    attempts.run(5, "A")
    attempts.run(6, "A")
    extension(attempts.home, "x", "import json, random\nseen = []\n" + _SEEN.format(22))
    attempts.run(7, "A")
    said = [attempts.said(run) for run in (5, 6, 7)]
    assert [each[:2] for each in said] == [[[1], 1], [[1], 1], [[1], 22]]
    assert len({each[2] for each in said}) == 3


_SEEN = """
class A:
    name = "a"
    def run(self, ctx):
        seen.append(1)
        print(json.dumps([seen, {}, random.random()]))
"""


def test_a_herd(attempts: Attempts) -> None:
    """Many at once are all forked, each once, with the result of its own; what cannot be forked is told."""
    job(attempts.home, "open(f'ran-{ctx.run}', 'x')\nos.execv('/bin/cat', ['cat', '/proc/self/environ'])")
    taken = attempts.prepared(30, "A")
    attempts.output(30).write_text("planted")
    gone = attempts.prepared(31, "A")._replace(working_directory=str(attempts.home / "gone"))
    launches = [attempts.prepared(run, "A") for run in range(40, 80)]
    results = attempts.spawner.launch([taken, *launches, gone])
    assert [isinstance(each, Launched) for each in results] == [False, *[True] * 40, False]
    assert "stands there already" in str(results[0])
    assert "cannot start in the working directory" in str(results[-1])
    assert {each.run for each in attempts.exits(40)} == set(range(40, 80))
    for run in range(40, 80):
        assert f"\0CRONLEDGER_RUN={run}\0" in attempts.output(run).read_text()
        assert (attempts.home / f"ran-{run}").exists()


def test_large_environments(attempts: Attempts) -> None:
    """More than a socket takes at once is asked for little by little; what is larger than a request is started."""
    job(attempts.home, "print(json.dumps([open('/proc/self/cmdline').read()[:4], len(os.environ['LARGE'])]))")
    sizes = dict.fromkeys(range(40, 60), 40_000) | {60: 80_000}
    launches = [attempts.prepared(run, "A", {"LARGE": "x" * size}) for run, size in sizes.items()]
    assert all(isinstance(each, Launched) for each in attempts.spawner.launch(launches))
    assert all(ended.exit_code == 0 for ended in attempts.exits(len(sizes)))
    for run, size in sizes.items():
        assert (attempts.said(run)[0] == "cron", attempts.said(run)[1]) == (size < 64_000, size)


def test_event_loops(attempts: Attempts, started: Attempts) -> None:
    """A forked job finds asyncio as a started one does: what was rehearsed has left nothing."""
    source = "import asyncio, warnings\nwarnings.simplefilter('ignore')\ntry: asyncio.get_event_loop()\n"
    for each in (attempts, started):
        job(each.home, f"{source}except RuntimeError: print('1')\nelse: print('0')")
        time.sleep(2 * REHEARSE_AFTER_S)
        assert each.run(5, "A").exit_code == 0, each.output(5, "stderr").read_text()
    assert attempts.said(5) == started.said(5)


def test_descendants_are_stopped(attempts: Attempts) -> None:
    """A forked process's child that leads a session of its own is stopped with it: it carries the attempt's marks."""
    job(attempts.home, "pid = os.fork()\nif not pid: os.setsid()\nprint(pid or os.getpid())\ntime.sleep(60)")
    attempts.launch(5, "A")
    await_fact(lambda: attempts.output(5).read_text().count("\n") >= 2)
    child = int(attempts.output(5).read_text().split()[0])
    attempts.spawner.kill(5, 1)
    attempts.exits()
    assert not attempts.spawner.alive(5, 1)
    stat = process_stat(child)
    assert stat is None or not stat.alive


def test_what_the_interpreter_reads_at_its_start_does_not_fit(attempts: Attempts) -> None:
    """A job with another locale or loader than the server is started, for a fork would have the server's."""
    job(attempts.home, "print(json.dumps([sys.orig_argv[0], open('/proc/self/cmdline').read()[:4]]))")
    for run, env in ((5, {"LC_ALL": "C"}), (6, {"LD_LIBRARY_PATH": "/nowhere"}), (7, {})):
        assert attempts.run(run, "A", env).exit_code == 0
        assert attempts.said(run)[0] == sys.executable
        assert (attempts.said(run)[1] == "cron") == (not env)


def test_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is imported is stale as soon as a file of it, or a folder where imports are looked for, has changed."""
    monkeypatch.syspath_prepend(str(tmp_path))
    imported = Imported(look_s=0.0)
    assert not imported.is_stale()
    (tmp_path / "new.py").write_text("")
    assert imported.is_stale()


def test_a_stale_server_is_replaced(tmp_path: Path) -> None:
    """A server that is out of date starts nothing: the run is started as a command, and another server is warmed."""
    complaints: list[str] = []
    forks = warm(ForkClient({}, complaints.append, server_of("hear()\nsay('stale')")))
    attempts = Attempts(tmp_path, forks)
    job(tmp_path, "print(json.dumps(open('/proc/self/cmdline').read()[:4]))")
    assert attempts.run(5, "A").exit_code == 0
    assert attempts.said(5) != "cron"
    warm(forks)
    attempts.close()
    forks.close()
    assert not complaints
