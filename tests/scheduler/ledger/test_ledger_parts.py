"""Many events are recorded a part at a time, whatever others append between the parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from eventstore.errors import Conflict, Unavailable
from eventstore.memory import MemoryStore
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.ledger.ledger import Ledger
from scheduler.rules.reconcile import reconcile
from scheduler.rules.state import State

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JOBS = {f"job-{n}": JobDefinition(name=f"job-{n}", command="true", schedule="0 2 * * *") for n in range(9)}


def wanted(state: State) -> list[Event]:
    """What the state lacks of the jobs."""
    return reconcile(state, JOBS, "digest", NOW)


def test_parts_follow_one_another_and_others_may_come_between() -> None:
    """Each job is recorded once, in order, and what comes last is last, also where another process was first."""
    store = MemoryStore(clock=lambda: NOW)
    ledger, sizes = Ledger(store), []

    def disabled_between(events: Sequence[Event]) -> None:
        sizes.append(len(events))
        if len(sizes) == 2:
            store.before_commit = None
            store.append([v.event(v.JobDisabled(), "user:ann@host", job="job-1")])
            store.before_commit = disabled_between
            raise Conflict("another process appended first")

    ledger.refresh()
    store.before_commit = disabled_between
    ledger.decide_by_parts(wanted, 4)
    assert sizes == [4, 4, 4, 2], "the second part is decided anew, with all that was left"
    entries = list(store.read(1))
    defined = [entry.job for entry in entries if entry.type == v.JobDefined.TYPE]
    assert defined == list(JOBS)
    assert entries[-1].type == v.ConfigAccepted.TYPE
    assert not ledger.state.jobs["job-1"].enablement.enabled
    sizes.clear()
    ledger.decide_by_parts(wanted, 4)
    assert sizes == []


def test_a_ledger_on_which_others_are_always_first_is_given_up() -> None:
    """Not tried for ever."""
    store = MemoryStore(clock=lambda: NOW)
    ledger = Ledger(store)
    ledger.refresh()

    def first(events: Sequence[Event]) -> None:
        raise Conflict("another process appended first")

    store.before_commit = first
    with pytest.raises(Unavailable, match="faster"):
        ledger.decide_by_parts(lambda state: [v.event(v.SchedulerResumed(paused_ms=1), v.SCHEDULER)], 4)
