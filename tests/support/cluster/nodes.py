"""Real nodes on a real database: `cronledger serve` in several homes on this machine, as on several machines."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scheduler.home import Home
from tests.shifted_dates import shifted
from tests.support.command import COMMAND, DEADLINE_S, environment
from tests.support.left_behind import homes

_LOOK_S = 0.02
_SLEEPING = """\
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
from cronledger_command import main
main()
"""
"""With libfaketime 0.9.10 a `clock_nanosleep` of Python's fails, whatever the clock."""


class Node:
    """A home, the database as it is reached from there, and its `cronledger serve`, if that runs.

    What it prints is in the files `out` and `err` of its home.
    """

    def __init__(self, root: Path, store: str, inside: Sequence[str] = (), ahead_s: int = 0) -> None:
        """`inside` are the words before a command that is to run where the node is; its clock is `ahead_s` ahead."""
        self.name = root.name
        self.root, self.store = root, store
        self._cronledger = [*inside, *([sys.executable, "-c", _SLEEPING] if ahead_s else [COMMAND])]
        self.home = Home(root)
        self._env = environment({"CRONLEDGER_NODE": self.name, **(_clock(ahead_s) if ahead_s else {})})
        self._process: subprocess.Popen[bytes] | None = None
        self._ready_at = 0
        root.mkdir(parents=True, exist_ok=True)
        homes.add(root)

    def configure(self, text: str) -> None:
        """Write its config: what all nodes have, and where this one reaches the database."""
        self.home.config.parent.mkdir(parents=True, exist_ok=True)
        self.home.config.write_text(f"ledger: {{store: {json.dumps(self.store)}}}\n{text}")
        self.home.config.chmod(0o644)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of cronledger on its home, to its end."""
        return subprocess.run(
            [*self._cronledger, "--home", str(self.root), *arguments],
            env=self._env, capture_output=True, text=True, timeout=DEADLINE_S, check=False,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """Of its scheduler, which runs."""
        assert self._process is not None, f"{self.name} does not serve"
        return self._process.pid

    @property
    def serves(self) -> bool:
        """Whether its scheduler runs, stopped by a signal or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start its scheduler, and do not wait for it."""
        assert not self.serves, f"{self.name} serves already"
        self._ready_at = self.said().count("\nServing ")
        with open(self.root / "out", "ab") as out, open(self.root / "err", "ab") as err:
            self._process = subprocess.Popen(
                [*self._cronledger, "--home", str(self.root), "serve"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self._env, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        """What its schedulers told on standard error, beginning with a line's end."""
        path = self.root / "err"
        return "\n" + (path.read_text(errors="replace") if path.exists() else "")

    def wait_until_ready(self) -> None:
        """Wait until the scheduler that was started last says that it serves."""
        give_up_s = time.monotonic() + DEADLINE_S
        while self.said().count("\nServing ") <= self._ready_at:
            assert self.serves, f"{self.name} is gone: {self.said()[-2_000:]}"
            assert time.monotonic() < give_up_s, f"{self.name} never became ready: {self.said()[-2_000:]}"
            time.sleep(_LOOK_S)

    def kill(self) -> None:
        """Kill its scheduler with -9; what it runs goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Stop its scheduler in its tracks (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> int | None:
        """Stop its scheduler in an orderly way and wait until it is gone; its exit code, None if there was none."""
        if self._process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise


def _clock(ahead_s: int) -> dict[str, str]:
    """The variables with which a process sees a clock that is ahead, or behind.

    `faketime` itself would be a parent that lives when it is killed instead of its child.
    """
    faketime = shutil.which("faketime")
    assert faketime is not None, "clocks are set wrong by libfaketime"
    told = subprocess.run(
        [*shifted(faketime, ahead_s), "env", "-0"], capture_output=True, text=True, check=True
    )
    variables = dict(each.partition("=")[::2] for each in told.stdout.split("\0"))
    return {
        name: value
        for name, value in variables.items()
        if name == "LD_PRELOAD" or (name.startswith("FAKETIME") and name != "FAKETIME_SHARED")
    }
