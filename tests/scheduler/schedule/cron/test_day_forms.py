"""Days told by their place in the month (`L`, `LW`, `15W`, `5#3`, `5L`), against a calendar asked day by day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice

import pytest
from cronsim import CronSim
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.lint import lint
from tests.scheduler.schedule.cron.wall_clock import PATIENT, ZONES, first_shown, utc
from tests.support.examples import examples

DAY = timedelta(days=1)
NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
DAY_ITEMS = st.one_of(
    st.sampled_from(["L", "LW", "l", "lw"]),
    st.integers(1, 31).map(lambda day: f"{day}W"),
    st.integers(1, 31).map(str),
)
WEEKDAYS = st.integers(0, 7).map(str) | st.sampled_from(NAMES)
WEEKDAY_ITEMS = st.one_of(
    st.builds(lambda day, nth: f"{day}#{nth}", WEEKDAYS, st.integers(1, 5)),
    WEEKDAYS.map(lambda day: f"{day}L"),
    WEEKDAYS,
)


def listed(items: st.SearchStrategy[str], stars: list[str]) -> st.SearchStrategy[str]:
    """A field of one to three of these, or one that begins with `*`."""
    return st.lists(items, min_size=1, max_size=3).map(",".join) | st.sampled_from(stars)


def month_of(day: date) -> list[date]:
    """All days of its month."""
    return _month(day.replace(day=1))


@cache
def _month(first: date) -> list[date]:
    return [each for each in (first + DAY * number for number in range(31)) if each.month == first.month]


def fits_day(item: str, day: date) -> bool:
    """Whether a day is one that an element of the day of month field tells."""
    month = month_of(day)
    working = [each for each in month if each.isoweekday() <= 5]
    if item == "L":
        return day == month[-1]
    if item == "LW":
        return day == working[-1]
    if item.endswith("W"):
        number = int(item[:-1])
        return number <= len(month) and day == min(working, key=lambda each: abs(each.day - number))
    return item == "*" or (item == "*/2" and day.day % 2 == 1) or item == str(day.day)


def fits_weekday(item: str, day: date) -> bool:
    """Whether a day is one that an element of the day of week field tells."""
    if item in ("*", "*/2"):
        return item == "*" or day.isoweekday() in (2, 4, 6, 7)
    found = re.fullmatch(r"([0-9]|[A-Z]{3})(?:#([1-5])|(L))?", item)
    assert found is not None
    weekday = NAMES.index(found[1]) if found[1] in NAMES else int(found[1]) % 7
    alike = [each for each in month_of(day) if each.isoweekday() % 7 == weekday]
    if found[2]:
        return day in alike[int(found[2]) - 1 : int(found[2])]
    return day == alike[-1] if found[3] else day in alike


def days(expression: str, begin: date) -> Iterator[date]:
    """The days of an expression from one on: Debian's rule for two day fields, each element asked by the calendar."""
    _, _, day_field, months, weekday_field = expression.upper().split()
    wanted = range(1, 13) if months == "*" else [int(each) for each in months.split(",")]
    day = begin
    while True:
        by_day = any(fits_day(item, day) for item in day_field.split(","))
        by_weekday = any(fits_weekday(item, day) for item in weekday_field.split(","))
        both = day_field.startswith("*") or weekday_field.startswith("*")
        if day.month in wanted and (by_day and by_weekday if both else by_day or by_weekday):
            yield day
        day += DAY


