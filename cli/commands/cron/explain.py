"""`cronledger cron explain`: what an expression means and when it comes next."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NoReturn

import click

from cli.app.failures import ExitCode, Failure, say
from cli.app.json_output import json_option, show_json
from cli.app.options import count_option
from cli.home.job_names import ZONE
from cli.terminal.console import fitted, paint, wants_colour
from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Column, Value, details, table
from cli.times.show import parse_time, show_relative, show_time
from cli.times.zones import zone_of
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.cron.several import SEPARATOR, parse_several
from scheduler.schedule.duration import format_duration, parse_duration
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from scheduler.schedule.expression import parse_expression
from scheduler.schedule.lint import lint
from scheduler.schedule.schedule import Schedule
from scheduler.schedule.uncomputed import AtReboot, is_reboot

_COUNT_MAX = 10_000
_INTERVAL = re.compile(r"(?P<key>every(?::[ \t]*|[ \t]+))(?P<value>.*)")


_AT_BOOT = "it comes when a scheduler starts and sees a boot of the machine for the first time"
_QUOTED_MAX_CHARS = 1_000
"""A longer expression is not shown again with a caret."""


@click.command(epilog="Example: cronledger cron explain '30 2 * * mon-fri' --timezone Europe/Paris")
@click.argument("expression", metavar="EXPR", nargs=-1, required=True)
@click.option("--timezone", type=ZONE, default="UTC", show_default=True, help="IANA zone that it is read in.")
@click.option("--after", metavar="TIME", help="Instants after this one (now): 2026-12-24, tomorrow, 3h.")
@click.option("--jitter", metavar="DURATION", help="Whether a job of it may have this jitter, such as 10m.")
@count_option("--count", 5, "How many.", most=_COUNT_MAX)
@json_option
def explain(
    expression: tuple[str, ...],
    timezone: str,
    after: str | None,
    jitter: str | None,
    count: int,
    as_json: bool,
) -> None:
    """Say what a cron expression means in words, when it comes next, and what may surprise in it.

    EXPR is a five-field expression, in quotes so that the shell leaves its * alone, an alias such as @daily, or
    @reboot. Several, each in quotes, are explained together, as a job's schedule takes them in a list; and an
    interval is, as the key every takes it: 'every 14d from 2026-01-05T09:00'.
    """
    several = len(expression) > 1 and all(" " in each.strip() or each.startswith("@") for each in expression)
    text = (SEPARATOR if several else " ").join(expression)
    now = datetime.now(UTC)
    begin = now if after is None else parse_time(after, "--after", now, zone=timezone, lean="future")
    try:
        for each in expression if several else [text]:
            refused = each
            schedule = parse_cron(each, timezone) if several and is_reboot(each) else _parsed(each, timezone)
        if several:
            schedule = parse_several(expression, timezone)
    except ScheduleError as problem:
        _refuse(refused, problem, unquoted=not several and len(expression) > 5)
    moved = None if jitter is None else _jitter(jitter, schedule)
    instants = list(islice(schedule.between(begin, datetime.max.replace(tzinfo=UTC), count), count))
    if as_json:
        _show_for_programs(text, timezone, schedule, begin, instants)
    else:
        _show(text, timezone, schedule, instants, now, moved)


def _parsed(text: str, timezone: str) -> Schedule:
    """A cron expression, or an interval with its key in front."""
    interval = _INTERVAL.fullmatch(text)
    if interval is None:
        return parse_expression(text, timezone)
    try:
        return parse_every(interval["value"], timezone)
    except ScheduleError as error:
        suggestion = error.suggestion and interval["key"] + error.suggestion
        column = error.column + interval.start("value")
        raise ScheduleError(error.reason, suggestion, token=error.token, column=column) from None


def _jitter(text: str, schedule: Schedule) -> timedelta:
    """The jitter that a job of this schedule may have.

    Raises:
        BadParameter: it may not.
    """
    from scheduler.schedule.jitter import jitter_fault

    try:
        jitter = parse_duration(text)
    except ScheduleError as error:
        raise click.BadParameter(error.reason, param_hint="--jitter") from None
    if isinstance(schedule, AtReboot):
        raise click.BadParameter(
            "a boot of the machine has no time that jitter could move", param_hint="--jitter"
        )
    if fault := jitter_fault(jitter, schedule):
        raise click.BadParameter(fault, param_hint="--jitter")
    return jitter


def _show(
    text: str,
    timezone: str,
    schedule: Schedule,
    instants: list[datetime],
    now: datetime,
    jitter: timedelta | None,
) -> None:
    facts: list[tuple[str, Value]] = [
        ("expression", text),
        ("meaning", schedule.describe()),
        ("zone", timezone),
    ]
    if jitter is not None:
        facts.append(
            ("jitter", f"each up to {format_duration(jitter)} later, by a time that a job always keeps")
        )
    remarks = [Cell(remark.message, "warn") for remark in lint(schedule)]
    if remarks:
        facts.append(("note", remarks))
    details(facts)
    click.echo()
    if timezone == "UTC":
        columns = [Column("NEXT, UTC", keep=True), Column("FROM NOW")]
        rows = [[show_time(instant, "UTC"), show_relative(instant, now)] for instant in instants]
    else:
        columns = [Column("NEXT, UTC", keep=True), Column(f"IN {timezone}", keep=True), Column("FROM NOW")]
        rows = [
            [show_time(instant, "UTC"), show_time(instant, timezone), show_relative(instant, now)]
            for instant in instants
        ]
    never = "it never comes again after that"
    table(columns, rows, empty=_AT_BOOT if isinstance(schedule, AtReboot) else never)


def _show_for_programs(
    text: str, timezone: str, schedule: Schedule, begin: datetime, instants: list[datetime]
) -> None:
    show_json(
        {
            "expression": text,
            "timezone": timezone,
            "words": schedule.describe(),
            "after": begin,
            "next": [
                {"utc": instant, "local": instant.astimezone(zone_of(timezone)).isoformat()}
                for instant in instants
            ],
            "notes": [{"code": remark.code, "message": remark.message} for remark in lint(schedule)],
        }
    )


def _refuse(text: str, problem: ScheduleError, *, unquoted: bool) -> NoReturn:
    """Say what is wrong, each with a caret under it."""
    colour = wants_colour(sys.stderr)
    for mistake in (problem, *problem.others):
        say(Failure(mistake.reason))
        if mistake.token is not None and text.isprintable() and len(text) <= _QUOTED_MAX_CHARS:
            click.echo(f"    {text}", err=True)
            caret = "^" * max(1, len(mistake.token))
            click.echo(f"    {' ' * mistake.column}{paint(caret, 'bad', colour)}", err=True, color=colour)
    if problem.suggestion:
        meant = paint(printable(problem.suggestion), "good", colour)
        click.echo(f"    did you mean {meant}?", err=True, color=colour)
    if unquoted:
        quotes = "    Put the expression in quotes: the shell replaces a bare * by names of files."
        click.echo(fitted(quotes, sys.stderr, hang=4), err=True)
    raise click.exceptions.Exit(ExitCode.USAGE)
