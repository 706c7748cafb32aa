"""Slots: which runs hold them while others wait for one. Pure rules."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from scheduler.rules.runs.dispatch import may_start
from scheduler.rules.state import Run, State


class FullSlots(NamedTuple):
    """All slots are taken, and runs wait for one.

    Attributes:
        holders: the runs that hold a slot, oldest first.
        waiting: numbers of the runs that could start if there were another slot.
    """

    holders: list[Run]
    waiting: list[int]


def full_slots(state: State, now: datetime | None = None) -> FullSlots | None:
    """The runs that hold the slots and those that wait for one; None if no run waits for a slot.

    A scheduler that serves the home starts at once every run that may start. So a run that waits, although no run of
    its job is in its way, waits for a slot. The caller must know that a scheduler serves the home and is not paused.

    Args:
        state: the present state.
        now: the moment; None: that of the last entry. A run that waits for the time of its next attempt waits for no
            slot.
    """
    now = now or state.time
    holders = [run for run in state.runs.values() if run.started is not None and run.by == "scheduler"]
    waiting = [run.number for run in state.runs.values() if _waits_for_a_slot(state, run, now)]
    return FullSlots(holders, waiting) if holders and waiting else None


def _waits_for_a_slot(state: State, run: Run, now: datetime) -> bool:
    if run.started is not None or run.by != "scheduler" or run.cancel_seq is not None:
        return False
    if run.retry is not None and run.retry.at > now:
        return False
    job = state.jobs.get(run.job)
    if job is None:
        return True
    # Of the queued runs of one job only the oldest can be next. This check saves a look at the others.
    if job.definition.overlap != "allow" and job.live and job.live[0] != run.number and not run.attempt:
        return False
    return may_start(run, job, [state.runs[number] for number in job.live])
