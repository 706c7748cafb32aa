"""The number of a run as a person gives it: what is said of one that is the number of no run."""

from __future__ import annotations

from cli.app.failures import Failure
from cli.terminal.printable import printable
from eventstore.store import EventStore


def no_run(store: EventStore | None, number: int) -> Failure:
    """That there is no run of this number; if an entry about another run has it, which run that is.

    Args:
        store: the ledger; None if there is none.
        number: what was given.
    """
    entry = None
    if store is not None and 0 <= number <= store.head().seq:
        entry = next(store.read(number, number), None)
    if entry is not None and entry.run is not None:
        told = f"entry {number} is about run {entry.run} of {printable(entry.job or '')}"
        return Failure(f"there is no run {number}: {told}")
    hint = "`cronledger jobs history` shows runs and their numbers."
    return Failure(f"there is no run {number}", hint if store is not None else "Nothing has run yet.")
