"""How a command's process ends: what asked to be called at the end is called, and what was printed is written."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support.command import DEADLINE_S

_PROGRAM = """
import atexit, sys, threading, time
import cli.main, cronledger_command

def late():
    threading.main_thread().join()
    print("thread")

def work():
    atexit.register(print, "asked")
    threading.Thread(target=late).start()
    print("done")
    {ending}

class Heap:
    def __del__(self):
        sys.stdout.write("taken apart\\n")

heap = Heap()
cli.main.main = work
cronledger_command.main()
"""


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        ("sys.exit(3)", 3, ["done", "thread", "asked"]),
        ("sys.exit(0)", 0, ["done", "thread", "asked"]),
        ("sys.exit()", 0, ["done", "thread", "asked", "taken apart"]),
        ("raise ValueError", 1, ["done", "thread", "asked", "taken apart"]),
    ],
)
def test_all_that_asked_is_called_before_the_process_ends(ending: str, code: int, said: list[str]) -> None:
    """Threads are waited for first. With an exit code, nothing is taken apart; without one Python ends as it does."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(ending=ending)],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert (done.returncode, done.stdout.splitlines()) == (code, said)


def test_output_that_cannot_be_written_is_told() -> None:
    """On a full disk Python says so, with its own exit code, as without us."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM.format(ending="sys.exit(0)")],
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=DEADLINE_S,
        )
    assert done.returncode == 120
    assert "No space left" in done.stderr
