"""Times and durations as people type them, for options such as `--since` and `--for`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeVar

import click

from cli.times.zones import local_zone, zone_of

_FORMS = "write 1h, 2d or 4w, today or {day}, 2026-11-23, or 2026-11-23T18:00:00Z"
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_YEARS = range(1970, 9998)
"""The same years as for schedules: no ledger is older, and later years leave no room for zones and arithmetic."""


Moment = TypeVar("Moment", bound=date)


class DurationType(click.ParamType[timedelta]):
    """A duration as it is written in the config: `90s`, `15m`, `36h`, `7d`."""

    name = "duration"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The duration."""
        from scheduler.schedule.duration import parse_duration
        from scheduler.schedule.errors import ScheduleError

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

    Accepted are:

    - a duration: `1h`, or `4w`, which the config does not accept. It counts as `lean` says; `+1h` counts ahead, `-1h`
      and `1h ago` count back;
    - `now`, `today`, `yesterday`, `tomorrow`, or a date (its first instant);
    - a date and a time, with `T` or a blank between them, with or without an offset;
    - a time of day (today's).

    Args:
        text: what was typed.
        option: the name of the option, for the message.
        now: the present moment.
        zone: the zone of a date or time without an offset; this machine's zone if not given.
        lean: the direction in which a duration without a sign counts.
        end: whether a date stands for the first instant after it (for the end of a range, `--until 2026-11-23`).

    Raises:
        click.BadParameter: the text is no time, or a time that the zone's clocks never show or show twice, or a time
            outside the years 1970 to 9997.
    """
    from scheduler.schedule.at import parse_at
    from scheduler.schedule.errors import ScheduleError

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
        # `--json` prints fractions of a second, so they are accepted; the rest is read as a schedule's `at`.
        whole, fraction, offset = _without_fraction(typed)
        return parse_at(whole + offset, zone).instant + timedelta(seconds=fraction)
    except OverflowError:
        reason = f"{typed!r} is outside the years {_YEARS[0]} to {_YEARS[-1]}"
        raise click.BadParameter(reason, param_hint=f"'{option}'") from None
    except (ScheduleError, ValueError) as problem:
        reason = problem.reason if isinstance(problem, ScheduleError) else f"there is no {typed!r}: {problem}"
        if not re.match(r"[0-9]{4}-", typed):
            forms = _FORMS.format(day="yesterday" if lean == "past" else "tomorrow")
            reason = f"{typed!r} is not a time: {forms}"
        raise click.BadParameter(reason, param_hint=f"'{option}'") from None


def _moved(typed: str, option: str, now: datetime, lean: Literal["past", "future"]) -> datetime | None:
    """`now`, or a duration away from it; None if the text is neither.

    Raises:
        OverflowError: the result is outside the years of the calendar.
    """
    from scheduler.schedule.errors import ScheduleError

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
    """A duration as in the config, which may begin with weeks, because people look back over weeks.

    Raises:
        ScheduleError: the text is no duration.
    """
    from scheduler.schedule.duration import parse_duration
    from scheduler.schedule.errors import ScheduleError

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
    """The same moment, if its year is one of `_YEARS`.

    Raises:
        OverflowError: no ledger and no schedule has that year.
    """
    if moment.year not in _YEARS:
        raise OverflowError
    return moment


def _first_instant(day: date, zone: str) -> datetime:
    """When a day begins in a zone; if its midnight is skipped, right after the gap."""
    return datetime.combine(day, time(), tzinfo=zone_of(zone)).astimezone(UTC)


def _without_fraction(typed: str) -> tuple[str, float, str]:
    found = re.fullmatch(r"(.*:[0-9]{2})\.([0-9]{1,9})((?:[Zz]|[+-][0-9:]+)?)", typed)
    return (found[1], float(f"0.{found[2]}"), found[3]) if found else (typed, 0.0, "")
