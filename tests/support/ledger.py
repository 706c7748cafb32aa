"""Small ledgers for the tests of projections, written by the real journal under a clock that is driven by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from eventstore import Entry, Event, Journal
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, revision
from scheduler.home import Home

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SEGMENT_ENTRIES = 8


class Writer:
    """A home whose ledger grows by hand; a second passes with every append."""

    def __init__(self, root: Path, segment_entries: int = SEGMENT_ENTRIES) -> None:
        self.home = Home(root)
        self.now = START
        self._due: dict[int, datetime] = {}
        self.journal = Journal.open(
            self.home.ledger,
            software="tests",
            clock=lambda: self.now,
            fsync="never",
            segment_entries=segment_entries,
        )

    def append(self, *events: Event) -> list[Entry]:
        """Record the events in one append."""
        self.now += timedelta(seconds=1)
        return self.journal.append(events)

    def define(self, name: str, definition: JobDefinition | None = None) -> None:
        """The config has this job."""
        job = definition or JobDefinition(name=name, command="true", schedule="0 2 * * *")
        self.append(
            v.event(v.JobDefined(definition=job, revision=revision(job), config="c"), v.CONFIG, job=name)
        )

    def tick(
        self, job: str, lateness_ms: int = 5, trigger: Literal["schedule", "catch_up"] = "schedule"
    ) -> int:
        """An instant of the job falls due; the number of the run that is owed."""
        due = self.now + timedelta(seconds=1) - timedelta(milliseconds=lateness_ms)
        tick = v.ScheduleTicked(
            scheduled_for=due,
            local_time=due.isoformat(),
            timezone="UTC",
            lateness_ms=lateness_ms,
            trigger=trigger,
        )
        run = self.append(v.event(tick, v.SCHEDULER, job=job, run=OWN_SEQ))[0].seq
        self._due[run] = due
        return run

    def request(self, job: str, reason: str = "") -> int:
        """A person asks for a run; its number."""
        asked = v.RunRequested(executor="self", reason=reason)
        return self.append(v.event(asked, "user:ada@host", job=job, run=OWN_SEQ))[0].seq

    def start(self, job: str, run: int, trigger: v.Trigger = "schedule") -> None:
        """The run begins."""
        started = v.RunStarted(
            attempt=1,
            trigger=trigger,
            scheduled_for=self._due.get(run),
            command_sha256="00",
            host="host",
            boot_id="b",
            executor_pid=1,
            executor_start_ticks=1,
        )
        self.append(v.event(started, v.SCHEDULER, job=job, run=run))

    def finish(
        self,
        job: str,
        run: int,
        outcome: v.Outcome = "succeeded",
        trigger: v.Trigger = "schedule",
        duration_ms: int = 1_000,
    ) -> None:
        """The run ends."""
        failed = outcome == "failed"
        finished = v.RunFinished(
            trigger=trigger,
            started=self.now,
            duration_ms=duration_ms,
            outcome=outcome,
            attempt=1,
            scheduled_for=self._due.get(run),
            exit_code=int(failed),
            cpu_ms=7,
            memory_peak_bytes=4096,
            stdout_bytes=3,
            error="exited with 1" if failed else None,
        )
        self.append(v.event(finished, v.SCHEDULER, job=job, run=run))

    def serve(self, pid: int = 7) -> None:
        """A scheduler begins to watch."""
        started = v.SchedulerStarted(pid=pid, host="host", boot_id="b", versions={}, config="c")
        self.append(v.event(started, v.SCHEDULER))

    def misfire(
        self, job: str, count: int, will_run: int = 0, reason: v.MisfireReason = "scheduler_down"
    ) -> None:
        """So many instants of a job, the last one now, passed unwatched."""
        misfired = v.ScheduleMisfired(
            first=self.now - timedelta(minutes=count - 1),
            last=self.now,
            count=count,
            policy="one",
            will_run=will_run,
            reason=reason,
        )
        self.append(v.event(misfired, v.SCHEDULER, job=job))

    def history(self, job: str, runs: int) -> None:
        """So many runs of a job, one after another."""
        for _ in range(runs):
            run = self.tick(job)
            self.start(job, run)
            self.finish(job, run)

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def column(rows: Sequence[tuple[object, ...]]) -> list[object]:
    """The first value of each row."""
    return [row[0] for row in rows]
