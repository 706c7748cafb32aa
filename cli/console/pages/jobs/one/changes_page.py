"""What was changed of a job: when, by whom, for what reason, from what to what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.arguments import number_argument
from cli.console.pages.jobs.one.named_job import named_job
from cli.words.approval_words import change_rows
from projections.reports.job_history import JobChange, changes_of
from scheduler.definition import JobDefinition

_ROWS_MAX: Final = 50
_KEYS_MAX: Final = 30
_VALUE_CHARS_MAX: Final = 400


class ChangeRow(NamedTuple):
    """A change; `keys` are those of the config that differ, each with its value before and after."""

    seq: int
    time: datetime
    change: str
    actor: str
    reason: str
    until: datetime | None
    approval: int | None
    approved_by: str
    keys: list[tuple[str, str, str]]
    more: int


def show_changes(asked: Asked) -> Response:
    """The changes of a job, the newest first."""
    before = number_argument(asked, "before")
    with asked.look() as view:
        job = named_job(asked, view)
        name, zone, now, head = job.name, job.definition.timezone, view.now, view.state.head.seq
        past = view.as_of
    first = head + 1 if before is None else before
    with asked.site.sql.connected(past) as sql:
        found = changes_of(sql, name, before_seq=first, count=_ROWS_MAX + 1)
    rows = [_row(name, change) for change in found[:_ROWS_MAX]]
    return asked.page(
        "jobs/changes.html",
        name=name,
        zone=zone,
        now=now,
        head=head,
        rows=rows,
        following=rows[-1].seq if len(found) > _ROWS_MAX else None,
        newest=before is None,
    )


def _row(name: str, change: JobChange) -> ChangeRow:
    keys = list(change_rows(*_definitions(name, change))) if change.change == "changed" else []
    shown = [(key, _cut(old), _cut(new)) for key, old, new in keys[:_KEYS_MAX]]
    return ChangeRow(
        seq=change.seq,
        time=change.time,
        change=change.change,
        actor=change.actor,
        reason=change.reason or "",
        until=change.until,
        approval=change.approval,
        approved_by=change.approved_by or "",
        keys=shown,
        more=len(keys) - len(shown),
    )


def _definitions(name: str, change: JobChange) -> tuple[JobDefinition, JobDefinition]:
    """What differed, as two definitions that have all else in common."""
    return _definition(name, change.before), _definition(name, change.after)


def _definition(name: str, members: str | None) -> JobDefinition:
    said: dict[str, Any] = {} if members is None else msgspec.json.decode(members)
    known = {key: value for key, value in said.items() if value is not None}
    return msgspec.convert({**known, "name": name}, JobDefinition)


def _cut(value: str) -> str:
    return value if len(value) <= _VALUE_CHARS_MAX else f"{value[:_VALUE_CHARS_MAX]}…"
