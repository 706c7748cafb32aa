"""Schedules for a single instant: `at: 2026-12-24T18:00:00+01:00`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.schedule import Schedule, Summary, epoch_seconds
from scheduler.schedule.zones import load_zone

_SHAPE = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{2}:[0-9]{2})(?P<seconds>:[0-9]{2})?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_OFFSET_PAST = re.compile(r"[+-](2[4-9]|[3-9][0-9]):[0-9]{2}$")
_DATE_ALONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS = range(1970, 9998)
_FORMS = (
    "write a date and a time, such as 2026-12-24T18:00:00+01:00, or 2026-12-24 18:00 in the job's time zone"
)


class AtSchedule(Schedule, frozen=True):
    """One instant, once.

    Attributes:
        zone: IANA name of the zone in which the instant is shown.
        instant: The instant, in UTC.
        text: The instant as it was written; two schedules are equal without it.
    """

    instant: datetime
    text: str

    @property
    def identity(self) -> tuple[object, ...]:
        """All but how it was written."""
        return (self.zone, self.instant)

    def next_after(self, instant: datetime) -> datetime | None:
        """The instant if it is strictly later than `instant`, else None: it never comes again."""
        epoch_seconds(instant)
        return self.instant if self.instant > instant else None

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instant if after < instant <= until."""
        found = [self.instant] if after < self.instant <= until else []
        return iter(found[:limit])

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The instant if after < instant <= until and `n` is not 0."""
        return list(self.between(after, until, n))

    def summary(self, after: datetime, until: datetime) -> Summary:
        """The instant, first and last, if after < instant <= until."""
        if after < self.instant <= until:
            return Summary(self.instant, self.instant, 1)
        return Summary(None, None, 0)

    def describe(self) -> str:
        """The instant in words, such as "once, at 2026-12-24 18:00 Europe/Paris"."""
        local = self.instant.astimezone(load_zone(self.zone))
        shown = local.strftime("%Y-%m-%d %H:%M:%S" if local.second else "%Y-%m-%d %H:%M")
        return f"once, at {shown} {self.zone}"

    def source(self) -> str:
        """The instant as it was written, after the word `at`."""
        return f"at {self.text}"


@lru_cache(maxsize=4096)
def parse_at(text: str, timezone: str = "UTC") -> AtSchedule:
    """The schedule that runs once.

    Args:
        text: An RFC 3339 time with its offset, or a local time in `timezone`; seconds may be left out, and a
            space may stand for the `T`.
        timezone: IANA name of the zone of a time without an offset.

    Raises:
        ScheduleError: The text is not such a time, the calendar or the zone does not have it, the zone has it
            twice, or the zone does not exist.

    >>> parse_at("2026-12-24 18:00", "Europe/Paris").describe()
    'once, at 2026-12-24 18:00 Europe/Paris'
    """
    load_zone(timezone)
    text = text.strip(" \t")
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise _misshapen(text)
    moment = f"{found['date']}T{found['time']}{found['seconds'] or ':00'}"
    offset = (found["offset"] or "").upper().replace("Z", "+00:00")
    try:
        read = datetime.fromisoformat(moment + offset)
    except ValueError as error:
        why = "an offset is less than 24 hours" if _OFFSET_PAST.search(moment + offset) else error
        raise ScheduleError(f"{text!r} is not a time that exists: {why}", token=text) from None
    if read.year not in _YEARS:
        raise ScheduleError(f"{text!r} is outside the years {_YEARS[0]} to {_YEARS[-1]}", token=text)
    instant = read.astimezone(UTC) if read.tzinfo else _local_instant(read, timezone, text)
    return AtSchedule(timezone, instant, text)


def _local_instant(local: datetime, timezone: str, text: str) -> datetime:
    """The one instant at which the zone's clocks show a local time."""
    zone = load_zone(timezone)
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    shown = first.astimezone(UTC).astimezone(zone)
    if shown.replace(tzinfo=None) != local:
        reason = f"clocks in {timezone} never show {text}: they go from {_gap(first, second)}"
        raise ScheduleError(reason, token=text)
    if first.utcoffset() != second.utcoffset():
        offsets = " or ".join(moment.isoformat()[-6:] for moment in (first, second))
        reason = f"clocks in {timezone} show {text} twice: say which by its offset, {offsets}"
        raise ScheduleError(reason, token=text)
    return first.astimezone(UTC)


def _gap(before: datetime, after: datetime) -> str:
    """The gap that a skipped local time falls into, as "02:00 to 03:00".

    `before` and `after` are the local time read with the offsets that hold before and after the gap.
    """
    early, late = after.astimezone(UTC), before.astimezone(UTC)
    zone = before.tzinfo
    offset = before.utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    end = late.replace(microsecond=0).astimezone(zone)
    begin = (end.astimezone(UTC) + (offset or timedelta())).replace(tzinfo=None)
    form = "%H:%M" if begin.date() == end.date() else "%Y-%m-%d %H:%M"
    return f"{begin:{form}} to {end:{form}}"


def _misshapen(text: str) -> ScheduleError:
    """The refusal of a text that is no such time, with the accepted spelling if it is a time in another one."""
    if not text:
        return ScheduleError(f"the time is empty: {_FORMS}")
    if _DATE_ALONE.fullmatch(text):
        return ScheduleError(f"{text!r} has no time of day: {_FORMS}", token=text)
    try:
        meant = datetime.fromisoformat(text)
    except ValueError:
        return ScheduleError(f"{text!r} is not a time: {_FORMS}", token=text)
    if meant.microsecond:
        return ScheduleError(f"{text!r} has a fraction of a second: instants are whole ones", token=text)
    written = meant.isoformat()
    usable = _SHAPE.fullmatch(written) is not None and meant.year in _YEARS
    return ScheduleError(f"{text!r} is not a time: {_FORMS}", written if usable else None, token=text)
