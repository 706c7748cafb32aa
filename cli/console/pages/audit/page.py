"""The report of a period: is the population of instants complete, what became of it, and who changed what."""

from __future__ import annotations

import shlex
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

import click
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cli.app.failures import Failure
from cli.audit import page as report_page
from cli.audit.report_text import FORMATS, report_text
from cli.console.kept.report_desk import OnProgress, ReportKey
from cli.console.pages.arguments import choice_argument
from cli.console.pages.jobs.one.named_job import known_job
from cli.console.pages.time.wanted import iso
from cli.terminal.printable import printable
from cli.times.parse import parse_time

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from eventstore.store import Head
    from projections.audit.report import Report

_MEDIA: Final = {"text": "text/plain", "html": "text/html", "json": "application/json"}
_ENDINGS: Final = {"text": "txt", "html": "html", "json": "json"}
_PRESETS: Final = (("The last day", "1d"), ("The last week", "7d"), ("The last 30 days", "30d"))
_STYLE: Final = Path(report_page.__file__).with_name("page.css")


class Period(NamedTuple):
    """What a report is asked about.

    Attributes:
        begin, end: the range; job: about this one alone; None: about all.
        now: the present moment, or that of the past as of which the console tells.
        head: the last entry that counts; as_of: whether that is one of the past.
    """

    begin: datetime
    end: datetime
    job: str | None
    now: datetime
    head: Head
    as_of: bool

    @property
    def command(self) -> str:
        """The command that makes the same report of the ledger as it is now."""
        about = "" if self.job is None else f" --job {shlex.quote(printable(self.job))}"
        period = f"--from {iso(self.begin)} --to {iso(self.end)}"
        return f"cronledger audit report {period}{about} --format html -o report.html"

    def query(self, **more: str) -> str:
        """The same as an address has it; relative times are told as the instants that they were."""
        job = {} if self.job is None else {"job": self.job}
        return urlencode({"from": iso(self.begin), "to": iso(self.end), **job, **more})


async def show_audit(asked: Asked) -> Response:
    """The report of a period, or the form that asks for one."""
    if not asked.argument("from").strip():
        return await run_in_threadpool(_form, asked)
    form = choice_argument(asked, "format", FORMATS)
    period = await run_in_threadpool(_period, asked)

    def make(told: OnProgress) -> Report:
        return _made(asked, period, told)

    # Of a period that is not over, another minute may tell something else, though nothing is appended.
    minute = None if period.end <= period.now else period.now.replace(second=0, microsecond=0)
    key: ReportKey = (period.begin, period.end, period.job, period.head.seq, period.as_of, minute)
    report = await asked.site.audits.report(asked.request, key, make, period.command)
    if report is None:
        return Response(status_code=499)
    return await run_in_threadpool(_told, asked, period, report, form)


def show_style(_asked: Asked) -> Response:
    """The style sheet of the report, so that it reaches nothing of the console's page but the report."""
    rules = _STYLE.read_text(encoding="utf-8").split("@page", maxsplit=1)[0].replace(":root", "&")
    return Response(
        f".audit {{\n{rules}}}\n", media_type="text/css", headers={"Cache-Control": "private, max-age=3600"}
    )


def _form(asked: Asked) -> Response:
    with asked.look() as view:
        return asked.page(
            "audit/audit.html", now=view.now, head=view.state.head.seq, report=None, given=asked.argument,
            presets=_PRESETS, period=None, formats=FORMATS,
        )  # fmt: skip


def _period(asked: Asked) -> Period:
    name = asked.argument("job").strip() or None
    with asked.look() as view:
        if view.ledger is None:
            raise Failure("nothing is on record yet, so there is nothing to report about")
        now, head = view.now, view.ledger.store.head()
        if name is not None:
            known_job(view.state, name)
        as_of = view.as_of is not None
    # To the second, as the addresses of the downloads have them: these are of this very report.
    begin, end = (each.replace(microsecond=0) for each in _range(asked, now))
    if begin >= end:
        raise click.BadParameter("it is not before 'to'", param_hint="'from'")
    return Period(begin, end, name, now, head, as_of)


def _range(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    until = asked.argument("to").strip() or "now"
    return (
        parse_time(asked.argument("from"), "from", now, zone=asked.zone),
        parse_time(until, "to", now, zone=asked.zone, end=True),
    )


def _made(asked: Asked, period: Period, told: OnProgress) -> Report:
    """The report, from a store of its own: nobody else waits for it."""
    from cli.audit.starting_state import state_before
    from projections.audit.report import LATE_FROM, audit_report
    from projections.audit.window import Window
    from scheduler.ledger.ledger_prefix import LedgerPrefix
    from scheduler.store import open_store
    from scheduler.version import versions

    home = asked.site.home
    with closing(open_store(home)) as whole:
        store = LedgerPrefix(whole, period.head)
        return audit_report(
            store, state_before(home, store, period.begin), Window(period.begin, period.end), made=period.now,
            today=versions(), job=period.job, late_from=LATE_FROM, on_progress=told,
        )  # fmt: skip


def _told(asked: Asked, period: Period, report: Report, form: str | None) -> Response:
    if form is None:
        entries = f"{asked.base}/ledger/entries/"
        shown = Markup(report_page.parts_of_page(report, asked.zone, entries))  # noqa: S704 - HTML by its type
        return asked.page(
            "audit/audit.html", now=period.now, head=period.head.seq, report=shown, given=asked.argument,
            presets=_PRESETS, period=period, formats=FORMATS,
        )  # fmt: skip
    body = report_text(report, form, asked.zone).encode("utf-8", "backslashreplace") + b"\n"
    name = f"audit-{period.begin:%Y-%m-%d}-{period.end - timedelta(microseconds=1):%Y-%m-%d}.{_ENDINGS[form]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=f"{_MEDIA[form]}; charset=utf-8", headers=headers)
