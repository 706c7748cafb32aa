"""Which ledger this is, and on which machine it began."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.schema.tables import among
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_LEDGER = "SELECT data->>'$.ledger' FROM events WHERE seq = 0"
_HOST = f"""
SELECT data->>'$.host' FROM events WHERE type IN {among([v.SchedulerStarted.TYPE, v.NodeJoined.TYPE])} ORDER BY seq LIMIT 1
"""


def ledger_id(sql: Sql) -> str:
    """The id that the ledger got when it was created; empty if there is no ledger.

    Raises:
        Corrupt: the ledger is damaged.
    """
    rows = sql.execute(_LEDGER).all()
    return str(rows[0][0] or "") if rows else ""


def first_host(sql: Sql) -> str:
    """The machine on which a scheduler first started; that of the first node, where several share it; empty if none has.

    Raises:
        Corrupt: the ledger is damaged.
    """
    rows = sql.execute(_HOST).all()
    return str(rows[0][0] or "") if rows else ""
