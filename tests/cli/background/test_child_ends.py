"""What the ends of runs wake in a scheduler."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.command import await_fact
from tests.support.home import LiveHome, job

pytestmark = pytest.mark.real


def _told(path: Path) -> str:
    """What the kernel tells of a process or a thread; nothing once it is gone."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _holds_back_child_ends(task: Path) -> bool:
    """Whether a thread, or a process, holds SIGCHLD back (proc_pid_status(5), `SigBlk`)."""
    lines = dict(line.split(":\t", 1) for line in _told(task / "status").splitlines())
    return bool(int(lines.get("SigBlk", "0"), 16) >> (signal.SIGCHLD - 1) & 1)


def _collectors(tasks: Path) -> list[Path]:
    """The processes that collect logs, among those that the threads of a process have started."""
    children = [Path("/proc", pid) for task in tasks.iterdir() for pid in _told(task / "children").split()]
    return [child for child in children if "scheduler.logs" in _told(child / "cmdline")]


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
        await_fact(lambda: any(not _holds_back_child_ends(each) for each in _collectors(tasks)))
