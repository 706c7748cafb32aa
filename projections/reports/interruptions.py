"""What interrupted the schedule: misfires, and the entries about the scheduler and its clock."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from projections.schema.literals import among
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_TYPES = (*v.MISFIRES, *v.WATCH_ENTRIES)
_QUERY = f"""
SELECT type, job, data, seq FROM events WHERE seq >= $first_seq AND type IN {among(_TYPES)} ORDER BY seq
"""


class Interruption(NamedTuple):
    """An entry that is about no run: a misfire, or something about the scheduler.

    Attributes:
        type: of the entry; job: its job, of a misfire.
        data: its payload, as JSON.
        seq: of the entry.
    """

    type: str
    job: str | None
    data: str
    seq: int


def interruptions(sql: Sql, first_seq: int) -> list[Interruption]:
    """Those from entry `first_seq` on, in order."""
    return [Interruption(*row) for row in sql.execute(_QUERY, {"first_seq": first_seq}).all()]
