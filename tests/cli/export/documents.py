"""A home in which everything has happened once: each type of entry, and jobs with odd names and commands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventstore import OWN_SEQ, Event, Journal
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.home import LiveHome

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


class Clock:
    """Time that moves by a minute whenever it is looked at."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> datetime:
        """The present moment."""
        self.now += timedelta(minutes=1)
        return self.now


def eventful(root: Path) -> LiveHome:
    """A home with an entry of every type that concerns a job, and some that concern none."""
    home = LiveHome(root)
    with Journal.open(home.ledger, software="test", clock=Clock(), fsync="never") as journal:
        for event in _story():
            journal.append([event])
        for outcome in v.OUTCOMES:
            _a_run(journal, outcome)
    return home


def _story() -> list[Event]:
    job = JobDefinition(
        name="nightly", command=["pg_dump", "--file=a b"], schedule="0 2 * * *", description="Copies."
    )
    changed = JobDefinition(name="nightly", command="echo '|' \u20ac", schedule="0 3 * * *")
    gone = JobDefinition(name="gone", every="5m")
    due = BEGIN + timedelta(hours=2)
    started = v.SchedulerStarted(pid=1, host="web1", boot_id="b", versions={})
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


def _a_run(journal: Journal, outcome: v.Outcome) -> None:
    due = BEGIN + timedelta(days=1)
    tick = v.ScheduleTicked(scheduled_for=due, local_time="", timezone="UTC", lateness_ms=5)
    request = v.RunRequested(executor="scheduler", reason="now")
    (caused,) = journal.append(
        [v.event(tick, v.SCHEDULER, job="nightly", run=OWN_SEQ)]
        if outcome != "cancelled"
        else [v.event(request, "user:ann@ops1", job="nightly", run=OWN_SEQ)]
    )
    if outcome == "unknown":
        skipped = v.RunSkipped(reason="overlap", trigger="schedule", scheduled_for=due, because_of=1)
        journal.append([v.event(skipped, v.SCHEDULER, job="nightly", run=caused.seq)])
        return
    begun = v.RunStarted(
        attempt=1, trigger="schedule", command_sha256="x", host="web1", boot_id="b", executor_pid=1,
        executor_start_ticks=1,
    )  # fmt: skip
    journal.append([v.event(begun, v.SCHEDULER, job="nightly", run=caused.seq)])
    if outcome == "lost":
        return  # it runs still
    ended = v.RunFinished(
        trigger="schedule", started=BEGIN, outcome=outcome, attempt=1, duration_ms=1_500,
        exit_code=0, error="it broke" if outcome == "failed" else None,
    )  # fmt: skip
    journal.append([v.event(ended, v.SCHEDULER, job="nightly", run=caused.seq)])
