"""A program of ours in a process of its own, beside the scheduler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cli.terminal.child_ends import child_ends_unheard
from scheduler.home import Home
from scheduler.processes.recognition.control_groups import own_group, put_into
from scheduler.scheduler_lock import STARTED_BY


class BackgroundProgram:
    """A module that is run with the home as its argument.

    Its process stands in `/`: it keeps no folder in use, whichever one the scheduler stands in at that moment. It
    has a session of its own, so that Ctrl-C does not reach it, and it prints nothing. It is in the scheduler's own
    control group, and no run's: the scheduler enters those of runs while it starts them, and a thread may start this
    at that moment.

    Args:
        module: its name.
        home: the home; a relative one is taken from where the process stands now.
    """

    def __init__(self, module: str, home: Home) -> None:
        self._arguments = ["-I", "-m", module, str(Path(os.path.abspath(home.root)))]
        self._group = own_group()

    def start(self) -> subprocess.Popen[bytes]:
        """Start a process.

        Raises:
            OSError: it cannot be started.
        """
        process = subprocess.Popen(
            [sys.executable, *self._arguments],
            cwd="/",
            env={**os.environ, STARTED_BY: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        if self._group is not None:
            put_into(self._group, process.pid)
        return process


@child_ends_unheard()
def await_end(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a program in a thread that is there for it, and is woken by no other; its exit code."""
    return process.wait()
