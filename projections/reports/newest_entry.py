"""The newest entry of a type: when it was recorded, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_QUERY = "SELECT seq, time, actor FROM events WHERE type = $type ORDER BY seq DESC LIMIT 1"


class EntryFacts(NamedTuple):
    """An entry: its number, when it was recorded, and by whom."""

    seq: int
    time: datetime
    actor: str


def newest_entry(sql: Sql, type_: str) -> EntryFacts | None:
    """The newest entry of a type; None if there is none.

    Raises:
        Corrupt: the ledger is damaged.
    """
    rows = sql.execute(_QUERY, {"type": type_}).all()
    return EntryFacts(*rows[0]) if rows else None
