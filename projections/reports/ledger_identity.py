"""Which ledger this is, and on which machine it began."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.schema.literals import among
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_LEDGER = "SELECT data->>'$.ledger' FROM events WHERE seq = 0"
_BEGINNINGS = (v.SchedulerStarted.TYPE, v.NodeJoined.TYPE)
_HOST = f"""
SELECT data->>'$.host' FROM events WHERE type IN {among(_BEGINNINGS)} ORDER BY seq LIMIT 1
"""


def ledger_id(sql: Sql) -> str:
    """The id that the ledger got when it was created; empty if there is no ledger.

    Raises:
        Corrupt: the ledger is damaged.
    """
    rows = sql.execute(_LEDGER).all()
    return str(rows[0][0] or "") if rows else ""


def first_host(sql: Sql) -> str:
    """The machine on which a scheduler or a node first started; empty if none has.

    Raises:
        Corrupt: the ledger is damaged.
    """
    rows = sql.execute(_HOST).all()
    return str(rows[0][0] or "") if rows else ""
