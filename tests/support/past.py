"""Pasts that are made up: what happened is said in any order, and stands in a real ledger in the order of time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import Outcome, SkipReason, Trigger
from scheduler.home import Home
from tests.support.ledger import Writer, defined, run_finished, run_started, scheduler_started, ticked

Compose = Callable[[], Event]


def _as_it_is(event: Event) -> Event:
    return event


class Past:
    """Events, each with its time, until `record` writes them down."""

    def __init__(self) -> None:
        self._events: list[tuple[datetime, int, Compose, int | None]] = []
        self._numbers: dict[int, int] = {}
        self._runs = 0

    def defined(self, at: datetime, *definitions: JobDefinition) -> None:
        """The config has these jobs."""
        for job in definitions:
            self._add(at, partial(_as_it_is, defined(job)))

    def started(self, at: datetime) -> None:
        """A scheduler starts."""
        self._add(at, lambda: v.event(scheduler_started(), v.SCHEDULER))

    def stopped(self, at: datetime, reason: str = "signal") -> None:
        """It stops in an orderly way."""
        self._add(at, lambda: v.event(v.SchedulerStopped(reason=reason), v.SCHEDULER))

    def disabled(self, at: datetime, job: str, reason: str, actor: str = "user:ann@web1") -> None:
        """A person disables a job."""
        self._add(at, lambda: v.event(v.JobDisabled(reason=reason), actor, job=job))

    def removed(self, at: datetime, job: str) -> None:
        """The config no longer has a job."""
        self._add(at, partial(_as_it_is, v.event(v.JobRemoved(config="c"), v.CONFIG, job=job)))

    def missed(
        self, at: datetime, job: str, first: datetime, last: datetime, count: int, will_run: int
    ) -> None:
        """Instants passed unwatched, which is found out at `at`."""
        data = v.ScheduleMisfired(first=first, last=last, count=count, policy="one", will_run=will_run)
        self._add(at, lambda: v.event(data, v.SCHEDULER, job=job))

    def run(
        self,
        job: str,
        due: datetime,
        *,
        waits: timedelta = timedelta(0),
        takes: timedelta | None = timedelta(seconds=1),
        outcome: Outcome = "succeeded",
        found_due: datetime | None = None,
        **facts: Any,
    ) -> None:
        """A run: due at an instant, started after a wait; `takes` None: it has not ended."""
        key = self._owed(job, due, found_due or due, "schedule" if found_due is None else "catch_up")
        trigger: Trigger = "schedule" if found_due is None else "catch_up"
        begin = due + waits
        start = run_started(trigger, due)
        self._add(begin, lambda: v.event(start, v.SCHEDULER, job=job, run=self._numbers[key]))
        if takes is None:
            return
        code = {"succeeded": 0, "failed": 3}.get(outcome)
        end = run_finished(
            begin,
            outcome,
            trigger,
            due,
            exit_code=code,
            duration_ms=takes // timedelta(milliseconds=1),
            **facts,
        )
        self._add(begin + takes, lambda: v.event(end, v.SCHEDULER, job=job, run=self._numbers[key]))

    def requested(self, job: str, at: datetime) -> None:
        """A person asks for a run, which waits for a scheduler."""
        data = v.RunRequested(executor="scheduler")
        self._add(at, lambda: v.event(data, "user:ann@web1", job=job, run=OWN_SEQ))

    def skipped(self, job: str, due: datetime, reason: SkipReason = "overlap") -> None:
        """A run is owed and deliberately not made."""
        key = self._owed(job, due, due, "schedule")
        data = v.RunSkipped(reason=reason, trigger="schedule", scheduled_for=due, because_of=1)
        self._add(due, lambda: v.event(data, v.SCHEDULER, job=job, run=self._numbers[key]))

    def record(self, home: Home) -> None:
        """Write it all down; the ledger begins with the first of it."""
        now = min((at for at, _, _, _ in self._events), default=datetime(2000, 1, 1, tzinfo=UTC))
        with closing(Writer(home.root, SEGMENT_ENTRIES, now=now, step=timedelta(0))) as writer:
            for at, _, compose, key in sorted(self._events, key=lambda event: event[:2]):
                writer.now = at
                (entry,) = writer.append(compose())
                if key is not None:
                    self._numbers[key] = entry.seq

    def _owed(self, job: str, due: datetime, found: datetime, trigger: Any) -> int:
        self._runs += 1
        key = self._runs
        data = ticked(due, lateness_ms=(found - due) // timedelta(milliseconds=1), trigger=trigger)
        self._add(found, lambda: v.event(data, v.SCHEDULER, job=job, run=OWN_SEQ), key)
        return key

    def _add(self, at: datetime, compose: Compose, key: int | None = None) -> None:
        self._events.append((at, len(self._events), compose, key))