@settings(PATIENT, max_examples=examples(15))
@given(
    day=listed(DAY_ITEMS, ["*", "*/2"]),
    weekday=listed(WEEKDAY_ITEMS, ["*", "*/2"]),
    months=st.sampled_from(["*", "*", "2", "1,2", "6,11"]),
    begin=st.dates(date(1996, 1, 1), date(2090, 1, 1)),
)
@example(day="L", weekday="5", months="*", begin=date(2026, 1, 1))
@example(day="*/2", weekday="5#5", months="*", begin=date(2026, 1, 1))
@example(day="1W,31W", weekday="*", months="*", begin=date(2026, 1, 1))
@example(day="29W", weekday="*", months="2", begin=date(2026, 1, 1))
def test_the_days_are_those_of_a_calendar_that_is_asked(
    day: str, weekday: str, months: str, begin: date
) -> None:
    """Over four years each form names its days, alone, in lists, and beside the other day field."""
    expression = f"0 12 {day} {months} {weekday}"
    try:
        schedule = parse_cron(expression)
    except ScheduleError as refused:
        assume("never comes" not in refused.reason)
        raise
    until = begin + 4 * 365 * DAY
    wanted = []
    for found in days(expression, begin):
        if found > until:
            break
        wanted.append(datetime(found.year, found.month, found.day, 12, tzinfo=UTC))
        if len(wanted) > 100 or found == until:
            break
    after = datetime(begin.year, begin.month, begin.day, tzinfo=UTC)
    assert list(schedule.between(after, after + 4 * 365 * DAY + DAY / 2))[: len(wanted)] == wanted
    stepped, at = [], after
    for _ in wanted[:10]:
        following = schedule.next_after(at)
        assert following is not None
        stepped.append(at := following)
    assert stepped == wanted[:10]
    if wanted:
        assert schedule.count_between(after, wanted[-1]) == len(wanted)
    assert schedule.describe()
    lint(schedule)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "expression", ["30 2 L * *", "15 0 1W * *", "30 1 LW,15W * *", "30 2 * * SUN#2", "0 2 * 3,10,11 7L"]
)
def test_in_every_zone_the_time_of_day_is_kept_by_the_rule_for_changes_of_clocks(
    expression: str, zone: str
) -> None:
    """Over years the instants are those at which clocks first show the time on that day, or the end of the gap."""
    minute, hour = map(int, expression.split()[:2])
    begin, midnight = date(2008, 1, 1), datetime(2008, 1, 1)  # noqa: DTZ001 - a local time
    found = list(islice(days(expression, begin), 30))
    wanted = [
        first_shown(datetime(each.year, each.month, each.day, hour, minute), zone)  # noqa: DTZ001 - a local time
        for each in found
    ]
    schedule = parse_cron(expression, zone)
    assert list(schedule.between(first_shown(midnight, zone) - DAY / 86_400, wanted[-1])) == wanted


@pytest.mark.parametrize("expression", [
    "0 0 L * *", "0 0 LW * *", "0 0 * * 5#3", "0 0 * * 5L", "0 0 * * 0#1", "0 0 L * 5", "0 0 15 * 5L",
    "0 0 * 2 5#5", "0 0 L 2 *", "0 0 1,15,L * *", "0 0 */2 * 1#1",
])  # fmt: skip
def test_the_days_are_those_of_cronsim(expression: str) -> None:
    """Another scheduler that knows these forms, and Debian's rule for two day fields, has the same days."""
    begin = utc("2024-01-01T12:00")
    theirs = [found.astimezone(UTC) for found in islice(CronSim(expression, begin), 30)]
    assert list(parse_cron(expression).between(begin, theirs[-1])) == theirs


@pytest.mark.parametrize(("expression", "words"), [
    ("0 2 L * *", "at 02:00 on the last day of every month"),
    ("0 2 LW 6 *", "at 02:00 on the last working day of June"),
    ("0 2 15W * *", "at 02:00 on the working day nearest to day 15 of every month"),
    ("0 2 31W * *", "at 02:00 on the working day nearest to day 31 of the month"),
    ("0 2 * * 5#3", "at 02:00 on the third Friday of every month"),
    ("0 2 * * fril", "at 02:00 on the last Friday of every month"),
    ("0 2 1,15,L * *", "at 02:00 on days 1 and 15 and the last day of every month"),
    ("0 2 L * 1", "at 02:00 on the last day of the month and also on each Monday"),
    ("0 2 */2 * 1#1", "at 02:00 on the first Monday when it is days 1, 3, 5 and so on to 31 of the month"),
])  # fmt: skip
def test_they_are_told_in_words(expression: str, words: str) -> None:
    """The words say which day of the month it is."""
    assert parse_cron(expression).describe() == words


def test_what_some_months_lack_is_remarked_on() -> None:
    """A fifth Friday and a day 31 do not come each month; a last Friday does."""
    assert [remark.code for remark in lint(parse_cron("0 2 * * 5#5"))] == ["short-months"]
    assert [remark.code for remark in lint(parse_cron("0 2 31W * *"))] == ["short-months"]
    assert [remark.code for remark in lint(parse_cron("0 2 L * 5"))] == ["day-or-weekday"]
    assert lint(parse_cron("0 2 * * 5L")) == []
