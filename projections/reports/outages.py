"""When nothing was watching the schedules, as the view `outages` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from projections.sql.connection import Sql


_QUERY = """
SELECT kind, epoch_us(began), epoch_us(ended), reason, began_seq, ended_seq FROM outages
WHERE kind <> 'clock_step' AND began < to_timestamp($end / 1e6)
  AND (ended IS NULL OR ended > to_timestamp($begin / 1e6)) ORDER BY began
"""


class Outage(NamedTuple):
    """Time in which nothing was watching.

    Attributes:
        kind: as in the view `outages`: `down`, `suspend`, `paused`, `stall`.
        began_us: when it began, in microseconds since 1970.
        ended_us: when it ended; None while it lasts.
        reason: why, where that is known.
        began_seq: the entry that it begins with; ended_seq: the one that ends it.
    """

    kind: str
    began_us: int
    ended_us: int | None
    reason: str | None
    began_seq: int | None = None
    ended_seq: int | None = None


def outages(sql: Sql, begin_us: int, end_us: int) -> list[Outage]:
    """The outages that have a part in a stretch of time, in order; without steps of the clock."""
    return [Outage(*row) for row in sql.execute(_QUERY, {"begin": begin_us, "end": end_us}).all()]
