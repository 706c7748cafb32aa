"""The newest entry of each type about each job."""
# ruff: noqa: S608 - the SQL is put together from types of entries and constants

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from projections.schema.literals import among

if TYPE_CHECKING:
    from projections.sql.connection import Sql


class NewestEntry(NamedTuple):
    """Entries of one type about one job.

    Attributes:
        type: of the entries; job: their job, None where they are about none.
        first: when the first of them was recorded; last: when the newest was.
        data: the newest one's payload, as JSON.
    """

    type: str
    job: str | None
    first: datetime
    last: datetime
    data: str


def newest_by_job(sql: Sql, types: Sequence[str], before: datetime | None = None) -> Iterator[NewestEntry]:
    """The newest entries of these types, in the order in which they were recorded; all recorded before a time.

    Raises:
        Corrupt: the ledger is damaged.
    """
    bound = "" if before is None else " AND time < $before::TIMESTAMPTZ"
    query = (
        "SELECT type, job, min(time), max(time), arg_max(data, seq) FROM events "
        f"WHERE type IN {among(types)}{bound} GROUP BY type, job ORDER BY max(seq)"
    )
    for row in sql.execute(query, None if before is None else {"before": before.isoformat()}).rows:
        yield NewestEntry(*row)
