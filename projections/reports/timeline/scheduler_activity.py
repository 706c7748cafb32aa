"""When a scheduler last recorded something: of one that died, that is when it was last known to live."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.schema.literals import among
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from projections.sql.connection import Sql


_QUERY = f"""
SELECT epoch_us(max(time)), arg_max(seq, time) FROM events
WHERE seq >= $first_seq AND actor = 'scheduler' AND (split_part(type, '.', 1) || '.') NOT IN {among(v.OF_ANYONE)}
"""


def last_activity(sql: Sql, first_seq: int) -> tuple[int, int] | None:
    """When a scheduler recorded its newest entry from `first_seq` on, in microseconds since 1970, and which that is.

    None: it recorded none.
    """
    found_us, seq = sql.execute(_QUERY, {"first_seq": first_seq}).all()[0]
    return None if found_us is None else (int(found_us), int(seq))
