"""Histories of many runs with every kind of outcome, from a seed."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import OUTCOMES, TRIGGERS
from tests.support.home import LiveHome
from tests.support.ledger import Writer, defined, run_finished, run_started, ticked

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


JOBS = ("alpha", "beta", "gamma")


def fill(
    home: LiveHome, runs: int, *, seed: int = 1, per_minute: int = 1, segment_entries: int = SEGMENT_ENTRIES
) -> None:
    """Record so many runs of three jobs, every kind of outcome among them, from a seed."""
    chance = random.Random(seed)
    with closing(Writer(home.root, segment_entries, now=BEGIN, step=timedelta(0))) as writer:
        jobs = [
            JobDefinition(name=name, command="true", schedule="* * * * *", timezone="Europe/Paris")
            for name in JOBS
        ]
        writer.append(*map(defined, jobs), v.event(v.ConfigAccepted(config="c", jobs=3), v.CONFIG))
        batch: list[Event] = []
        first = writer.journal.head().seq + 1
        for number in range(runs):
            batch += one_run(chance, writer.now, first + len(batch))
            if number % per_minute == per_minute - 1:
                writer.wait(minutes=1)
                if len(batch) > 500 or per_minute == 1:
                    writer.append(*batch)
                    batch, first = [], writer.journal.head().seq + 1
        if batch:
            writer.append(*batch)


def one_run(chance: random.Random, now: datetime, seq: int) -> list[Event]:
    """What is recorded about one run whose number is `seq`."""
    name = chance.choice(JOBS)
    trigger = chance.choice(TRIGGERS)
    due = None if trigger == "manual" else now
    if due is None:
        events = [v.event(v.RunRequested(executor="scheduler"), "user:ann@here", job=name, run=OWN_SEQ)]
    else:
        tick = ticked(due, timezone="Europe/Paris", lateness_ms=1, trigger=cast("Any", trigger))
        events = [v.event(tick, "scheduler", job=name, run=OWN_SEQ)]
    if chance.random() < 0.1:
        skipped = v.RunSkipped(reason="overlap", trigger=trigger, scheduled_for=due, because_of=1)
        return [*events, v.event(skipped, "scheduler", job=name, run=seq)]
    outcome = chance.choice(OUTCOMES)
    code = {"succeeded": 0, "failed": 3}.get(outcome)
    duration_ms = chance.randrange(9999)
    finished = run_finished(now, outcome, trigger, due, duration_ms=duration_ms, exit_code=code)
    events += [
        v.event(data, v.SCHEDULER, job=name, run=seq) for data in (run_started(trigger, due), finished)
    ]
    return events
