"""Which missed instants were made up for later, by a backfill."""
# ruff: noqa: S608 - the SQL is put together from numbers

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projections.sql.connection import Sql


def made_up(sql: Sql, misfires: Collection[int]) -> dict[int, list[int]]:
    """The instants that have a run by a backfill, by the misfire that had disposed of them, the earliest first.

    Args:
        sql: an open database.
        misfires: `seq` of those.

    Returns:
        For each misfire that has such instants: these, in microseconds since 1970.
    """
    found: dict[int, list[int]] = {}
    if misfires:
        wanted = ", ".join(map(str, sorted(misfires)))
        query = f"SELECT replaces, epoch_us(scheduled_for) FROM runs WHERE replaces IN ({wanted}) ORDER BY 2"
        for seq, instant_us in sql.execute(query).all():
            found.setdefault(int(seq), []).append(int(instant_us))
    return found
