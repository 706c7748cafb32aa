"""A ledger together with its folded state, kept in step.

Every decision is made on the state at some head and recorded only if that is still the head; if someone else
appended first, their entries are folded and the decision is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eventstore.errors import Conflict, NewerFormat, Unavailable
from eventstore.store import Entry, Event, EventStore
from scheduler.rules.evolve import evolve
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.state import State

_TOLD_EVERY = 8_192
_ATTEMPTS_MAX = 1_000
"""After so many lost races something is wrong: the writer gives up."""


class Ledger:
    """A ledger and the state that its entries add up to.

    Attributes:
        store: the ledger.
        state: what its entries fold to.
        kept_seq: up to which entry the state is kept in a snapshot; -1 if it is not.
    """

    def __init__(
        self,
        store: EventStore,
        state: State | None = None,
    ) -> None:
        self.store = store
        self.state = State() if state is None else state
        self.kept_seq = -1
        self._listeners: list[Callable[[Entry], None]] = []

    def listen(self, listener: Callable[[Entry], None]) -> None:
        """Have `listener` told each entry right after it was folded, whoever appended it; it must not append."""
        self._listeners.append(listener)

    def refresh(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Fold what has been appended since, by anyone.

        Args:
            on_progress: called now and then with how many entries were folded and how many there are to fold.

        Raises:
            Corrupt: the ledger is damaged.
        """
        begin, end = self.state.head.seq, self.store.refresh().seq
        if begin != end:
            for entry in self.store.follow(begin + 1):
                self._fold(entry)
                if on_progress is not None and entry.seq % _TOLD_EVERY == 0:
                    on_progress(entry.seq - begin, end - begin)

    def record(self, events: Sequence[Event]) -> list[Entry]:
        """Record events that were decided on the state as it stands.

        Raises:
            Conflict: someone else appended first; nothing was written.
            NewerFormat: it holds a type of entry that this version does not know, and so cannot decide by.
            Unavailable, Poisoned, EventTooLarge, EventTooDeep, Corrupt: see `EventStore.append`.
        """
        if self.state.newer is not None:
            seq, kind = self.state.newer
            raise NewerFormat(
                f"entry {seq} of the ledger is of a type that this version of cronledger does not know, {kind}: "
                "a later version recorded it; nothing was recorded; use that version, here too"
            )
        self._load_what_folding_needs(events)
        entries = self.store.append(events, expected=self.state.head)
        for entry in entries:
            self._fold(entry)
        return entries

    def _load_what_folding_needs(self, events: Sequence[Event]) -> None:
        """Have the modules and the zone data at hand that a fold asks schedules with, before anything is recorded.

        They are loaded at their first use. For want of descriptors that can fail, and after the commit nothing may.

        Raises:
            Unavailable: they cannot be loaded; nothing was recorded.
        """
        for event in events:
            job = self.state.jobs.get(event.job or "") if event.type.startswith("job.") else None
            if job is not None:
                try:
                    schedule_of(job.definition).next_after(job.cursor)
                except (OSError, ImportError) as problem:
                    raise Unavailable(
                        f"what is needed to record this cannot be loaded: {problem}"
                    ) from problem

    def decide(self, decide: Callable[[State], Sequence[Event]]) -> list[Entry]:
        """Record what `decide` answers to the state as it then stands; decide anew after a conflict.

        Returns:
            The entries recorded, none if there was nothing to say. What others appended meanwhile is folded
            but not among them.

        Raises:
            Unavailable, Poisoned, EventTooLarge, EventTooDeep, Corrupt: see `EventStore.append`.
        """
        for _ in range(_ATTEMPTS_MAX):
            events = decide(self.state)
            if not events:
                return []
            try:
                return self.record(events)
            except Conflict:
                self.refresh()
        raise Unavailable("other processes append to the ledger faster than this one can decide")

    def decide_by_parts(self, decide: Callable[[State], Sequence[Event]], most: int) -> None:
        """The same for any number of events, of which each append has at most `most`.

        Others may append between them: then it is decided anew, and `decide` answers what is still to be recorded.

        Raises:
            Unavailable, Poisoned, EventTooLarge, EventTooDeep, Corrupt: see `EventStore.append`; the parts before are
                recorded.
        """
        for _ in range(_ATTEMPTS_MAX):
            events = list(decide(self.state))
            try:
                while events:
                    self.record(events[:most])
                    del events[:most]
            except Conflict:
                self.refresh()
            else:
                return
        raise Unavailable("other processes append to the ledger faster than this one can decide")

    def _fold(self, entry: Entry) -> None:
        evolve(self.state, entry)
        for listener in self._listeners:
            listener(entry)
