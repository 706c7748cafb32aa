"""A real scheduler on a real home, for tests: started, told things, waited for by its ledger, stopped."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from eventstore.errors import NoLedger
from eventstore.ledger_reader import LedgerReader
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.change_watch import CREATED, MODIFIED, ChangeWatch
from scheduler.home import Home
from tests.support.command import DEADLINE_S, environment, start


class Served:
    """A `cronledger serve` in a process of its own, which is ready.

    Attributes:
        process: it; its streams are text.
    """

    def __init__(self, root: Path, env: Mapping[str, str] | None = None, *options: str) -> None:
        self.root = root
        self.process: subprocess.Popen[str] = start(
            "serve", *options, home=root, text=True, env=environment(env)
        )
        self._told = self._until_ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        with contextlib.suppress(ValueError):  # its output was read to the end
            self.process.communicate()

    def _until_ready(self) -> str:
        assert self.process.stderr is not None
        told = ""
        while line := self.process.stderr.readline():
            told += line
            if line.startswith("Serving"):
                return told
        self.process.communicate()
        raise AssertionError(f"the scheduler never became ready: {told}")

    def wait_until_told(self, text: str, times: int) -> None:
        """Wait until it has said something so many times on standard error, a line each."""
        assert self.process.stderr is not None
        late = threading.Timer(DEADLINE_S, self.process.kill)
        late.start()
        try:
            while self._told.count(text) < times:
                line = self.process.stderr.readline()
                assert line, f"the scheduler is gone, or does not say {text!r}: {self._told}"
                self._told += line
        finally:
            late.cancel()

    def wait_for(
        self, kind: type[v.Payload], condition: Callable[[Entry], bool] = lambda entry: True
    ) -> Entry:
        """The first entry of a type that meets a condition, as soon as it is on record."""
        deadline_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline_s:
            entries = self._entries()
            for entry in entries:
                if entry.type == kind.TYPE and condition(entry):
                    return entry
            if self.process.poll() is not None:
                raise AssertionError(f"the scheduler is gone: {self._told} {self.process.communicate()}")
            self._sleep_until_growth()
        raise AssertionError(f"no such {kind.TYPE} in {[entry.type for entry in self._entries()]}")

    def _entries(self) -> list[Entry]:
        with (
            contextlib.suppress(NoLedger),
            LedgerReader.open(Home(self.root).ledger) as journal,
        ):
            return list(journal.read(0))
        return []

    def _sleep_until_growth(self) -> None:
        with selectors.DefaultSelector() as selector:
            watch = ChangeWatch(selector)
            watch.add(Home(self.root).ledger, MODIFIED | CREATED)
            selector.select(0.2)
            watch.close()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def pause(self) -> None:
        """Stop it in its tracks (SIGSTOP), and wait until it stands: from now on it does nothing."""
        self.send(signal.SIGSTOP)
        seen = os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        assert seen is not None
        assert seen.si_code == os.CLD_STOPPED, f"the scheduler is gone: {self._told}"

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Stop it in an orderly way; its exit code and what it printed."""
        self.send(number)
        out, err = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, out, self._told + err

    def stop_at_once(self) -> None:
        """Stop it, and what it runs, unless it is gone: what still runs after a second gets no grace."""
        if self.process.poll() is not None:
            return
        self.send(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=1)
            return
        self.send(signal.SIGTERM)
        self.process.communicate(timeout=DEADLINE_S)

    def kill(self) -> None:
        """Kill it with -9."""
        self.process.kill()
        self.process.communicate()
