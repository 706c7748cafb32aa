"""Pauses of jobs (`jobs disable --until`), as they end: pure rules."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.state import State


def pauses_ended(state: State, now: datetime) -> list[Event]:
    """A pause that has ended is recorded as such, effective from the moment at which it ended."""
    return [
        v.event(v.JobEnabled(reason="the pause ended", effective_at=until), v.SCHEDULER, job=name)
        for name, job in state.jobs.items()
        if job.present and (until := job.enablement.until) is not None and until <= now
    ]
