from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from eventstore.memory import MemoryStore
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.ledger.ledger import Ledger
from scheduler.rules.state import State
from scheduler.service.records.recorder import Recorder
from tests.support.world import BEGIN, SimulatedClock


def _fact(reason: str) -> Event:
    return v.event(v.SchedulerStopped(reason=reason), v.SCHEDULER)


def test_a_decision_that_is_made_again_is_made_at_the_time_that_it_is_then() -> None:
    """After others appended first, the clock is read again: what was held up for long decides by the time it is."""
    clock = SimulatedClock()
    store = MemoryStore(clock=clock.now)
    moments: list[datetime] = []

    def decide(state: State, now: datetime) -> Sequence[Event]:
        if not moments:
            store.peer().append([_fact("another's")])
            clock.pass_(90.0)
        moments.append(now)
        return [_fact("ours")]

    recorded = Recorder(Ledger(store), clock).decide(decide, BEGIN)
    assert moments == [BEGIN, BEGIN + timedelta(seconds=90)]
    assert [entry.seq for entry in recorded] == [store.refresh().seq]


def test_who_may_not_decide_on_the_state_records_nothing() -> None:
    """A decision is asked for only on a state on which this process may decide, after a conflict too."""
    clock = SimulatedClock()
    store = MemoryStore(clock=clock.now)
    ledger = Ledger(store)

    def decide(state: State, now: datetime) -> Sequence[Event]:
        store.peer().append([_fact("another's")])
        return [_fact("ours")]

    recorder = Recorder(ledger, clock, lambda state: state.head.seq < 1)
    assert recorder.decide(decide, BEGIN) == []
    assert [v.payload(entry).reason for entry in store.read(1)] == ["another's"]
