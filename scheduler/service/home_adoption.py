"""Adopting a home that is a copy: from then on it goes on by itself, and leaves alone what the original started."""

from __future__ import annotations

import os

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ownership.home_identity import forget_processes, remember
from scheduler.rules.runs.run_events import lost
from scheduler.rules.state import State

_MARK_BYTES = 8


def adopt_home(home: Home, ledger: Ledger, actor: str, claims: Claims | None) -> list[Entry]:
    """Record that the home is one of its own; runs that were going are the original's, and lost to this one.

    What it starts from now on carries another mark, so that neither home takes the other's processes for its own.
    The caller holds the scheduler's lock.

    Raises:
        Unavailable, Poisoned, Corrupt: see `EventStore.append`.
    """
    payload = v.HomeAdopted(home=os.urandom(_MARK_BYTES).hex(), path=str(home.root), claims=claims)

    def decide(state: State) -> list[Event]:
        going = [run for run in state.runs.values() if run.started is not None]
        error = "it belongs to the home of which this one is a copy"
        return [v.event(payload, actor), *(lost(run, error) for run in going)]

    entries = ledger.decide(decide)
    forget_processes(home)
    remember(home)
    return entries
