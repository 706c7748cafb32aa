"""What was late in a stretch of time, as the view `breaches` has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from projections.sql.connection import Sql
    from scheduler.entry_members import Expectation

LATE_MAX: Final = 1_000
"""So many are told of at most."""
_QUERY = """
SELECT job, expectation, run, limit_ms, epoch_us(since), epoch_us(ended), seq FROM breaches
WHERE since < to_timestamp($end / 1e6) AND (ended IS NULL OR ended >= to_timestamp($begin / 1e6))
ORDER BY duration_ms DESC NULLS FIRST, seq LIMIT $most
"""


class LateStretch(NamedTuple):
    """What was expected of a job did not hold from `since_us` on; `ended_us` is None while it goes on.

    Attributes:
        job, expectation, run, limit_ms: as in the view `breaches`.
        since_us, ended_us: in microseconds since 1970.
        seq: the entry that tells of it.
    """

    job: str
    expectation: Expectation
    run: int | None
    limit_ms: int
    since_us: int
    ended_us: int | None
    seq: int


def breaches(sql: Sql, begin_us: int, end_us: int) -> list[LateStretch]:
    """Those that have a part in a stretch of time, what goes on first, then the longest."""
    values = {"begin": begin_us, "end": end_us, "most": LATE_MAX}
    return [LateStretch(*row) for row in sql.execute(_QUERY, values).all()]
