"""Where in the ledger a stretch of time begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projections.sql.connection import Sql


_QUERY = "SELECT min(seq) FROM events WHERE time >= to_timestamp($begin / 1e6) AND seq < $below"
_SEQ_MAX = 2**62


def first_entry_since(sql: Sql, begin_us: int, below: int = _SEQ_MAX) -> int | None:
    """The first entry made at an instant (microseconds since 1970) or later; None if there is none.

    Args:
        sql: an open connection.
        begin_us: the instant.
        below: only those before this entry are looked at.
    """
    ((found,),) = sql.execute(_QUERY, {"begin": begin_us, "below": below}).all()
    return None if found is None else int(found)
