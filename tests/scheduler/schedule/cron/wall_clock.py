"""Shared by the schedule tests: random expressions, changes of clocks, and a clock walked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from scheduler.schedule.cron.schedule import CronSchedule, parse_cron
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.zones import load_zone
from tests.scheduler.schedule.cron.other_schedulers import debian

MINUTE = timedelta(minutes=1)

# A law holds however busy the machine is.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# An instant close to a change of clocks, for each kind of change that zones have made.
CHANGES = {
    "Europe/Paris forward": ("Europe/Paris", "2026-03-29T01:00"),
    "Europe/Paris back": ("Europe/Paris", "2026-10-25T01:00"),
    "America/New_York forward": ("America/New_York", "2026-03-08T07:00"),
    "America/New_York back": ("America/New_York", "2026-11-01T06:00"),
    "America/Havana forward, at midnight": ("America/Havana", "2024-03-10T05:00"),
    "America/Havana back, to midnight": ("America/Havana", "2024-11-03T05:00"),
    "Australia/Lord_Howe forward by half an hour": ("Australia/Lord_Howe", "2026-10-03T15:30"),
    "Australia/Lord_Howe back by half an hour": ("Australia/Lord_Howe", "2026-04-04T15:00"),
    "Pacific/Apia over the date line, a day left out": ("Pacific/Apia", "2011-12-30T10:00"),
    "Africa/Casablanca back for Ramadan": ("Africa/Casablanca", "2024-03-10T02:00"),
    "Africa/Casablanca forward after Ramadan": ("Africa/Casablanca", "2024-04-14T02:00"),
    "Asia/Kathmandu, which never changes": ("Asia/Kathmandu", "2026-03-29T01:00"),
    "Asia/Kathmandu forward by a quarter of an hour": ("Asia/Kathmandu", "1985-12-31T18:30"),
    "America/St_Johns back, just after midnight": ("America/St_Johns", "2010-11-07T02:31"),
    "America/Inuvik back by eight hours at the turn of a year": ("America/Inuvik", "1953-01-01T00:00"),
    "Europe/Dublin back to standard time": ("Europe/Dublin", "1971-10-31T02:00"),
}
ZONES = sorted({zone for zone, _ in CHANGES.values()} | {"UTC"})

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_NAMES: tuple[dict[int, str], ...] = (
    {},
    {},
    {},
    {1: "JAN", 6: "jun", 12: "Dec"},
    {0: "SUN", 1: "Mon", 5: "fri"},
)


def utc(text: str) -> datetime:
    """An instant written without its zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def _fields(draw: st.DrawFn, index: int, stars: int, lenient: bool) -> str:
    """A field, `stars` times out of `stars` + 1 a bare `*`; never one that begins with `*` when `stars` is 0."""
    low, high = _RANGES[index]
    names = _NAMES[index]
    if draw(st.integers(0, stars)):
        return "*"
    kinds = ["value", "value", "range", "list", "range step", "whole"]
    kinds += ["step"] if stars else []
    kinds += ["zeros", "past the end", *(["star in a list"] if stars else [])] if lenient else []
    kind = draw(st.sampled_from(kinds))
    value = draw(st.integers(low, high))
    if kind == "zeros":
        return f"00{value}"
    if kind == "star in a list":
        return f"*/{draw(st.sampled_from([2, 7, 100]))},{value}"
    if kind == "past the end":
        return f"{value}-{draw(st.integers(value, high))}/{draw(st.integers(1, 200))}"
    if kind == "value":
        return names.get(value, str(value)) if draw(st.booleans()) else str(value)
    if kind == "step":
        return f"*/{draw(st.integers(1, 6 if index == 4 else high - low))}"
    if kind == "whole":
        return f"{low}-{high}"
    if kind == "list":
        values = draw(st.lists(st.integers(low, high), min_size=2, max_size=4))
        return ",".join(map(str, values))
    end = draw(st.integers(value, high))
    if kind == "range" or end == value:
        return f"{value}-{end}"
    return f"{value}-{end}/{draw(st.integers(1, end - value))}"


@st.composite
def expressions(draw: st.DrawFn, fixed_time: bool = False, lenient: bool = True) -> str:
    """Legal five-field expressions of every shape; some name a date that never comes.

    Args:
        draw: Hypothesis' own.
        fixed_time: Neither minute nor hour begins with `*`.
        lenient: With what Debian's cron takes and stricter readers do not: `007`, `7-7/2`, `*/100,1-7`.
    """
    stars = (0, 0, 2, 2, 2) if fixed_time else (1, 1, 2, 2, 2)
    return " ".join(draw(_fields(index, stars[index], lenient)) for index in range(5))


def walk(expression: str, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """The instants in (after, until], found by watching a wall clock minute by minute as Debian cron does.

    Debian's reading only says what the five fields hold. A job without `*` in front of its minute and hour counts a
    wall-clock minute the first time it is shown, and makes up for skipped minutes at the next one shown.
    """
    info = load_zone(zone)
    entry = debian(expression)
    assert entry is not None
    fixed_time, due = entry.fixed_time, entry.meaning.holds

    start = after.replace(second=0, microsecond=0) - timedelta(days=2)
    newest = start.astimezone(info).replace(tzinfo=None)
    at = start
    while (at := at + MINUTE) <= until:
        wall = at.astimezone(info).replace(tzinfo=None)
        if not fixed_time:
            found = due(wall)
        else:
            found = False
            while newest < wall:
                newest += MINUTE
                found = found or due(newest)
        if found and at > after:
            yield at


def first_shown(local: datetime, zone: str) -> datetime:
    """The first instant, to the minute, at which the clocks of a zone show a local time or a later one."""
    info = load_zone(zone)
    at = local.replace(tzinfo=info).astimezone(UTC)
    if at.astimezone(info).replace(tzinfo=None) == local:
        return at
    at = (local - timedelta(hours=40)).replace(tzinfo=UTC)
    while at.astimezone(info).replace(tzinfo=None) < local:
        at += MINUTE
    return at


def parsed(expression: str, zone: str) -> CronSchedule:
    """The schedule, unless the expression names a date that never comes."""
    try:
        return parse_cron(expression, zone)
    except ScheduleError as refused:
        assume("never comes" not in refused.reason)
        raise
