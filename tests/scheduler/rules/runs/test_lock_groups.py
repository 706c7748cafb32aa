"""Runs that wait for the same locks: what is remembered of their wait."""

from __future__ import annotations

from scheduler.entry_members import LockWait
from scheduler.rules.runs.lock_groups import LockGroups
from scheduler.rules.runs.locks import LockQueue


def test_a_run_never_waits_for_itself() -> None:
    """What could not be recorded as started is still there, and so is what would have waited for it."""
    groups, queue = LockGroups(), LockQueue({}, None)
    for number in (1, 2):
        groups.add(number, ("disk",))
    for number in groups.candidates(queue):
        assert queue.take(number, ["disk"])
    assert groups.waited_for(2) == LockWait(name="disk", holders=[1])
    assert groups.waited_for(1) is None
