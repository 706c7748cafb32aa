"""Times and durations as people type them, for options such as `--since` and `--for`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeVar

import click

from cli.times.zones import local_zone, zone_of

_FORMS = "write 1h, 2d or 4w, today or yesterday, 2026-11-23, or 2026-11-23T18:00:00Z"
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_YEARS = range(1970, 9998)
"""As for the times of schedules: no ledger is older, and beyond it there is no room for zones and arithmetic."""


Moment = TypeVar("Moment", bound=date)


class DurationType(click.ParamType[timedelta]):
    """A duration as the config has them: `90s`, `15m`, `36h`, `7d`."""

    name = "duration"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The duration."""
        from scheduler.schedule import ScheduleError, parse_duration

        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except ScheduleError as problem:
            raise click.BadParameter(str(problem), ctx, param) from None


DURATION = DurationType()


def parse_time(
    text: str,
    option: str,
    now: datetime,
    *,
    zone: str | None = None,
    lean: Literal["past", "future"] = "past",
    end: bool = False,
) -> datetime:
    """The instant in UTC that a person typed.

    Accepted are a duration (`1h`, or `4w`, which the config does not have: ago, or ahead if `lean` says so; `+1h`
    ahead, `-1h` and `1h ago` back), `now`, `today`, `yesterday`, `tomorrow`, a date (its first instant), a date and
    time (`T` or a blank between them, with or without an offset), and a time of day (today's).

    Args:
        text: what was typed.
        option: name of the option, for the message.
        now: the present moment.
        zone: of a date or time without an offset; this machine's own if not given.
        lean: which way a bare duration counts.
        end: a date stands for the first instant after it (for the end of a stretch, `--until 2026-11-23`).

    Raises:
        click.BadParameter: it is no time, or one that the zone's clocks never show or show twice, or one outside the
            years 1970 to 9997.
    """
    from scheduler.schedule import ScheduleError, parse_at

    typed = " ".join(text.split())
    zone = zone or local_zone()
    try:
        if (moved := _moved(typed, option, now, lean)) is not None:
            return _within(moved)
        if (day := _day(typed, now, zone)) is not None:
            _within(day)
            return _first_instant(day + timedelta(days=1) if end else day, zone)
        if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?", typed):
            typed = f"{now.astimezone(zone_of(zone)):%Y-%m-%d} {typed:0>5}"
        # Fractions of a second are in what `--json` prints; the rest is read as a schedule's `at`.
        whole, fraction, offset = _without_fraction(typed)
        return parse_at(whole + offset, zone).instant + timedelta(seconds=fraction)
    except OverflowError:
        reason = f"{typed!r} is outside the years {_YEARS[0]} to {_YEARS[-1]}"
        raise click.BadParameter(reason, param_hint=f"'{option}'") from None
    except (ScheduleError, ValueError) as problem:
        reason = problem.reason if isinstance(problem, ScheduleError) else f"there is no {typed!r}: {problem}"
        if not re.match(r"[0-9]{4}-", typed):
            reason = f"{typed!r} is not a time: {_FORMS}"
        raise click.BadParameter(reason, param_hint=f"'{option}'") from None


def _moved(typed: str, option: str, now: datetime, lean: Literal["past", "future"]) -> datetime | None:
    """`now`, or a duration away from it; None if the text is neither.

    Raises:
        OverflowError: there is no calendar so far away.
    """
    from scheduler.schedule import ScheduleError

    if typed == "now":
        return now
    ahead = lean == "future"
    if typed.endswith(" ago"):
        ahead, typed = False, typed.removesuffix(" ago")
    elif typed.startswith(("+", "in ")):
        ahead, typed = True, typed.removeprefix("+").removeprefix("in ")
    elif typed.startswith("-"):
        ahead, typed = False, typed.removeprefix("-")
    elif not re.fullmatch(r"[0-9]+ ?[A-Za-z]+.*", typed):
        return None
    try:
        duration = _length(typed.replace(" ", ""))
        return now + duration if ahead else now - duration
    except ScheduleError as problem:
        raise click.BadParameter(str(problem), param_hint=f"'{option}'") from None


def _length(typed: str) -> timedelta:
    """A length of time as the config has them, or with weeks before that: people look back over weeks.

    Raises:
        ScheduleError: it is none.
    """
    from scheduler.schedule import ScheduleError, parse_duration

    found = re.fullmatch(r"([0-9]{1,6})w(?:([0-9]{1,6})d)?(.*)", typed)
    if found is None:
        return parse_duration(typed)
    in_days = f"{int(found[1]) * 7 + int(found[2] or 0)}d{found[3]}"
    try:
        return parse_duration(in_days)
    except ScheduleError as problem:
        raise ScheduleError(problem.reason.replace(repr(in_days), repr(typed))) from None


def _day(typed: str, now: datetime, zone: str) -> date | None:
    if typed in _DAYS:
        return now.astimezone(zone_of(zone)).date() + timedelta(days=_DAYS[typed])
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", typed):
        return date.fromisoformat(typed)
    return None


def _within(moment: Moment) -> Moment:
    """The same moment.

    Raises:
        OverflowError: its year is one that no ledger and no schedule has.
    """
    if moment.year not in _YEARS:
        raise OverflowError
    return moment


def _first_instant(day: date, zone: str) -> datetime:
    """When a day begins in a zone; where midnight is skipped, right after the gap."""
    return datetime.combine(day, time(), tzinfo=zone_of(zone)).astimezone(UTC)


def _without_fraction(typed: str) -> tuple[str, float, str]:
    found = re.fullmatch(r"(.*:[0-9]{2})\.([0-9]{1,9})((?:[Zz]|[+-][0-9:]+)?)", typed)
    return (found[1], float(f"0.{found[2]}"), found[3]) if found else (typed, 0.0, "")
