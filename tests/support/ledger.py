"""Made-up ledgers, written by the real journal under a clock that is driven by hand.

`Writer` writes entry after entry. `tests.support.past` tells a past in any order, `tests.support.output` adds what
runs print, `tests.support.simulated_home` writes down a simulated world: all of them by a `Writer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from eventstore.journal import Journal
from eventstore.store import OWN_SEQ, Entry, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, revision
from scheduler.entry_members import MisfireReason, Outcome, Trigger
from scheduler.home import Home

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
SEGMENT_ENTRIES = 8
"""So many entries has a segment of a small ledger."""


def defined(definition: JobDefinition) -> Event:
    """The config has this job."""
    data = v.JobDefined(definition=definition, revision=revision(definition), config="c")
    return v.event(data, v.CONFIG, job=definition.name)


def ticked(
    due: datetime,
    *,
    lateness_ms: int = 5,
    trigger: Literal["schedule", "catch_up"] = "schedule",
    timezone: str = "UTC",
    local_time: str = "",
) -> v.ScheduleTicked:
    """An instant is settled: a run is owed."""
    return v.ScheduleTicked(
        scheduled_for=due, local_time=local_time, timezone=timezone, lateness_ms=lateness_ms, trigger=trigger
    )


def run_started(trigger: Trigger = "schedule", due: datetime | None = None, attempt: int = 1) -> v.RunStarted:
    """An attempt of a run begins."""
    return v.RunStarted(
        attempt=attempt,
        trigger=trigger,
        scheduled_for=due,
        command_sha256="00",
        host="web1",
        boot_id="b",
        executor_pid=1,
        executor_start_ticks=1,
    )


def run_finished(
    started: datetime,
    outcome: Outcome = "succeeded",
    trigger: Trigger = "schedule",
    due: datetime | None = None,
    attempt: int = 1,
    **facts: Any,
) -> v.RunFinished:
    """An attempt of a run ends."""
    return v.RunFinished(
        trigger=trigger, started=started, outcome=outcome, attempt=attempt, scheduled_for=due, **facts
    )


def scheduler_started(pid: int = 1, **facts: Any) -> v.SchedulerStarted:
    """A scheduler begins to watch."""
    return v.SchedulerStarted(pid=pid, host="web1", boot_id="b", versions={}, **facts)


class Writer:
    """A home whose ledger grows by hand; its entries are `durable` where someone waits for that.

    Attributes:
        home: the home.
        now: what its clock shows.
        step: so much time passes with every append.
    """

    def __init__(
        self,
        root: Path,
        segment_entries: int = SEGMENT_ENTRIES,
        *,
        now: datetime = START,
        step: timedelta = timedelta(seconds=1),
        durable: bool = False,
    ) -> None:
        self.home = Home(root)
        self.now, self.step = now, step
        self._due: dict[int, datetime] = {}
        self.journal = Journal.open(
            self.home.ledger,
            software="tests",
            clock=lambda: self.now,
            fsync="always" if durable else "never",
            segment_entries=segment_entries,
        )

    def append(self, *events: Event) -> list[Entry]:
        """Record the events in one append."""
        self.now += self.step
        return self.journal.append(events)

    def record(
        self, data: v.Payload, job: str | None = None, run: int | None = None, actor: str = v.SCHEDULER
    ) -> Entry:
        """Append one entry, by default of the scheduler."""
        return self.append(v.event(data, actor, job=job, run=run))[0]

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def define(self, name: str, definition: JobDefinition | None = None) -> None:
        """The config has this job."""
        self.append(defined(definition or JobDefinition(name=name, command="true", schedule="0 2 * * *")))

    def tick(
        self, job: str, lateness_ms: int = 5, trigger: Literal["schedule", "catch_up"] = "schedule"
    ) -> int:
        """An instant of the job falls due; the number of the run that is owed."""
        due = self.now + self.step - timedelta(milliseconds=lateness_ms)
        tick = ticked(due, lateness_ms=lateness_ms, trigger=trigger, local_time=due.isoformat())
        run = self.record(tick, job, OWN_SEQ).seq
        self._due[run] = due
        return run

    def request(self, job: str, reason: str = "") -> int:
        """A person asks for a run; its number."""
        asked = v.RunRequested(executor="self", reason=reason)
        return self.record(asked, job, OWN_SEQ, "user:ada@host").seq

    def start(self, job: str, run: int, trigger: Trigger = "schedule", attempt: int = 1) -> None:
        """The run begins, or one more attempt of it."""
        self.record(run_started(trigger, self._due.get(run), attempt), job, run)

    def finish(
        self,
        job: str,
        run: int,
        outcome: Outcome = "succeeded",
        trigger: Trigger = "schedule",
        duration_ms: int = 1_000,
        **facts: Any,
    ) -> None:
        """The run ends; with `retry_at` only an attempt, with `closes` only its wait for another one."""
        failed = outcome == "failed"
        finished = run_finished(
            self.now,
            outcome,
            trigger,
            self._due.get(run),
            duration_ms=duration_ms,
            exit_code=int(failed),
            cpu_ms=7,
            memory_peak_bytes=4096,
            stdout_bytes=3,
            error="exited with 1" if failed else None,
            **facts,
        )
        self.record(finished, job, run)

    def skip(self, job: str, run: int, trigger: Trigger = "schedule") -> None:
        """The run never begins, for another one of the job is going."""
        self.record(
            v.RunSkipped(reason="overlap", trigger=trigger, scheduled_for=self._due.get(run)), job, run
        )

    def serve(self, pid: int = 7) -> None:
        """A scheduler begins to watch."""
        self.record(scheduler_started(pid, config="c"))

    def misfire(
        self, job: str, count: int, will_run: int = 0, reason: MisfireReason = "scheduler_down"
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
        self.record(misfired, job)

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
