"""The last entry of a ledger in a folder, for commands."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cli.app.failures import Failure
from cli.app.ledger_wait import patience_explained


def last_entry(folder: Path) -> int:
    """The last entry of the ledger in a folder; -1 if it is empty.

    Raises:
        NoLedger, Corrupt, NewerFormat, Unavailable: it cannot be read, or is damaged.
    """
    from scheduler.store import open_folder

    with patience_explained(folder), closing(open_folder(folder)) as store:
        return store.head().seq


def no_entry(seq: int, last: int) -> Failure:
    """What is said where there is no such entry.

    Args:
        seq: as typed; last: the last one, -1 if there is none.
    """
    return Failure(
        f"there is no entry {seq}", f"The last one is {last}." if last >= 0 else "The ledger is empty."
    )
