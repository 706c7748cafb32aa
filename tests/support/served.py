"""A real scheduler on a real home, for tests: started, told things, waited for by its ledger, stopped."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from eventstore import Journal, NoLedger
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.waiting import Growth
from tests.shifted_dates import same_date

COMMAND = str(Path(sys.executable).with_name("cronledger"))
PATIENCE_S = 30.0
"""So long a test waits for what must come; it comes much sooner."""


def entries_of(root: Path) -> list[Entry]:
    """The whole ledger of a home; empty if there is none yet."""
    try:
        with Journal.open(Home(root).ledger, software="test", read_only=True) as journal:
            return list(journal.read(0))
    except NoLedger:
        return []


def write_config(root: Path, text: str) -> None:
    """Write the home's config as an editor does: aside, then in place of the old one."""
    path = Home(root).config
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.replace(path)


class Served:
    """A `cronledger serve` in a process of its own."""

    def __init__(self, root: Path, env: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.process = subprocess.Popen(
            [COMMAND, "--home", str(root), "serve"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **same_date(), **(env or {})},
        )
        self.wait_for(v.SchedulerStarted, lambda entry: v.payload(entry).pid == self.process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def wait_for(
        self, kind: type[v.Payload], condition: Callable[[Entry], bool] = lambda entry: True
    ) -> Entry:
        """The first entry of a type that meets a condition, as soon as it is on record."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            for entry in entries_of(self.root):
                if entry.type == kind.TYPE and condition(entry):
                    return entry
            if self.process.poll() is not None:
                raise AssertionError(f"the scheduler is gone: {self.process.communicate()}")
            self._sleep_until_growth()
        raise AssertionError(f"no such {kind.TYPE} in {[entry.type for entry in entries_of(self.root)]}")

    def _sleep_until_growth(self) -> None:
        folder = Home(self.root).ledger
        if not folder.exists():
            time.sleep(0.01)
            return
        growth = Growth(folder)
        with selectors.DefaultSelector() as selector:
            selector.register(growth.fd, selectors.EVENT_READ)
            selector.select(0.2)
        growth.close()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Stop it in an orderly way; its exit code and what it printed."""
        self.send(number)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err

    def kill(self) -> None:
        """Kill it with -9."""
        self.process.kill()
        self.process.communicate()


def cronledger(root: Path, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command on the home."""
    done = subprocess.run(
        [COMMAND, "--home", str(root), *args],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **same_date()},
        check=False,
    )
    if check:
        assert done.returncode == 0, done
    return done
