"""What is known about jobs and the machine at a place in the ledger: the context that each OCSF event repeats.

It is folded along with the export. Where an export begins later, what was known until then is asked for first. It
takes memory for each job, and none for each entry.
"""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from projections.schema.tables import among
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from datetime import datetime

    from projections import Sql

_BEGINNINGS = (v.RunStarted.TYPE, v.SchedulerStarted.TYPE)
_TOLD_BY = (v.JobDefined.TYPE, *v.ENABLEMENTS, *_BEGINNINGS)
"""The entries of which something is kept."""


@dataclass
class JobFacts:
    """A job: its command line and description, when it was first defined and last started (RFC 3339)."""

    command: str = ""
    description: str = ""
    created: str = ""
    last_run: str = ""
    disabled: bool = False


@dataclass
class Known:
    """What the entries so far have said.

    Attributes:
        ledger: the ledger's id.
        host: the machine on which a scheduler or a run last started.
        jobs: by name.
    """

    ledger: str
    host: str = ""
    jobs: dict[str, JobFacts] = field(default_factory=dict)

    def of(self, job: str) -> JobFacts:
        """The facts about a job, none if it is not known yet."""
        return self.jobs.setdefault(job, JobFacts())

    def learn(self, kind: str, job: str | None, time: str, data: dict[str, Any]) -> None:
        """Take in an entry."""
        if kind in _BEGINNINGS:
            self.host = data.get("host") or self.host
        if job is None:
            return
        facts = self.of(job)
        if kind == v.JobDefined.TYPE:
            definition = data.get("definition", {})
            facts.command = _command_line(definition.get("command"))
            facts.description = definition.get("description", "")
            facts.created = facts.created or time
        elif kind in v.ENABLEMENTS:
            facts.disabled = kind == v.JobDisabled.TYPE
        elif kind == v.RunStarted.TYPE:
            facts.last_run = time


def ledger_id(sql: Sql) -> str:
    """The id that the ledger got when it was created; empty if there is no ledger.

    Raises:
        Corrupt: the ledger is damaged.
    """
    rows = sql.execute("SELECT data->>'$.ledger' FROM events WHERE seq = 0").all()
    return str(rows[0][0] or "") if rows else ""


def known_before(sql: Sql, since: datetime | None) -> Known:
    """What was known before a time, for an export of entries, each of which adds to it.

    Args:
        sql: an open connection.
        since: the time; None for the beginning.

    Raises:
        Corrupt: the ledger is damaged.
    """
    known = Known(ledger_id(sql))
    if since is not None:
        _ask(sql, known, " AND time < $since::TIMESTAMPTZ", {"since": since.isoformat()})
    if not known.host:
        query = "SELECT data->>'$.host' FROM events WHERE type = 'scheduler.started' ORDER BY seq LIMIT 1"
        rows = sql.execute(query).all()
        known.host = str(rows[0][0] or "") if rows else ""
    return known


def known_now(sql: Sql) -> Known:
    """What is known today, for an export of rows that do not say in which state the job was then.

    Raises:
        Corrupt: the ledger is damaged.
    """
    known = Known(ledger_id(sql))
    _ask(sql, known, " AND type <> 'run.started'", None)
    return known


def _ask(sql: Sql, known: Known, bound: str, values: dict[str, object] | None) -> None:
    """Of each kind of entry about a job the last counts, and of its definitions the first one's time too."""
    query = (
        "SELECT type, job, min(time), max(time), arg_max(data, seq) FROM events "
        f"WHERE type IN {among(_TOLD_BY)}{bound} GROUP BY type, job ORDER BY max(seq)"
    )
    for kind, job, first, last, data in sql.execute(query, values).rows:
        if kind == v.JobDefined.TYPE:
            known.of(job).created = _written(first)
        known.learn(kind, job, _written(last), json.loads(data))


def _written(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _command_line(command: str | list[str] | None) -> str:
    return shlex.join(command) if isinstance(command, list) else command or ""
