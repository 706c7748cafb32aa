"""One job: what it is and does now, its settings and where each comes from, and how it went lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.jobs.one.first_change import is_first, show_first_change
from cli.console.pages.jobs.one.named_job import named_job
from cli.console.pages.jobs.one.run_rows import run_row
from cli.console.pages.jobs.pending_rows import pending_row
from cli.home.job_settings import settings_of
from cli.jobs.job_facts import JobFact, job_facts
from cli.terminal.tables import Cell
from cli.times.show import show_moment
from scheduler.ledger.recent_runs import recent_runs
from scheduler.rules.requests.upcoming import upcoming

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job

_RECENT_MAX: Final = 5
_COMING_MAX: Final = 5
_LINES_MAX: Final = 50


def show_job(asked: Asked) -> Response:
    """The page of a job, also of one that was removed."""
    with asked.look() as found:
        view = asked.site.config.beside(found)
        name = asked.request.path_params["name"]
        change = view.state.changes.get(name)
        if change is not None and is_first(view.state, name, change):
            return show_first_change(asked, view, name, change)
        job = named_job(asked, view)
        zone, now, head = job.definition.timezone, view.now, view.state.head.seq
        facts = [_lines(fact) for fact in islice(_facts(view, job, zone), _LINES_MAX)]
        settings = settings_of(view, job)
        recent = [run_row(run) for run in recent_runs(view, job.name, _RECENT_MAX)]
        coming = [each.instant for each in islice(upcoming([job], now), _COMING_MAX)]
        served = view.is_served or view.as_of is not None
        pending = None if change is None else pending_row(asked, view, name, change, zone)
    return asked.page(
        "jobs/job.html",
        job=job,
        pending=pending,
        zone=zone,
        now=now,
        head=head,
        facts_of_it=facts,
        settings=settings,
        from_ledger=any(setting.origin == "ledger" for setting in settings),
        recent=recent,
        coming=coming,
        served=served,
    )


def _facts(view: View, job: Job, zone: str) -> Iterator[JobFact]:
    if job.removed_seq is None:
        yield from job_facts(view, job, zone)
        return
    # What its schedule and its being enabled were, nobody acts on any more.
    told = show_moment(_time_of(view, job.removed_seq) or view.now, zone, view.now)
    yield JobFact("removed", Cell(f"it is no longer in the config since {told}", "warn"), (job.removed_seq,))
    gone = {"enabled", "next run", "late", "settled"}
    yield from (fact for fact in job_facts(view, job, zone) if fact.title not in gone)


def _time_of(view: View, seq: int) -> datetime | None:
    if view.ledger is None:
        return None
    return next((entry.time for entry in view.ledger.store.read(seq, seq)), None)


def _lines(fact: JobFact) -> tuple[str, list[Cell], tuple[int, ...]]:
    value = fact.value
    values = [value] if isinstance(value, Cell | str) else list(value)[:_LINES_MAX]
    lines = [each if isinstance(each, Cell) else Cell(each) for each in values]
    return fact.title, lines, fact.entries[:_LINES_MAX]
