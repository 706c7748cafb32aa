"""Slots and locks: what holds them while runs wait for one, as the state tells. Pure rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from scheduler.entry_members import LockWait
from scheduler.rules.after import late_successes
from scheduler.rules.nodes.placement import Places, Unplaced
from scheduler.rules.runs.dispatch import may_start
from scheduler.rules.runs.locks import HeldLocks, LockQueue, locks_of
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

    Where several nodes share the ledger: if none has one left. That those which a job runs on have none is told
    of its runs (`waiting_reasons`).

    A scheduler that serves the home starts at once every run that may start. So a run that waits, although no run of
    its job and no lock is in its way, waits for a slot. The caller must know that a scheduler serves the home and is
    not paused.

    Args:
        state: the present state.
        now: the moment; None: that of the last entry. A run that waits for the time of its next attempt waits for no
            slot.
    """
    holders = [run for run in state.runs.values() if run.begun and run.by == "scheduler"]
    if state.nodes:
        waiting = _waiting_for_nodes(state, now)
        return FullSlots(holders, waiting) if waiting else None
    could_start = [run for run in _could_start(state, now) if run.by == "scheduler"] if holders else []
    locked = lock_waits(state, now) if any(locks_of(state, run) for run in could_start) else {}
    waiting = [run.number for run in could_start if run.number not in locked]
    return FullSlots(holders, waiting) if waiting else None


def _waiting_for_nodes(state: State, now: datetime | None) -> list[int]:
    """The runs that could start on some node if it had a slot left, where none has."""
    places = Places.of(state)
    if places.free:
        return []
    could_start = ((run.number, state.jobs.get(run.job)) for run in _could_start(state, now))
    return [number for number, job in could_start if job is not None and places.holders(job.definition)]


def lock_waits(state: State, now: datetime | None = None) -> dict[int, LockWait]:
    """The runs that wait for a lock, by number, oldest first, each with the lock that it cannot have.

    How many runs may hold a lock is taken from the run that took it last. The caller must know that somebody starts
    what may start: a scheduler that serves the home and is not paused, or the process that makes the run's attempts.

    Args:
        state: the present state; now: see `full_slots`.
    """
    asking = [(run, locks) for run in _could_start(state, now) if (locks := locks_of(state, run))]
    if asking and state.nodes:  # what no node can take waits for no lock
        elsewhere = Unplaced(state, Places.of(state), ())
        asking = [each for each in asking if each[0].number not in elsewhere]
    if not asking:
        return {}
    queue = LockQueue(HeldLocks.of(state.runs.values()).holders, None)
    found = {}
    for run, locks in sorted(asking, key=lambda each: each[0].number):
        if (wait := queue.obstacle(run.number, locks)) is not None:
            found[run.number] = wait
            queue.wait(run.number, locks)
        else:
            queue.take(run.number, locks, starts=False)
    return found


class AskedBefore(NamedTuple):
    """The runs that ask for locks before one that is new.

    Attributes:
        queue: for locks, in which they have asked.
        granted: numbers of the runs that can have theirs.
    """

    queue: LockQueue
    granted: set[int]


def asked_before(state: State, now: datetime, capacities: Mapping[str, int], *, served: bool) -> AskedBefore:
    """The same, as the state tells; it does not matter which process makes their attempts.

    Args:
        state: the present state; now: the moment.
        capacities: how many runs may hold a lock at once, where it is not one.
        served: whether a scheduler serves the home. Without one nobody starts the runs that wait for it, and only
            attempts that are due come first.
    """
    queue = LockQueue(HeldLocks.of(state.runs.values()).holders, capacities)
    granted = {
        run.number
        for run in sorted(_could_start(state, now), key=lambda run: run.number)
        if (served or run.waits_for_retry)
        and (locks := locks_of(state, run))
        and queue.take(run.number, locks, starts=False)
    }
    return AskedBefore(queue, granted)


def _could_start(state: State, now: datetime | None) -> list[Run]:
    """The runs that nothing keeps from starting but locks and slots."""
    now = now or state.time
    return [run for run in state.runs.values() if not run.begun and _is_next(state, run, now)]


def _is_next(state: State, run: Run, now: datetime) -> bool:
    if run.cancel_seq is not None or (run.retry is not None and run.retry.at > now):
        return False
    job = state.jobs.get(run.job)
    if job is None:
        return True
    # Of the queued runs of one job only the oldest can be next. This check saves a look at the others.
    if job.definition.overlap != "allow" and job.live and job.live[0] != run.number and not run.attempt:
        return False
    if not may_start(run, job, [state.runs[number] for number in job.live]):
        return False
    return not late_successes(state, run, job, now)
