"""A suggestion means what was written, as the scheduler reads it for which it was written, or it is not made."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from scheduler.schedule.schedule import Schedule
from tests.scheduler.schedule.cron.other_schedulers import (
    Meaning,
    aws,
    debian,
    quartz,
    seconds_first,
    seconds_last,
)
from tests.scheduler.schedule.cron.wall_clock import CHANGES, PATIENT, ZONES, expressions, utc, walk
from tests.support.examples import examples

COMPARED = 60
EXAMPLES = examples(100)
# A leap year with its end and an ordinary one: weekdays and lengths of months differ.
STARTS = [utc("2027-12-30T22:58"), utc("2029-02-26T11:59:30")]
LONE_STEP = re.compile(r"\*/([0-9]+) \* \* \* \*|0+ \*/([0-9]+) \* \* \*")


def refused(expression: str, timezone: str = "UTC") -> ScheduleError | None:
    """The refusal, or None if it is accepted."""
    try:
        parse_cron(expression, timezone)
    except ScheduleError as error:
        return error
    return None


def schedule(suggestion: str) -> Schedule:
    """What a suggestion means."""
    if suggestion.startswith("every: "):
        return parse_every(suggestion.removeprefix("every: "))
    return parse_cron(suggestion)


def first_instants(meaning: Meaning, after: datetime) -> list[datetime]:
    """Some instants of another scheduler."""
    return list(islice(meaning.instants(after, after + timedelta(days=1_500)), COMPARED))


def assert_same(ours: Schedule, theirs: Meaning) -> None:
    """The instants agree wherever one begins."""
    for start in STARTS:
        until = start + timedelta(days=1_500)
        assert list(ours.between(start, until, COMPARED)) == first_instants(theirs, start)


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    """Numbers of a field, some with zeros in front."""
    return st.builds("{}{}".format, st.sampled_from(["", "", "", "0", "00"]), st.integers(low, high))


FOREIGN = ["**", "H", "0~7", "1;2", "5L", "2#1", "/5", "1--3", "FRIDAY"]


def fields(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    """A field of some dialect of cron: of the right shape, mostly in range, with steps of any length."""
    value = numbers(low, high) | (st.sampled_from(names.split()) if names else st.nothing())
    spans = st.builds("{}-{}".format, value, value)
    steps = st.builds("/{}".format, st.sampled_from([1, 2, 5, 7, 15, 23, 24, 30, 45, 59, 60, 80, 100]))
    stepped = st.builds("{}{}".format, st.just("*") | spans, steps)
    open_ended = st.builds("{}{}".format, value, steps)
    piece = value | spans | stepped | stepped | open_ended | st.sampled_from(["*", str(high + 1), *FOREIGN])
    lists = st.lists(value | spans | stepped, min_size=2, max_size=2).map(",".join)
    plain = st.sampled_from(["*", "*", "*", str(low), str(high)])
    return plain | plain | piece | lists


SECOND = st.sampled_from(["0", "0", "0", "00", "*", "*/10", "0/30", "15"])
FIVE = (
    fields(0, 59),
    fields(0, 23),
    fields(1, 31),
    fields(1, 12, "JAN MAR dec"),
    fields(0, 7, "SUN MON fri SAT"),
)
YEAR = st.sampled_from(["*", "*", "*", "2030", "2027-2029"])
ONE_DAY = st.sampled_from(["?", "?", "*"])


@st.composite
def six_or_seven(draw: st.DrawFn) -> str:
    """Fields in the order of AWS, Quartz, Spring or croniter; one day is mostly `?` or `*`."""
    five = [draw(field) for field in FIVE]
    five[draw(st.sampled_from([2, 4]))] = draw(ONE_DAY)
    order = draw(st.sampled_from(["aws", "quartz", "quartz and year", "seconds last"]))
    if order == "aws":
        return " ".join([*five, draw(YEAR)])
    if order == "seconds last":
        return " ".join([*five, draw(SECOND)])
    return " ".join([draw(SECOND), *five, *([draw(YEAR)] if order == "quartz and year" else [])])


@settings(PATIENT, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))  # Debian refuses most
@given(expression=st.tuples(*FIVE).map(" ".join))
@example(expression="0 9 */100,1-7 * MON")
@example(expression="*/80 * 19 4 1-3")
@example(expression="*/60 * * * *")
@example(expression="0 0 31 2 1")
@example(expression="5;30 * * * *")
@example(expression="**/5 * * * *")
@example(expression="0 0 1/3 * MON")
def test_five_fields_are_read_as_debian_does_and_so_is_a_suggestion(expression: str) -> None:
    """What Debian's cron takes is accepted with its instants; where it is refused, a suggestion has them too."""
    entry = debian(expression)
    assume(entry is not None and not entry.backward)
    assert entry is not None
    error = refused(expression)
    if error is None:
        meant = parse_cron(expression).fields
        # Debian's cron reads `5L` as 5 and skips the rest, as of all that it does not know.
        assume(not (meant.day.forms or meant.weekday.forms))
        assert not entry.rest_skipped
        assert_same(parse_cron(expression), entry.meaning)
    elif "never comes" in error.reason:
        assert error.suggestion in (None, "on_demand: true")
        assert first_instants(entry.meaning, STARTS[0]) == []
    elif error.suggestion is not None and error.suggestion.startswith("every: "):
        assert LONE_STEP.fullmatch(expression)  # nobody means minute 0 of each hour by `*/90`
    elif error.suggestion is not None:
        assert_same(parse_cron(error.suggestion), entry.meaning)
    else:
        lone = re.match(r"\*/[0-9]+ |\S+ \*/[0-9]+ ", expression)
        assert entry.rest_skipped or (lone and "steps past its end" in error.reason)


