"""Who held the slots and the locks for which a run waited, and since when, as facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scheduler import vocabulary as v
from scheduler.entry_members import LockWait
from scheduler.explanation.facts import LockInTheWay, TakenSlots
from scheduler.ledger.past import NEAR_ENTRIES, Past


def taken_slots(past: Past, holders: Sequence[int], at_seq: int) -> TakenSlots:
    """What is said of runs that held all slots, at entry `at_seq`."""
    begun = _begun(past, holders, at_seq)
    jobs = [past.entry(number).job or "" for number in holders]
    since = max(begun.values(), default=None)
    return TakenSlots(entries=list(holders), runs=list(holders), jobs=jobs, since=since)


def lock_in_the_way(
    past: Past, wait: LockWait, whose: int, at_seq: int, *, waits: bool = False
) -> LockInTheWay:
    """What is said of a lock that a run could not have, at entry `at_seq`."""
    numbers = wait.holders if wait.behind is None else [wait.behind]
    begun = _begun(past, numbers, at_seq)
    return LockInTheWay(
        entries=numbers,
        lock=wait.name,
        runs=numbers,
        jobs=[past.entry(number).job or "" for number in numbers],
        since=max(begun.values(), default=None) if wait.behind is None else None,
        older=wait.behind is not None,
        waits=waits,
        whose=whose,
    )


def _begun(past: Past, numbers: Sequence[int], until_seq: int) -> dict[int | None, datetime]:
    """When the last attempt of these runs began, as far as it did by then."""
    first = min(numbers) + 1
    return {
        entry.run: entry.time
        for entry in past.entries(first, min(until_seq, first + NEAR_ENTRIES))
        if entry.run in numbers and entry.type == v.RunStarted.TYPE
    }
