"""A program beside the scheduler ends with it, however early that dies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cli.background.program import BackgroundProgram
from scheduler.home import Home
from scheduler.scheduler_lock import STARTED_BY
from tests.support.command import DEADLINE_S, environment
from tests.support.home import make_home

CONFIG = 'scheduler: {heartbeat: {url: "http://127.0.0.1:9/none"}}\njobs: {}\n'


def test_one_whose_scheduler_died_before_it_began_ends(tmp_path: Path) -> None:
    """Its parent is another process by then, which does not end."""
    make_home(tmp_path, CONFIG)
    gone = subprocess.Popen(["true"])
    gone.wait()
    done = subprocess.run(
        [sys.executable, "-I", "-m", "scheduler.heartbeat", str(tmp_path)],
        env={**environment(), STARTED_BY: str(gone.pid)},
        check=False,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0


def test_each_is_told_who_started_it(tmp_path: Path) -> None:
    """By a variable of its own."""
    process = BackgroundProgram("timeit", Home(tmp_path)).start()
    told = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    assert f"{STARTED_BY}={os.getpid()}".encode() in told
    process.kill()
    process.wait()
