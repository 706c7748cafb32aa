"""All jobs: searched, filtered, sorted, a hundred at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.arguments import query_text
from cli.console.pages.jobs.job_filter import ORDERS, STATES, JobFilter, page_of
from cli.console.pages.jobs.job_rows import job_row
from cli.console.pages.jobs.one.first_change import first_changes

if TYPE_CHECKING:
    from datetime import datetime

    from scheduler.rules.state import Job

_TAGS_MAX: Final = 200
_UNAPPROVED_MAX: Final = 25
_ORDER_WORDS: Final = {"name": "by name", "last": "the last run first", "next": "the next run first"}


def show_jobs(asked: Asked) -> Response:
    """The list of jobs."""
    wanted = JobFilter.of(asked)
    with asked.look() as view:
        now, waits = view.now, view.waiting_reasons

        def next_run(job: Job) -> datetime | None:
            return asked.site.next_runs.of(job, now)

        jobs = view.state.present_jobs()
        page = page_of(view.state, jobs, wanted, next_run)
        rows = [job_row(view, job, waits, next_run) for job in page.jobs]
        tags = sorted({tag for job in jobs for tag in job.definition.tags})[:_TAGS_MAX]
        unapproved = first_changes(view.state)
        head, served = view.state.head.seq, view.is_served or view.as_of is not None
    return asked.page(
        "jobs/jobs.html",
        wanted=wanted,
        rows=rows,
        count=page.total,
        total=len(jobs),
        unapproved=unapproved[:_UNAPPROVED_MAX],
        unapproved_count=len(unapproved),
        following=_address(wanted._replace(after=page.following)) if page.following else "",
        first=_address(wanted._replace(after="")) if wanted.after else "",
        tags=tags,
        states=STATES,
        orders=[(order, _ORDER_WORDS[order]) for order in ORDERS],
        now=now,
        head=head,
        served=served,
    )


def _address(wanted: JobFilter) -> str:
    """What stands behind the `?` for a list."""
    return query_text(
        {
            "q": wanted.text,
            "tag": wanted.tag,
            "state": wanted.state,
            "sort": "" if wanted.order == "name" else wanted.order,
            "after": wanted.after,
        }
    )