@settings(PATIENT, max_examples=EXAMPLES)
@given(expression=six_or_seven())
@example(expression="0 12 * * ? *")
@example(expression="0 0 12 ? * 2-6")
@example(expression="0 0 12 ? * MON-FRI *")
@example(expression="0 2 * * * 0")
@example(expression="0 0 2 * * 0")
@example(expression="*/10 * * * * *")
@example(expression="0 0 9 1/5 * ?")
@example(expression="0 0 9 ? * 7,1")
@example(expression="0 0 9 ? * 0")
def test_six_and_seven_fields_keep_the_meaning_that_they_have_elsewhere(expression: str) -> None:
    """A suggestion has the instants of every scheduler that takes what was written."""
    error = refused(expression)
    assert error is not None
    if error.suggestion is None:
        return
    readings = [read(expression) for read in (aws, quartz, seconds_first, seconds_last)]
    meanings = [meaning for meaning in readings if meaning is not None]
    if len(expression.split()) == 6 and not re.search("5L|2#1", expression):
        assert meanings  # the readings above know no days that are told by their place in the month
    for meaning in meanings:
        assert_same(schedule(error.suggestion), meaning)


@pytest.mark.parametrize(
    ("expression", "suggestion"),
    [
        ("0 12 * * ? *", "0 12 * * *"),
        ("15 10 ? * 2-6 *", "15 10 * * 1-5"),
        ("0/15 * * * ? *", "*/15 * * * *"),
        ("cron(0 12 * * ? *)", "0 12 * * *"),
        ("cron(15 10 ? * 6L 2026)", None),
        ("0 12 * * ? 2030", None),
        ("rate(5 minutes)", "every: 5m"),
        ("0 0 12 ? * 2-6", "0 12 * * 1-5"),
        ("0 0 12 ? * 7,1", "0 12 * * 6,0"),
        ("0 0 12 ? * MON-FRI *", "0 12 * * MON-FRI"),
        ("0 0/5 14 * * ?", "0-59/5 14 * * *"),
        ("0 0 0 1/5 * ?", "0 0 */5 * *"),
        ("0 15 10 L * ?", "15 10 L * *"),
        ("0 15 10 L-2 * ?", None),
        ("0 15 10 15W * ? *", "15 10 15W * *"),
        ("0 15 10 ? * 6#3", "15 10 * * 5#3"),
        ("0 15 10 ? * 6L", "15 10 * * 5L"),
        ("0 15 10 ? * FRI#5", "15 10 * * FRI#5"),
        ("0 15 10 ? * L", None),
        ("0 15 10 * * 5L", "15 10 * * 5L"),
        ("cron(0 8 LW * ? *)", "0 8 LW * *"),
        ("* * * * * ?", "every: 1s"),
        ("*/7 * * * * *", None),
        ("0 0 9 ? * 0", "0 9 * * 0"),
        ("0 0 9 1 * MON", None),
        ("0 0 2 * * *", "0 2 * * *"),
        ("0 0 2 * * mon", "0 2 * * mon"),
        ("0 0 2 * * 0", None),
        ("0 2 * * * 0", None),
        ("15 2 * * * 0", None),
        ("59 23 31 12 * 0", "59 23 31 12 *"),
        ("0 0 12 * * 1 *", None),
        ("0 0 12 * * * *", "0 12 * * *"),
        ("1 2 3 4 5 6 7 8", None),
        ("0, 30 * * * *", "0,30 * * * *"),
        ("0 9 * * 1 , 3", "0 9 * * 1,3"),
        ("@minutely", "* * * * *"),
        ("@quarterly", "0 0 1 1,4,7,10 *"),
        ("@biweekly", None),
        ("@bimonthly", None),
        ("@every 5", None),
        ("@daily /usr/bin/backup", "@daily"),
        ("0 2 * *", None),
    ],
)
def test_other_ways_to_write_a_schedule(expression: str, suggestion: str | None) -> None:
    """AWS, Quartz, seconds, spaces in lists and foreign aliases, where five fields say the same."""
    error = refused(expression)
    assert error is not None
    assert error.suggestion == suggestion


