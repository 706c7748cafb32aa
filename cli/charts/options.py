"""What commands that draw have in common: which jobs, in whose zone, and how wide."""

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
    """Give a command `--width`; it arrives as the argument `width`, None if it was not given."""
    return click.option(
        "--width",
        type=click.IntRange(_WIDTH_MIN, _WIDTH_MAX),
        metavar="N",
        help="Characters in a line.  [default: the terminal's, else 80]",
    )(command)


def picture_width(asked: int | None) -> int:
    """How wide to draw: as asked, or as wide as the terminal is."""
    return max(_WIDTH_MIN, min(console.width(), _WIDTH_MAX)) if asked is None else asked


def window_of(since: str, until: str | None, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """Where a picture begins and ends: as typed, dates being those of the clocks that the picture shows.

    Raises:
        click.BadParameter: one of them is no time, or the end is not after the beginning.
    """
    begin = parse_time(since, "--since", now, zone=zone)
    end = now if until is None else parse_time(until, "--until", now, zone=zone, end=True)
    if begin >= end:
        raise click.BadParameter("it is not before --until", param_hint="'--since'")
    return begin, end


def chosen_jobs(state: State, names: tuple[str, ...]) -> list[str] | None:
    """The jobs that were named, also such as are no longer configured; None for all.

    Raises:
        Failure: there is none of that name.
    """
    for name in names:
        check_past(state, name)
    return list(dict.fromkeys(names)) or None


def zone_for(state: State, jobs: list[str] | None, *, utc: bool) -> str:
    """Whose clocks a picture of several jobs shows: those of their zone if they share one, else this machine's."""
    if utc:
        return "UTC"
    shown = (
        state.present_jobs() if jobs is None else [state.jobs[name] for name in jobs if name in state.jobs]
    )
    zones = {job.definition.timezone for job in shown}
    return zones.pop() if len(zones) == 1 else local_zone()
