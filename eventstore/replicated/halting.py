"""Halting everybody: when, by which words in the row of the database's head, and what those words tell later."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import NoReturn

from eventstore.errors import Halted, NoAnswer, Unavailable
from eventstore.replicated.database import Database
from eventstore.replicated.mirror import Mirror

_LONGEST = re.compile(r"a mirror with entry ([0-9]+)")
"""What `lost_words` says of the mirror."""


def halt(database: Database, why: str) -> NoReturn:
    """Have nobody append any more, as far as the database can be told.

    Raises:
        Halted: always; if the database could not be told, the next look finds the same.
    """
    said = f"{why} (found on {os.uname().nodename})"
    with suppress(NoAnswer, Unavailable):
        database.halt(said)
    raise Halted(said)


def lost_words(database_seq: int, mirror_seq: int) -> str:
    """Why everybody stops where a database ends before a mirror does."""
    return (
        f"the database lost entries: it ends with entry {database_seq}, and a mirror with entry {mirror_seq}"
    )


def longest_mirror(halted: str | None) -> int:
    """The last entry of the mirror that the reason of a halt speaks of (`lost_words`); -1 if it speaks of none."""
    match = _LONGEST.search(halted or "")
    return int(match[1]) if match else -1


def differs_words(seq: int) -> str:
    """Why everybody stops where a database and a mirror have different entries."""
    return f"the database was altered: its entry {seq} is not the one that was committed"


def require_reached(database: Database, mirror: Mirror) -> None:
    """Check that the database is that of a mirror, and reaches to what was there once.

    Raises:
        OtherLedger: the mirror is of another ledger.
        Halted: entries are gone from the database.
        Unavailable: it cannot be reached.
    """
    # Without entry 0 nobody knows whose files these are: then they say nothing about this database.
    if mirror.is_empty:
        return
    mirror.require_ledger(database.ledger_id)
    row, known_seq = database.head(), mirror.known_seq
    if row.head.seq < known_seq:
        halt(database, lost_words(row.head.seq, known_seq))
