"""What is known about jobs and the machine at a place in the ledger: the context that each OCSF event repeats.

It is folded along with the export. Where an export begins later, what was known until then is asked for first. It
takes memory for each job, and none for each entry.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from projections.reports.ledger_identity import first_host, ledger_id
from projections.reports.newest_by_job import NewestEntry, newest_by_job
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from projections import Sql

_BEGINNINGS = (v.RunStarted.TYPE, v.SchedulerStarted.TYPE)
_TYPES = (v.JobDefined.TYPE, *v.ENABLEMENTS, *_BEGINNINGS)
"""The types of entry that say something about a job or the machine."""


@dataclass
class JobFacts:
    """A job: its command line and description, when it was first defined and last started (RFC 3339)."""

    command: str = ""
    description: str = ""
    created: str = ""
    last_run: str = ""
    disabled: bool = False


@dataclass
class ExportContext:
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


def known_before(sql: Sql, since: datetime | None) -> ExportContext:
    """What was known before a time, for an export of entries, each of which adds to it.

    Args:
        sql: an open connection.
        since: the time; None for the beginning.

    Raises:
        Corrupt: the ledger is damaged.
    """
    known = ExportContext(ledger_id(sql))
    if since is not None:
        _learn(known, newest_by_job(sql, _TYPES, since))
    if not known.host:
        known.host = first_host(sql)
    return known


def known_now(sql: Sql) -> ExportContext:
    """What is known today, for an export of rows that do not say in which state the job was then.

    Raises:
        Corrupt: the ledger is damaged.
    """
    known = ExportContext(ledger_id(sql))
    _learn(known, newest_by_job(sql, [kind for kind in _TYPES if kind != v.RunStarted.TYPE]))
    return known


def _learn(known: ExportContext, entries: Iterable[NewestEntry]) -> None:
    """Of each type of entry about a job the last counts, and of its definitions the first one's time too."""
    for entry in entries:
        if entry.type == v.JobDefined.TYPE and entry.job is not None:
            known.of(entry.job).created = _written(entry.first)
        known.learn(entry.type, entry.job, _written(entry.last), json.loads(entry.data))


def _written(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


def _command_line(command: str | list[str] | None) -> str:
    return shlex.join(command) if isinstance(command, list) else command or ""
