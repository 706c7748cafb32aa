from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventstore.lock import LOCK_NAME
from scheduler.home import Home
from tests.support.command import COMMAND, DEADLINE_S, call, start
from tests.support.home import make_home

pytestmark = pytest.mark.real

EACH_SECOND = (
    "jobs:\n  ticker: {command: echo tick, every: 1s}\n  gone: {command: /no/such/program, every: 1h}\n"
)


@contextmanager
def _serving(home: Home, stderr: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    scheduler = start("serve", "--utc", home=home.root, text=True, stderr=stderr)
    try:
        yield scheduler
    finally:
        scheduler.kill()
        scheduler.wait()


def _await(scheduler: subprocess.Popen[str], pattern: str) -> str:
    """The first line that matches."""
    assert scheduler.stdout is not None
    for line in scheduler.stdout:
        if re.search(pattern, line):
            return line
    raise AssertionError(f"the scheduler ended before it said {pattern}")


def test_serve_prints_each_event_as_it_happens_and_stops_in_order(tmp_path: Path) -> None:
    """One plain line each in a pipe; a second scheduler is told who serves; Ctrl-C ends it with exit code 0."""
    home = make_home(tmp_path, EACH_SECOND)
    with _serving(home) as scheduler:
        line = _await(scheduler, "run [0-9]+ of ticker succeeded")
        assert re.fullmatch(
            r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z  ✓  run \d+ of ticker succeeded in \d+ ms\n", line
        )
        second = call("serve", home=home.root)
        assert second.code == 2
        assert f"another scheduler serves this home already: pid {scheduler.pid} on " in second.err
        assert call("status", "--json", home=home.root).document["scheduler"]["pid"] == scheduler.pid
        scheduler.send_signal(signal.SIGINT)
        out, err = scheduler.communicate(timeout=DEADLINE_S)
    assert scheduler.returncode == 0
    assert re.search(r"scheduler stopped: SIGINT\n\Z", out)
    assert f"Serving {home.root}: 2 jobs, next ticker" in err
    assert "Ctrl-C stops." in err
    assert call("status", "--json", home=home.root).document["scheduler"]["state"] == "stopped"


def test_serve_goes_on_when_its_reader_leaves(tmp_path: Path) -> None:
    """`serve | head` does not stop the jobs."""
    home = make_home(tmp_path, EACH_SECOND)
    with _serving(home, stderr=subprocess.DEVNULL) as scheduler:
        _await(scheduler, "config in force")
        assert scheduler.stdout is not None
        scheduler.stdout.close()
        started = call("jobs", "list", "--json", home=home.root).document[1]["last_run"]
        for _ in range(200):
            last = call("jobs", "list", "--json", home=home.root).document[1]["last_run"]
            if last is not None and last != started:
                break
            threading.Event().wait(0.05)
        else:
            raise AssertionError("no run after the reader left")
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(timeout=DEADLINE_S) == 0


def test_serve_works_with_its_streams_closed(tmp_path: Path) -> None:
    """As a daemon without any; the ledger's files do not become its standard output."""
    home = make_home(tmp_path, EACH_SECOND)
    script = f'exec "{COMMAND}" --home "{home.root}" serve <&- >&- 2>&-'
    with subprocess.Popen(["/bin/sh", "-c", script]) as scheduler:
        try:
            for _ in range(200):
                jobs = call("jobs", "list", "--json", home=home.root).document
                if any(job["last_run"] is not None for job in jobs):
                    break
                threading.Event().wait(0.05)
            else:
                raise AssertionError("nothing ran")
        finally:
            scheduler.send_signal(signal.SIGTERM)
            assert scheduler.wait(timeout=DEADLINE_S) == 0
    assert call("status", "--json", home=home.root).document["scheduler"]["state"] == "stopped"


def test_serve_without_a_usable_config_starts_nothing(tmp_path: Path) -> None:
    """Exit code 2; no ledger is begun."""
    assert call("serve", home=tmp_path / "none").code == 2
    home = make_home(tmp_path / "home", "jobs: [")
    answer = call("serve", home=home.root)
    assert (answer.code, home.ledger.exists()) == (2, False)
    assert f"{home.config}:1:" in answer.err


@pytest.mark.skipif(not os.access("/proc/locks", os.R_OK), reason="this system does not list its locks")
def test_serve_says_for_whom_it_waits_at_its_start(tmp_path: Path) -> None:
    """While another process holds the ledger, a word on standard error tells which; then it serves."""
    home = make_home(tmp_path, EACH_SECOND)
    assert call("jobs", "enable", "ticker", home=home.root).code == 0
    fd = os.open(home.ledger / LOCK_NAME, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        at_the_latest = threading.Timer(20, fcntl.flock, (fd, fcntl.LOCK_UN))
        at_the_latest.start()
        with _serving(home) as scheduler:
            assert scheduler.stderr is not None
            said = scheduler.stderr.readline()
            at_the_latest.cancel()
            fcntl.flock(fd, fcntl.LOCK_UN)
            _await(scheduler, "run [0-9]+ of ticker succeeded")
            scheduler.send_signal(signal.SIGTERM)
            scheduler.communicate(timeout=DEADLINE_S)
    finally:
        os.close(fd)
    assert f"is being written by another process, pid {os.getpid()} (" in said
    assert scheduler.returncode == 0
