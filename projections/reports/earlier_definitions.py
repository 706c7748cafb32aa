"""How a job was defined before an entry."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from projections.schema.literals import among
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_DEFINITIONS_MAX = 50
_QUERY = f"""
SELECT data FROM events WHERE type IN {among([v.JobDefined.TYPE])} AND job = $job AND seq < $seq
ORDER BY seq DESC LIMIT {_DEFINITIONS_MAX}
"""
_decode = msgspec.json.Decoder(v.JobDefined).decode


def earlier_definitions(sql: Sql, job: str, seq: int) -> Iterator[JobDefinition]:
    """The last definitions of a job that were recorded before entry `seq`, the newest first; at most fifty."""
    for (data,) in sql.execute(_QUERY, {"job": job, "seq": seq}).all():
        yield _decode(data).definition
