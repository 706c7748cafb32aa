"""What the ends of runs wake in a scheduler."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.command import await_fact
from tests.support.home import LiveHome, job

pytestmark = pytest.mark.real


def _holds_back_child_ends(task: Path) -> bool:
    """Whether a thread, or a process, holds SIGCHLD back (proc_pid_status(5), `SigBlk`); False if it is gone."""
    try:
        lines = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
    except (FileNotFoundError, ProcessLookupError):
        return False
    return bool(int(lines["SigBlk"], 16) >> (signal.SIGCHLD - 1) & 1)


def test_no_thread_beside_the_scheduler_is_woken_by_the_end_of_a_run(tmp_path: Path) -> None:
    """All but the first hold SIGCHLD back, which the processes that they have started do not inherit."""
    home = LiveHome(tmp_path / "home")
    home.configure("jobs:\n" + job("never", ["true"]))
    with home.served() as scheduler:
        tasks = Path(f"/proc/{scheduler.pid}/task")
        main = tasks / str(scheduler.pid)

        def others() -> list[Path]:
            return [task for task in tasks.iterdir() if task != main]

        await_fact(lambda: len(others()) == 2 and all(map(_holds_back_child_ends, others())))
        # Who is just making a thread or a process holds back all of them.
        await_fact(lambda: not _holds_back_child_ends(main))
        await_fact(lambda: len(home.collectors()) == 1)
        (collector,) = home.collectors()
        await_fact(lambda: not _holds_back_child_ends(Path(f"/proc/{collector}")))
        os.kill(collector, 0)  # it is there, and not only gone
