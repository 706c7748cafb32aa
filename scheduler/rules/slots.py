"""Slots: how many runs may go at once, and which hold them while others wait. Pure rules."""

from __future__ import annotations

from typing import NamedTuple

from scheduler.rules.dispatch import may_start
from scheduler.rules.state import Run, State


class FullSlots(NamedTuple):
    """All slots are taken, and runs wait for one.

    Attributes:
        holders: the runs that have one, oldest first.
        waiting: numbers of the runs that could start if there were another slot.
    """

    holders: list[Run]
    waiting: list[int]


def full_slots(state: State) -> FullSlots | None:
    """What holds the slots while runs wait for one; None if no run waits for that.

    A scheduler that is serving starts at once whatever may start: what then waits, though no run of its own job is in
    its way, waits for a slot. Whether one is serving, and is not paused, is for the caller to know.
    """
    holders = [run for run in state.runs.values() if run.attempt > 0 and run.by == "scheduler"]
    waiting = [run.number for run in state.runs.values() if _waits_for_a_slot(state, run)]
    return FullSlots(holders, waiting) if holders and waiting else None


def _waits_for_a_slot(state: State, run: Run) -> bool:
    if run.attempt > 0 or run.by != "scheduler" or run.cancel_seq is not None:
        return False
    job = state.jobs.get(run.job)
    if job is None:
        return True
    # With a queue of one job only the oldest can be the next: this keeps the look at all of them short.
    if job.definition.overlap != "allow" and job.live and job.live[0] != run.number:
        return False
    return may_start(run, job, [state.runs[number] for number in job.live])
