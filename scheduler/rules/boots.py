"""Boots: what a scheduler that starts records of the jobs that run once for each boot of the machine. Pure rules.

The boot that is on record since this start is run at once, whatever `catch_up` says: it was not missed. If schedulers
died before they could record that, a later start does: of the same boot, it runs it; boots before it were missed, and
share one misfire.
"""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.catch_up import ticked
from scheduler.rules.state import Job, State


def boot_events(state: State, now: datetime) -> list[Event]:
    """What is recorded of the boots that are owed."""
    owed = ((state.jobs[name], boots) for name, boots in state.at_reboot.items() if boots)
    return [event for job, boots in owed if job.on_schedule for event in _of(job, boots, now)]


def _of(job: Job, boots: list[datetime], now: datetime) -> list[Event]:
    *before, newest = boots
    missed: list[Event] = []
    if before:
        misfired = v.ScheduleMisfired(
            first=before[0],
            last=before[-1],
            count=len(before),
            policy=job.definition.catch_up,
            will_run=0,
        )
        missed.append(v.event(misfired, v.SCHEDULER, job=job.name))
    return [*missed, ticked(job.definition, newest, now)]
