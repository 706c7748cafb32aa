"""Homes that share a ledger and a database: one applies its config, the others have values of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from eventstore.memory import MemoryStore
from eventstore.store import Entry
from scheduler.configuration.model import Config
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.applying import Applying, apply_config, config_to_apply
from scheduler.nodes.config_on_database import ConfigOnDatabase
from scheduler.rules.approvals.persons import Party
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.service.announcements import Announcement
from tests.support.home import make_home
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import DatabaseServer
from tests.support.world import SimulatedClock

SALT = b"7" * 32
ANN = Applying("user:ann@db1", None, Party("ann"))


def salted_home(root: Path, config: str | None, salt: bytes = SALT) -> Home:
    """A home with a config, and with the salt that belongs to all homes of a ledger."""
    home = make_home(root, config)
    home.var.mkdir(mode=0o700, exist_ok=True)
    (home.var / "salt").write_bytes(salt)
    return home


class Cluster:
    """A ledger, the server with the texts of configs, and the homes of its nodes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = SimulatedClock()
        self.server = DatabaseServer()
        self.ledger = Ledger(MemoryStore(clock=self.clock.now))
        self.ledger.refresh()

    def home(self, name: str, config: str | None, salt: bytes = SALT) -> Home:
        """A home with a config, and with the salt that belongs to all of them."""
        return salted_home(self.root / name, config, salt)

    def apply(self, home: Home, by: Applying = ANN) -> list[Entry]:
        """Bring its config into force; what was recorded."""
        return apply_config(self.ledger, self.database(home.root.name), config_to_apply(home), by)

    def database(self, name: str) -> SimulatedDatabase:
        """The database, as another process reaches it."""
        return SimulatedDatabase(self.server, name)

    def node(self, home: Home, environ: Mapping[str, str] | None = None) -> RunningConfig:
        """A node that follows what is in force."""
        return RunningConfig(self, home, {} if environ is None else environ)

    def check(self) -> None:
        """No law is broken by what was recorded."""
        assert list(illegal_entries(self.ledger.store.read(0))) == []


class RunningConfig:
    """The config of a node that serves.

    Attributes:
        taken: each config that was put in force.
        told: what a person at the terminal was told.
    """

    def __init__(self, cluster: Cluster, home: Home, environ: Mapping[str, str]) -> None:
        self._clock = cluster.clock
        self.taken: list[Config] = []
        self.told: list[Announcement] = []
        self.database = cluster.database(home.root.name)
        self.watch = ConfigOnDatabase(
            home, cluster.ledger, self.database, cluster.clock, self.taken.append, self.told.append, environ
        )

    def look(self, seconds: float = 1.0) -> None:
        """Time passes, and it looks."""
        self._clock.pass_(seconds)
        self.watch.look()

    def env(self, job: str) -> Mapping[str, str] | None:
        """With which environment it would start a job; None: it does not have it."""
        found = self.watch.config.jobs.get(job)
        return None if found is None else found.env
