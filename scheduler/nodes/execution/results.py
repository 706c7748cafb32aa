"""Results: how attempts of a node ended, until that is on record.

Each becomes a `run.finished`; or, if the attempt was given up meanwhile and is lost on record, a `run.reported`,
which changes nothing but tells. While neither can be recorded they wait, in memory and in an outbox that outlives the
process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from msgspec import structs

from eventstore.store import Event
from scheduler.nodes.outbox import Outbox
from scheduler.rules.nodes.starting import report
from scheduler.rules.runs.attempts import is_news, with_retry
from scheduler.rules.state import State

RECORDED_MAX = 500
"""So many are recorded at once at most: an append is one statement, which has to arrive in time on a slow network."""


class Results:
    """The results of one node.

    Args:
        node: its name.
        outbox: where they are kept while the database is away.
    """

    def __init__(self, node: str, outbox: Outbox) -> None:
        self._node, self._outbox = node, outbox
        self._events: dict[tuple[int, int], Event] = {}
        self._kept: set[tuple[int, int]] = set()

    def __len__(self) -> int:
        return len(self._events)

    @property
    def unkept(self) -> int:
        """How many of them are in memory alone."""
        return len(self._events.keys() - self._kept)

    @property
    def runs(self) -> frozenset[int]:
        """Numbers of the runs of which it is still to be recorded how an attempt ended."""
        return frozenset(run for run, _ in self._events)

    def take_back(self) -> None:
        """Take in what a former process of this node kept.

        Raises:
            OSError: the outbox cannot be read.
        """
        for event in self._outbox.kept():
            self._events.setdefault(_key(event), event)
            self._kept.add(_key(event))

    def add(self, ended: Iterable[Event]) -> None:
        """Attempts have ended."""
        for event in ended:
            self._events[_key(event)] = event

    def finishes(self, state: State, now: datetime) -> list[Event]:
        """What is to be recorded of the attempts that are going as far as the state knows: the first ones."""
        news = (event for event in self._events.values() if self._is_news(state, event))
        return [with_retry(state, _with_node(state, event), now) for event in islice(news, RECORDED_MAX)]

    def reports(self, state: State) -> list[Event]:
        """What is to be told of attempts that are lost on record: the first ones."""
        told = (
            report(state, self._node, event)
            for event in self._events.values()
            if not self._is_news(state, event)
        )
        return list(islice((event for event in told if event is not None), RECORDED_MAX))

    def settle(self, state: State) -> None:
        """Forget the results that are on record, one way or the other."""
        for key, event in list(self._events.items()):
            if not self._is_news(state, event) and report(state, self._node, event) is None:
                del self._events[key]
                if key in self._kept:
                    self._kept.discard(key)
                    self._outbox.forget(*key)

    def keep(self) -> None:
        """Keep on disk what cannot be recorded now; what cannot be kept is tried again."""
        for key, event in self._events.items():
            if key not in self._kept:
                with contextlib.suppress(OSError):
                    self._outbox.keep(event)
                    self._kept.add(key)

    def _is_news(self, state: State, event: Event) -> bool:
        """Whether the attempt is going as far as the state knows, and on this node."""
        if not is_news(state, event):
            return False
        run = state.runs.get(event.run or 0)
        return run is not None and run.node in (None, self._node)


def _with_node(state: State, event: Event) -> Event:
    """It names the node that made the attempt, as its start does."""
    return structs.replace(event, data=structs.replace(event.data, node=state.runs[event.run or 0].node))


def _key(event: Event) -> tuple[int, int]:
    assert event.run is not None, "a result is of a run"
    return event.run, event.data.attempt
