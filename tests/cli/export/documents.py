"""A home in which everything has happened once: each type of entry, and jobs with odd names and commands."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import OUTCOMES, Outcome
from tests.support.home import LiveHome
from tests.support.ledger import Writer, run_finished, run_started, scheduler_started, ticked

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def eventful(root: Path) -> LiveHome:
    """A home with an entry of every type that concerns a job, and some that concern none."""
    home = LiveHome(root)
    with closing(Writer(root, SEGMENT_ENTRIES, now=BEGIN + MINUTE, step=MINUTE)) as writer:
        for event in _story():
            writer.append(event)
        for outcome in OUTCOMES:
            _a_run(writer, outcome)
        _was_late(writer)
    return home


def _was_late(writer: Writer) -> None:
    breached = v.ExpectationBreached(expectation="success_every", limit_ms=60_000, since=BEGIN)
    (told,) = writer.append(v.event(breached, v.SCHEDULER, job="nightly"))
    met = v.ExpectationMet(
        expectation="success_every",
        breach=told.seq,
        since=BEGIN,
        until=BEGIN + MINUTE,
        by="succeeded",
        because_of=told.seq - 1,
    )
    writer.append(v.event(met, v.SCHEDULER, job="nightly"))


def _story() -> list[Event]:
    job = JobDefinition(
        name="nightly", command=["pg_dump", "--file=a b"], schedule="0 2 * * *", description="Copies."
    )
    changed = JobDefinition(name="nightly", command="echo '|' \u20ac", schedule="0 3 * * *")
    gone = JobDefinition(name="gone", every="5m")
    due = BEGIN + timedelta(hours=2)
    started = scheduler_started()
    return [
        v.event(started, v.SCHEDULER),
        v.event(v.JobDefined(definition=job, revision="r", config="c"), v.CONFIG, job="nightly"),
        v.event(
            v.JobDefined(definition=changed, revision="s", config="d", changed=["command", "schedule"]),
            v.CONFIG,
            job="nightly",
        ),
        v.event(v.JobDisabled(reason="\u201eno\u201c | <b>"), "user:ann@ops1", job="nightly"),
        v.event(v.JobEnabled(), "user:root@ops2", job="nightly"),
        v.event(
            v.ScheduleMisfired(first=due, last=due + timedelta(days=2), count=3, policy="one", will_run=1),
            v.SCHEDULER,
            job="nightly",
        ),
        v.event(v.ConfigRejected(config="e", errors=[], error_count=1), v.CONFIG),
        v.event(v.JobDefined(definition=gone, revision="t", config="d"), v.CONFIG, job="gone"),
        v.event(v.JobRemoved(config="f"), v.CONFIG, job="gone"),
        v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER),
        v.event(started, v.SCHEDULER),
    ]  # fmt: skip


def _a_run(writer: Writer, outcome: Outcome) -> None:
    due = BEGIN + timedelta(days=1)
    if outcome == "cancelled":
        request = v.RunRequested(executor="scheduler", reason="now")
        run = writer.record(request, "nightly", OWN_SEQ, "user:ann@ops1").seq
    else:
        run = writer.record(ticked(due), "nightly", OWN_SEQ).seq
    if outcome == "unknown":
        skipped = v.RunSkipped(reason="overlap", trigger="schedule", scheduled_for=due, because_of=1)
        writer.record(skipped, "nightly", run)
        return
    writer.record(run_started(), "nightly", run)
    if outcome == "lost":
        return  # it runs still
    error = "it broke" if outcome == "failed" else None
    ended = run_finished(BEGIN, outcome, duration_ms=1_500, exit_code=0, error=error)
    writer.record(ended, "nightly", run)
