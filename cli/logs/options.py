"""The options that filter log entries, the same for every command that reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from cli.app.options import WholeNumber
from cli.home.job_names import JOB
from cli.times.show import parse_time
from scheduler.logs.storage.entry import Level, Stream

if TYPE_CHECKING:
    from scheduler.logs import LogFilter, Pattern

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--level", type=click.Choice(get_args(Level)), help="Of this level and above."),
    click.option(
        "--since", metavar="TIME", help="Of this time or later: 1h, 4w, yesterday, 2026-11-23, 2026-11-23T18:00:00Z."
    ),
    click.option("--until", metavar="TIME", help="Before this time; a date includes that day."),
    click.option("--job", type=JOB, metavar="NAME", help="About this job."),
    click.option("--run", type=WholeNumber(0), metavar="RUN", help="About this run, by its number."),
    click.option(
        "--stream", type=click.Choice(get_args(Stream)), help="What jobs print to it, or what the scheduler notes."
    ),
)  # fmt: skip

lines_option = click.option(
    "-n",
    "--lines",
    "count",
    default=100,
    show_default=True,
    type=WholeNumber(1),
    metavar="N",
    help="The newest so many.",
)
utc_option = click.option("--utc", is_flag=True, help="Show times in UTC instead of this machine's zone.")


def filter_options(command: Command) -> Command:
    """Give a command the filter options; its arguments are level, since, until, job, run and stream."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def log_filter(
    *,
    level: Level | None,
    since: str | None,
    until: str | None,
    job: str | None,
    run: int | None,
    stream: Stream | None,
    pattern: Pattern | None = None,
) -> LogFilter:
    """The filter that the options describe.

    Raises:
        click.BadParameter: a text is no time, or the times are in the wrong order.
    """
    from scheduler.logs import LogFilter

    now = datetime.now(UTC)
    wanted = LogFilter(
        level=level,
        since=None if since is None else parse_time(since, "--since", now),
        until=None if until is None else parse_time(until, "--until", now, end=True),
        job=job,
        run=run,
        stream=stream,
        pattern=pattern,
    )
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise click.BadParameter("it is not before --until", param_hint="'--since'")
    return wanted
