"""The package as a whole."""

from __future__ import annotations

import subprocess
import sys

import scheduler.processes


def test_who_recognises_a_process_loads_nothing_that_starts_one() -> None:
    """Most commands only look for processes and programs, and each module costs them time."""
    program = (
        "import sys, scheduler.processes.recognition.tree, scheduler.processes.program\n"
        "sys.exit('scheduler.processes.posix' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_what_the_package_names_is_there() -> None:
    """Each name is found where it is kept; any other is none."""
    assert all(getattr(scheduler.processes, name) for name in scheduler.processes.__all__)
    assert not hasattr(scheduler.processes, "forking")
