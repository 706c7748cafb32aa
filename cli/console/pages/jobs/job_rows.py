"""Jobs as rows of the list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.terminal.tables import Cell
from cli.words.job_words import enabled_cell, last_result, last_started
from cli.words.late_words import late_of
from cli.words.words import timing_words

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.runs.waiting_reasons import WaitingReasons
    from scheduler.rules.state import Job
    from scheduler.wording.signs import Tone


class JobRow(NamedTuple):
    """A job.

    Attributes:
        name, description, tags: of the job.
        schedule: in words; written: as the config has it; defined: the entry of its definition.
        zone: in which its times are shown.
        enabled: whether it is, what it does and what is wrong with it; enabled_entry: which entry shows that.
        tone, symbol, result: how its last run came out; last_entry: which entry says so; last_run: which run.
        last: when that began. next: when it runs next; at_boot: it does at the next boot.
    """

    name: str
    description: str
    tags: tuple[str, ...]
    schedule: str
    written: str
    defined: int
    zone: str
    enabled: Cell
    enabled_entry: int
    tone: Tone
    symbol: str
    result: str
    last_entry: int | None
    last_run: int | None
    last: datetime | None
    next: datetime | None
    at_boot: bool


def job_row(
    view: View, job: Job, waits: WaitingReasons, next_run: Callable[[Job], datetime | None]
) -> JobRow:
    """The row of a job; times in words are those of its zone."""
    definition, zone = job.definition, job.definition.timezone
    schedule, written = timing_words(definition)
    tone, symbol, result = last_result(view.state, job, unicode=True)
    return JobRow(
        name=job.name,
        description=definition.description,
        tags=definition.tags,
        schedule=schedule,
        written="" if written == schedule else written,
        defined=job.defined_seq,
        zone=zone,
        enabled=enabled_cell(view.state, job, zone, view.now, waits, beside=view.now),
        enabled_entry=_shown_by(view, job),
        tone=tone,
        symbol=symbol,
        result=result,
        last_entry=None if job.last is None else job.last.seq,
        last_run=None if job.last is None else job.last.run,
        last=last_started(view.state, job),
        next=next_run(job),
        at_boot=job.on_schedule and definition.at_reboot,
    )


def _shown_by(view: View, job: Job) -> int:
    """The entry that shows what is told of how a job is: what disabled it, why it is late, what it does."""
    if job.on_schedule:
        if breaches := late_of(view.state, job):
            return breaches[0].seq or job.enablement.seq
        if job.live:
            number = job.live[0]
            return view.state.runs[number].started_seq or number
    return job.enablement.seq
