"""How decisions are put on record: on the state as it is then, at the time that it is then, by who may decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from eventstore.store import Entry, Event
from scheduler.clock import Clock
from scheduler.ledger.ledger import Ledger
from scheduler.rules.state import State

Decide = Callable[[State, datetime], Sequence[Event]]
"""A decision on a state at a moment: what is to be recorded."""

_JOBS_MAX = 500
"""Entries about so many jobs are decided and appended at a time."""


class Recorder:
    """Records what is decided.

    Args:
        ledger: where.
        clock: read anew for a decision that is made again because others appended first.
        may_decide: whether this process may decide on a state; where it may not, nothing is recorded.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, may_decide: Callable[[State], bool] = lambda state: True
    ) -> None:
        self._ledger, self._clock, self._may_decide = ledger, clock, may_decide

    @property
    def state(self) -> State:
        """The state as it is folded."""
        return self._ledger.state

    def decide(self, decide: Decide, now: datetime) -> list[Entry]:
        """Record what `decide` answers to the state at `now`, or at a later moment if it is asked again.

        Returns:
            The entries recorded, none if there was nothing to say.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
        """
        moment: datetime | None = now

        def decided(state: State) -> Sequence[Event]:
            nonlocal moment
            at, moment = moment or self._clock.read().wall, None
            return decide(state, at) if self._may_decide(state) else ()

        return self._ledger.decide(decided)

    def decide_by_jobs(
        self,
        names: Sequence[str],
        decide: Callable[[State, Sequence[str], datetime], Sequence[Event]],
        now: datetime,
    ) -> None:
        """The same for many jobs: `decide` is asked for some of them at a time.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
        """
        for first in range(0, len(names), _JOBS_MAX):
            some = names[first : first + _JOBS_MAX]
            self.decide(lambda state, at, some=some: decide(state, some, at), now)  # type: ignore[misc]
