"""A home whose ledger and output are written by hand, at times that are given."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import Entry
from scheduler.entry_members import Outcome
from scheduler.logs import Collector, LogEntry, LogFilter, entries_folder, oldest_first
from tests.support.ledger import Writer, run_finished, run_started

START = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
STREAMS = ("stdout", "stderr")


class HandWritten(Writer):
    """A home, its ledger, its output and its clock, which stands still unless it is told to `wait`."""

    def __init__(self, root: Path, now: datetime = START) -> None:
        super().__init__(root, SEGMENT_ENTRIES, now=now, step=timedelta(0), durable=True)
        self.started: dict[int, Entry] = {}

    def begin(self, job: str = "nightly") -> int:
        """Begin a run; its number."""
        run = self.request(job)
        self.started[run] = self.record(run_started("manual"), job, run)
        return run

    def path(self, run: int, stream: str = "stdout") -> Path:
        """Where a run's output is."""
        return self.home.output(run, 1, self.started[run].time, stream)

    def put(self, run: int, raw: bytes, stream: str = "stdout") -> None:
        """Have a run print."""
        path = self.path(run, stream)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(raw)

    def end(self, run: int, outcome: Outcome = "succeeded", exit_code: int | None = 0) -> Entry:
        """End a run, with the digests of what it printed; empty output is removed."""
        sizes: dict[str, tuple[int, str | None]] = {}
        for stream in STREAMS:
            path = self.path(run, stream)
            raw = path.read_bytes() if path.exists() else b""
            sizes[stream] = (len(raw), hashlib.sha256(raw).hexdigest() if raw else None)
        begun = self.started[run]
        data = run_finished(
            begun.time, outcome, "manual", exit_code=exit_code, duration_ms=10,
            stdout_bytes=sizes["stdout"][0], stdout_sha256=sizes["stdout"][1],
            stderr_bytes=sizes["stderr"][0], stderr_sha256=sizes["stderr"][1],
        )  # fmt: skip
        return self.record(data, begun.job, run)

    def collector(self) -> Collector:
        """A collector with this clock."""
        return Collector(self.home, lambda: self.now)

    def collect(self) -> None:
        """Collect all there is, by a new collector."""
        collector = self.collector()
        try:
            while collector.turn() or collector.pending:
                pass
        finally:
            collector.close()

    def entries(self, wanted: LogFilter | None = None) -> list[LogEntry]:
        """All log entries there are."""
        return list(oldest_first(entries_folder(self.home), wanted or LogFilter()))

    def printed(self, run: int, stream: str = "stdout") -> list[str]:
        """The messages that come from one stream of a run."""
        return [entry.message for entry in self.entries() if entry.run == run and entry.stream == stream]

    def position(self) -> dict[str, object]:
        """What the collector's position says."""
        found: dict[str, object] = msgspec.json.decode(
            (entries_folder(self.home) / "position.json").read_bytes()
        )
        return found
