"""A home in a temporary folder, and the real `cronledger` at work on it as processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from eventstore import Entry, Journal, NoLedger
from tests.support.ledger_check import check_ledger

COMMAND = str(Path(sys.executable).with_name("cronledger"))
DEADLINE_S = 60.0


class Result:
    """What a command said and how it left."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        self.code, self.raw_out, self.raw_err = code, out, err

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.raw_out.decode()

    @property
    def err(self) -> str:
        """Standard error as text."""
        return self.raw_err.decode()


class LiveHome:
    """A home and what can be done with it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ledger = root / "var" / "ledger"

    def configure(self, text: str) -> None:
        """Write the config, whole, as editors do."""
        path = self.root / "services" / "scheduler" / "config.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(text)
        beside.replace(path)

    def run(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Result:
        """Run a command to its end; the ledger is sound afterwards."""
        done = subprocess.run(
            [COMMAND, "--home", str(self.root), *args],
            input=stdin, capture_output=True, timeout=DEADLINE_S, check=False, env=_env(env),
        )  # fmt: skip
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start a command and do not wait for it."""
        return subprocess.Popen(
            [COMMAND, "--home", str(self.root), *args],
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=_env(None),
        )  # fmt: skip

    @contextlib.contextmanager
    def served(self) -> Iterator[subprocess.Popen[bytes]]:
        """A scheduler that is ready; it is stopped at the end, if it still runs."""
        scheduler = self.start("serve", stdout=subprocess.DEVNULL)
        assert scheduler.stderr is not None
        lines = []
        while not (line := scheduler.stderr.readline()).startswith(b"Serving"):
            lines.append(line)
            assert line, f"the scheduler never became ready: {lines}"
        try:
            yield scheduler
        finally:
            if scheduler.poll() is None:
                scheduler.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    scheduler.wait(1)
                scheduler.send_signal(signal.SIGTERM)
                scheduler.wait(DEADLINE_S)
            scheduler.stderr.close()

    def entries(self, kind: str = "") -> list[Entry]:
        """The entries of the ledger whose type begins so."""
        try:
            with Journal.open(self.ledger, software="test", read_only=True) as journal:
                return [entry for entry in journal.read(0) if entry.type.startswith(kind)]
        except NoLedger:
            return []

    def await_entry(self, kind: str, count: int = 1) -> Entry:
        """Wait until there are so many entries of a type; the last of them."""
        await_fact(lambda: len(self.entries(kind)) >= count)
        return self.entries(kind)[count - 1]

    def check(self) -> None:
        """The ledger is sound."""
        check_ledger(self.ledger)


def finished(process: subprocess.Popen[bytes]) -> Result:
    """Wait for a command that was started."""
    out, err = process.communicate(timeout=DEADLINE_S)
    assert b"Traceback" not in err, err.decode()
    return Result(process.returncode, out or b"", err)


def await_fact(fact: Callable[[], bool]) -> None:
    """Wait until something is the case; fail if it does not come about."""
    give_up_s = time.monotonic() + DEADLINE_S
    while not fact():
        assert time.monotonic() < give_up_s, "it did not come about in time"
        time.sleep(0.01)


def _env(more: Mapping[str, str] | None) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CRONLEDGER")}
    return {**plain, "COLUMNS": "200", **(more or {})}
