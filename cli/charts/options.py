"""What the commands that draw charts have in common: which jobs, which zone, and how wide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.home.job_names import check_past
from cli.terminal import console
from cli.times.show import parse_time
from cli.times.zones import local_zone

if TYPE_CHECKING:
    from scheduler.rules.state import State

Command = TypeVar("Command", bound=Callable[..., Any])
_WIDTH_MIN, _WIDTH_MAX = 44, 1_000


def width_option(command: Command) -> Command:
    """Give a command the option `--width`; its value is the argument `width`, None if it was not given."""
    return click.option(
        "--width",
        type=click.IntRange(_WIDTH_MIN, _WIDTH_MAX),
        metavar="N",
        help="Characters in a line.  [default: the terminal's, else 80]",
    )(command)


def picture_width(asked: int | None) -> int:
    """How wide to draw: as `--width` says, or as wide as the terminal."""
    return max(_WIDTH_MIN, min(console.width(), _WIDTH_MAX)) if asked is None else asked


def window_of(since: str, until: str | None, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """Where a chart begins and ends, as typed; dates are read in the zone whose clocks the chart shows.

    Raises:
        click.BadParameter: a text is no time, or the end is not after the beginning.
    """
    begin = parse_time(since, "--since", now, zone=zone)
    end = now if until is None else parse_time(until, "--until", now, zone=zone, end=True)
    if begin >= end:
        raise click.BadParameter("it is not before --until", param_hint="'--since'")
    return begin, end


def chosen_jobs(state: State, names: tuple[str, ...]) -> list[str] | None:
    """The jobs that were named, including jobs that are no longer configured; None: all jobs.

    Raises:
        Failure: there is no job of that name.
    """
    for name in names:
        check_past(state, name)
    return list(dict.fromkeys(names)) or None


def zone_for(state: State, jobs: list[str] | None, *, utc: bool) -> str:
    """The zone whose clocks a chart of jobs shows: that of the jobs if they share one, else that of this machine."""
    if utc:
        return "UTC"
    shown = (
        state.present_jobs() if jobs is None else [state.jobs[name] for name in jobs if name in state.jobs]
    )
    zones = {job.definition.timezone for job in shown}
    return zones.pop() if len(zones) == 1 else local_zone()
