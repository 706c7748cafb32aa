"""Locks in words: which one is waited for, and who has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cli.terminal.printable import printable, show_count
from cli.times.show import show_past
from scheduler.entry_members import LockWait
from scheduler.rules.state import State

_HOLDERS_SHOWN_MAX = 5


def lock_words(lock: LockWait, state: State, now: datetime) -> str:
    """`the lock database, held by run 8 of etl since 3 minutes ago`, for a run that waits for it."""
    told = f"the lock {printable(lock.name)}"
    if lock.behind is not None:
        job = state.runs[lock.behind].job if lock.behind in state.runs else ""
        of = f" of {printable(job)}" if job else ""
        return f"{told}, for which run {lock.behind}{of} waits, which is older"
    shown = [_holder(number, state, now) for number in lock.holders[:_HOLDERS_SHOWN_MAX]]
    more = len(lock.holders) - len(shown)
    return f"{told}, held by {', '.join(shown)}" + (f" and {more} more" if more else "")


def _holder(number: int, state: State, now: datetime) -> str:
    run = state.runs.get(number)
    if run is None or run.started is None:
        return f"run {number}"
    return f"run {number} of {printable(run.job)}, started {show_past(run.started, now)}"


def lock_waits_words(waits: Mapping[int, LockWait], state: State, now: datetime) -> list[str]:
    """Of each lock: how many runs wait for it, and who has it."""
    by_lock: dict[str, list[LockWait]] = {}
    for wait in waits.values():
        by_lock.setdefault(wait.name, []).append(wait)
    told = []
    for found in by_lock.values():
        verb = "waits" if len(found) == 1 else "wait"
        told.append(f"{show_count(len(found), 'run')} {verb} for {lock_words(found[0], state, now)}")
    return told
