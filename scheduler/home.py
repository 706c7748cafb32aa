"""Where things are in a home folder."""

from __future__ import annotations

import os
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import msgspec


class Home(msgspec.Struct, frozen=True):
    """A home: the folder that holds one scheduler's config, ledger and everything derived from it."""

    root: Path

    @property
    def config(self) -> Path:
        """The jobs, as people edit them; further files stand in the folder `config.d` beside it."""
        return self.root / "services" / "scheduler" / "config.yaml"

    @property
    def var(self) -> Path:
        """Everything that cronledger writes."""
        return self.root / "var"

    @classmethod
    def of_config(cls, path: Path) -> Home:
        """The home whose config this file would be."""
        return cls(path.parent.parent.parent)

    @property
    def ledger(self) -> Path:
        """Where the entries are as files: the mirror, where the ledger is in a database, else the ledger itself."""
        mirror = self.mirror
        return mirror if os.path.isdir(mirror) else self.own_ledger

    @property
    def own_ledger(self) -> Path:
        """The truth, unless the ledger is in a database."""
        return self.var / "ledger"

    @property
    def mirror(self) -> Path:
        """The committed entries of the database that the ledger is in; there is none where it is in the home."""
        return self.var / "mirror"

    @property
    def snapshots(self) -> Path:
        """Folded state; disposable."""
        return self.var / "snapshots"

    @property
    def segment_states(self) -> Path:
        """Folded state at the ends of segments; disposable."""
        return self.snapshots / "segments"

    @property
    def projections(self) -> Path:
        """Parquet and views; disposable as long as all segments are at hand."""
        return self.var / "projections"

    @property
    def tree(self) -> Path:
        """Tiles of the Merkle tree over the ledger; disposable as long as all segments are at hand."""
        return self.var / "tree"

    @property
    def anchors(self) -> Path:
        """How far each anchor is, and when it is tried next; disposable."""
        return self.var / "anchors"

    @property
    def notifications(self) -> Path:
        """What is still to be told to people, and how far the ledger was looked at; disposable."""
        return self.var / "notifications"

    @property
    def telemetry(self) -> Path:
        """How far the ledger was sent as traces and log records; disposable."""
        return self.var / "telemetry"

    @property
    def logs(self) -> Path:
        """Captured output and log entries; retention applies."""
        return self.var / "logs"

    @property
    def sessions(self) -> Path:
        """cronledger's own sessions; retention applies."""
        return self.var / "sessions"

    @property
    def config_in_force(self) -> Path:
        """Copy of the last valid config, for a restart while the config is invalid."""
        return self.var / "config-in-force.yaml"

    @property
    def config_outline(self) -> Path:
        """Where the keys of the config in force are written, for readers that need no more of it; disposable."""
        return self.var / "config-outline"

    @property
    def applied_config(self) -> Path:
        """On a database, the text of the config that was applied last, as the database has it."""
        return self.var / "applied-config.yaml"

    @property
    def heartbeat(self) -> Path:
        """Touched while a scheduler is healthy, if the config wants that and names no other file."""
        return self.var / "heartbeat"

    @property
    def last_ping(self) -> Path:
        """What became of the last ping of the heartbeat; disposable."""
        return self.var / "heartbeat-ping.json"

    @property
    def database_away(self) -> Path:
        """Since when the scheduler here cannot reach the database, and why; not there while it can."""
        return self.var / "database-away.json"

    @property
    def kept_totals(self) -> Path:
        """Counts of what is recorded, for metrics; disposable."""
        return self.var / "metrics.json"

    @property
    def last_verification(self) -> Path:
        """When the ledger was verified last, and up to which entry; disposable."""
        return self.var / "last-verification.json"

    @property
    def scheduler_lock(self) -> Path:
        """Locked by the one scheduler that serves this home; never unlinked."""
        return self.var / "scheduler.lock"

    @property
    def processes(self) -> Path:
        """Notes of the processes that were started, for as long as they live; mean nothing after a boot."""
        return self.var / "processes"

    @property
    def outbox(self) -> Path:
        """How attempts ended that could not be recorded yet, for their database is away; not disposable."""
        return self.var / "outbox"

    @property
    def job_state(self) -> Path:
        """A folder for each Python job: what it remembers from one run to the next."""
        return self.var / "jobs"

    @property
    def environments(self) -> Path:
        """Environments that are in force while an edit of them waits for approval."""
        return self.var / "environments"

    @property
    def extensions(self) -> Path:
        """Jobs in Python, as people write them."""
        return self.root / "extensions"

    @property
    def keys(self) -> Path:
        """The key that signs the ledger, unless the config names another place, and what its signer remembers."""
        return self.root / "keys"

    @property
    def own(self) -> tuple[Path, ...]:
        """The folders from which nothing but cronledger itself may delete."""
        return (
            self.own_ledger, self.mirror, self.keys, self.snapshots, self.projections, self.tree, self.anchors,
            self.processes, self.environments, self.notifications, self.outbox,
            self.telemetry,
        )  # fmt: skip

    def output(self, run: int, attempt: int, started: datetime, stream: str) -> Path:
        """Captured output of an attempt; `started` is the `time` of its `run.started`, `stream` stdout or stderr."""
        return Path(self.output_text(run, attempt, started, stream))

    def output_text(self, run: int, attempt: int, started: datetime, stream: str) -> str:
        """The same as text, for those who start a thousand runs a second: a `Path` takes its time to make."""
        return f"{_output_folder(self, started.date())}/{run}-{attempt}.{stream}"


@lru_cache(maxsize=16)
def _output_folder(home: Home, day: date) -> str:
    return f"{home.logs}/output/{day:%Y-%m-%d}"


class NoHome(Exception):
    """There is neither a ledger nor a config in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        super().__init__(f"there is no cronledger home in {root}")
