"""One run as the ledger has it: each of its entries, and the one that promised it where it was caught up."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.rules.runs.attempts import settles

_LOOK_BACK_ENTRIES = 20_000
"""A misfire stands right before the runs that it promises: at most so many entries are looked at for it."""


class RunRecord(NamedTuple):
    """What is on record about a run.

    Attributes:
        entries: its own, oldest first; the first one is its cause and has the run's number.
        promise: the `schedule.misfired` that promised it, of a run that is caught up.
    """

    entries: list[Entry]
    promise: Entry | None = None

    @property
    def cause(self) -> Entry:
        """The tick or the request."""
        return self.entries[0]

    @property
    def end(self) -> Entry | None:
        """What settled it; None if it has not ended."""
        last = self.entries[-1]
        return last if settles(last) else None

    def of_type(self, payload: type[v.Payload]) -> list[Entry]:
        """Those of its entries that have this type."""
        return [entry for entry in self.entries if entry.type == payload.TYPE]


def cause_of(store: EventStore, number: int) -> Entry | None:
    """The tick or the request that made a run; None if there is no such run.

    Raises:
        Corrupt: the entry does not stand where the chain says.
    """
    if not 0 <= number <= store.head().seq:
        return None
    cause = next(store.read(number, number), None)
    return cause if cause is not None and cause.run == number and cause.type in v.CAUSES else None


def run_record(store: EventStore, number: int, entries_max: int | None = None) -> RunRecord | None:
    """What is on record about a run; None if there is no such run.

    What is read are the entries from its cause to its end, or to the end of the ledger if it has not ended.

    Args:
        store: the ledger.
        number: of the run.
        entries_max: after so many entries nothing more is read, ended or not; None: however many there are.

    Raises:
        Corrupt: an entry on the way does not stand where the chain says.
    """
    cause = cause_of(store, number)
    if cause is None:
        return None
    entries = [cause]
    for entry in islice(store.read(number + 1), entries_max):
        if entry.run == number:
            entries.append(entry)
            if settles(entry):
                break
    return RunRecord(entries, _promise(store, cause))


def _promise(store: EventStore, cause: Entry) -> Entry | None:
    tick = v.payload(cause)
    if not isinstance(tick, v.ScheduleTicked) or tick.trigger != "catch_up":
        return None
    for seen, entry in enumerate(store.read_backwards(cause.seq)):
        if entry.type == v.ScheduleMisfired.TYPE and entry.job == cause.job:
            misfire = v.payload(entry)
            if misfire.will_run and misfire.first <= tick.scheduled_for <= misfire.last:
                return entry
        if seen >= _LOOK_BACK_ENTRIES:
            break
    return None
