"""The scheduler of a home as `cronledger install systemd` gives it to systemd, on a machine of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from eventstore.errors import NoLedger
from eventstore.ledger_reader import LedgerReader
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.systemd_machine import SystemdMachine, until

QUICK = ("WatchdogSec=2s", "RestartSec=200ms")
"""So that a test waits seconds for what takes a minute otherwise."""


class InstalledUnit:
    """One unit, and its home.

    Attributes:
        machine: where it runs; name: of the unit.
        there: the home, as it is called there; home: as it is seen from here.
    """

    def __init__(self, machine: SystemdMachine, name: str) -> None:
        self.machine, self.name, self.there = machine, name, f"/srv/{name}"
        self.home = Home(machine.root / f"srv/{name}")

    def configure(self, config: str) -> None:
        """Write the home's config."""
        self.home.config.parent.mkdir(parents=True, exist_ok=True)
        aside = self.home.config.with_suffix(".new")
        aside.write_text(config)
        aside.replace(self.home.config)

    def install(self, config: str, *options: str) -> str:
        """Write config and unit; what the command said."""
        self.configure(config)
        said = self.cronledger("install", "systemd", "--unit-name", self.name, *options)
        self.machine.drop_in(self.name, *QUICK)
        return said

    def start(self, config: str, *options: str) -> None:
        """Install it and have it started: that returns when it is ready."""
        self.install(config, *options)
        self.systemctl("start")

    def cronledger(self, *arguments: str, check: bool = True) -> str:
        """Run the command on its home."""
        return self.machine.cronledger("--home", self.there, *arguments, check=check)

    def systemctl(self, verb: str, *, check: bool = True) -> str:
        """Do something with the unit."""
        return self.machine.run("systemctl", verb, self.name, check=check)

    def shown(self, name: str) -> str:
        """A property of the unit."""
        return self.machine.shown(self.name, name)

    @property
    def pid(self) -> str:
        """The number of its main process there."""
        return self.shown("MainPID")

    def signal(self, name: str) -> None:
        """Send its main process a signal."""
        self.machine.run("kill", f"-{name}", self.pid)

    def entries(self) -> list[Entry]:
        """Its ledger so far."""
        with (
            contextlib.suppress(NoLedger),
            LedgerReader.open(self.home.ledger) as journal,
        ):
            return list(journal.read(0))
        return []

    def wait_for(
        self, kind: type[v.Payload], condition: Callable[[Entry], bool] = lambda entry: True
    ) -> Entry:
        """The first entry of a type that meets a condition, as soon as it is on record."""
        found: list[Entry] = []

        def look() -> bool:
            found.extend(entry for entry in self.entries() if entry.type == kind.TYPE and condition(entry))
            return bool(found)

        until(look, lambda: f"no such {kind.TYPE} in {[entry.type for entry in self.entries()]}")
        return found[0]

    def touch(self, name: str) -> None:
        """Make a file in the home."""
        (self.home.root / name).touch()

    def journal(self) -> str:
        """What it said."""
        self.machine.run("journalctl", "--sync")
        return self.machine.run("journalctl", "--no-pager", "--output=cat")

    def end(self) -> None:
        """Have nothing of it run any more."""
        self.machine.run("systemctl", "kill", "--signal=KILL", "--kill-whom=all", self.name, check=False)
        self.machine.run("systemctl", "stop", self.name, check=False)
        folder = Path(self.machine.root / "etc/systemd/system")
        for path in folder.glob(f"{self.name}*.service"):
            path.unlink()
