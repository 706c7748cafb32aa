"""A ledger into which a later version has recorded what this one does not know."""

from __future__ import annotations

import pytest

from eventstore.errors import NewerFormat
from eventstore.memory import MemoryStore
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.ledger.ledger import Ledger
from tests.support.journal import StepClock

STOPPED = v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER)


def test_what_a_later_version_recorded_is_read_and_nothing_is_recorded_behind_it() -> None:
    """A decision by a state that lacks an entry's meaning could undo what the entry says."""
    store = MemoryStore(clock=StepClock())
    ledger = Ledger(store)
    ledger.refresh()
    ledger.record([STOPPED])
    (newer,) = store.peer().append([Event(type="job.renamed", actor="config", data={"to": "other"})])
    ledger.refresh()
    assert ledger.state.head.seq == newer.seq
    with pytest.raises(NewerFormat, match=rf"entry {newer.seq} .* job\.renamed: a later version"):
        ledger.decide(lambda state: [STOPPED])
    assert store.refresh().seq == newer.seq
