"""Where things are in a home folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple


class Home(NamedTuple):
    """A home: the folder that holds one scheduler's config, ledger and everything derived from it."""

    root: Path

    @property
    def config(self) -> Path:
        """The jobs, as people edit them."""
        return self.root / "services" / "scheduler" / "config.yaml"

    @property
    def var(self) -> Path:
        """Everything that cronledger writes."""
        return self.root / "var"

    @property
    def ledger(self) -> Path:
        """The truth."""
        return self.var / "ledger"

    @property
    def snapshots(self) -> Path:
        """Folded state; disposable."""
        return self.var / "snapshots"

    @property
    def projections(self) -> Path:
        """Parquet and views; disposable."""
        return self.var / "projections"

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
    def scheduler_lock(self) -> Path:
        """Locked by the one scheduler that serves this home; never unlinked."""
        return self.var / "scheduler.lock"

    def output(self, run: int, attempt: int, started: datetime, stream: str) -> Path:
        """Captured output of an attempt; `started` is the `time` of its `run.started`, `stream` stdout or stderr."""
        return self.logs / "output" / started.strftime("%Y-%m-%d") / f"{run}-{attempt}.{stream}"