@pytest.mark.parametrize(
    ("expression", "suggestion"),
    [
        ("*/80 * 19 4 1-3", None),
        ("*/90 9-17 * * *", None),
        ("30 */36 * * *", None),
        ("60 2 * * *", None),
        ("0 24 * * MON", None),
        ("0 9-24 * * *", None),
        ("0 0 0 * *", None),
        ("0 0 32 * *", None),
        ("0 0 * * 8", None),
        ("0 30 * * *", None),
        ("0 12 ? * 2", None),
        ("? * * * *", None),
        ("H(10-20) H(1-5) * * *", "10 1 * * *"),
        ("H(5-30)/10 * * * *", None),
        ("H H H * 1", None),
        ("0 0 1/3 * MON", "0 0 1-31/3 * MON"),
        ("0 0 * * 1/2", None),
        ("0 0 * * LUN", None),
        ("0 0 1 JUM *", None),
        ("1.5 * * * *", None),
        ("1_0 * * * *", None),
        ("-5 * * * *", None),
    ],
)
def test_a_mistake_that_may_mean_several_things_gets_no_suggestion(
    expression: str, suggestion: str | None
) -> None:
    """Nothing is suggested that drops a restriction, moves a day, or is one guess among several."""
    error = refused(expression)
    assert error is not None
    assert error.suggestion == suggestion


@pytest.mark.parametrize(
    ("expression", "zone", "rest"),
    [
        ("CRON_TZ=Asia/Tokyo 0 9 * * *", "Asia/Tokyo", "0 9 * * *"),
        ("TZ=Asia/Tokyo 0 9 * * *", "Asia/Tokyo", "0 9 * * *"),
        ("CRON_TZ=Asia/Tokyo @daily", "Asia/Tokyo", "@daily"),
        ("0 3 * * * Europe/Amsterdam", "Europe/Amsterdam", "0 3 * * *"),
        ("0 3 * * * europe/amsterdam", "Europe/Amsterdam", "0 3 * * *"),
        ("0 3 * * * utc", "UTC", "0 3 * * *"),
        ("0 0 3 ? * 2 Europe/Amsterdam", "Europe/Amsterdam", "0 3 * * 1"),
        ("@daily Europe/Amsterdam", "Europe/Amsterdam", "@daily"),
    ],
)
def test_a_zone_inside_an_expression_is_never_dropped(expression: str, zone: str, rest: str) -> None:
    """The refusal says where the zone goes; the rest alone is suggested only where that zone is in force anyway."""
    elsewhere = refused(expression, "America/Lima")
    assert elsewhere is not None
    assert elsewhere.suggestion is None
    assert f"write '{rest}' with the zone as `timezone: {zone}`" in elsewhere.reason
    there = refused(expression, zone)
    assert there is not None
    assert there.suggestion == rest
    unknown = refused("CRON_TZ=Mars/Phobos 0 9 * * *", "UTC")
    assert unknown is not None
    assert unknown.suggestion is None


@settings(PATIENT, max_examples=EXAMPLES)
@given(
    expression=expressions(),
    written=st.sampled_from(ZONES),
    read_in=st.sampled_from(ZONES),
    form=st.sampled_from(["CRON_TZ={1} {0}", "TZ={1} {0}", "{0} {1}"]),
    minutes=st.integers(-3_000, 1_500),
)
def test_whatever_is_said_of_a_zone_inside_keeps_the_instants(
    expression: str, written: str, read_in: str, form: str, minutes: int
) -> None:
    """What is to be written beside the zone, and what is suggested, has the instants in the zone that was meant."""
    assume(refused(expression) is None)
    error = refused(form.format(expression, written), read_in)
    assert error is not None
    assert (error.suggestion is not None) == (written == read_in)
    told = re.search(r"write '(.+)' with the zone as `timezone: (\S+)`", error.reason)
    meant = (error.suggestion, read_in) if error.suggestion else told.groups() if told else ("", "")
    change = next(
        moment for zone, moment in [*CHANGES.values(), ("UTC", "2026-10-25T01:00")] if zone == written
    )
    after = utc(change) + timedelta(minutes=minutes)
    until = after + timedelta(hours=30)
    found = parse_cron(str(meant[0]), str(meant[1])).between(after, until)
    assert list(found) == list(walk(expression, written, after, until))


@pytest.mark.parametrize(("expression", "meant"), [
    ("0 0 31 2 *", "on_demand: true"),
    ("0 0 30 2 *", "on_demand: true"),
    ("0 0 30,31 FEB */2", "on_demand: true"),
    ("0 0 31 4,6 *", None),
])  # fmt: skip
def test_a_date_that_never_comes_gets_no_day_that_does(expression: str, meant: str | None) -> None:
    """Some write 31 February to say "never": the refusal says how a job is kept that is only started by hand."""
    error = refused(expression)
    assert error is not None
    assert error.suggestion == meant
    assert "never comes" in error.reason
    assert "`on_demand: true`" in error.reason
