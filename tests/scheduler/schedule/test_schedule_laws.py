"""What holds for every schedule, whatever it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduler.schedule.at import parse_at
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.cron.several import parse_several
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from scheduler.schedule.lint import lint
from scheduler.schedule.schedule import Schedule
from tests.scheduler.schedule.cron.wall_clock import CHANGES, PATIENT, ZONES, expressions, utc

ANY_TIME = st.datetimes(
    datetime.fromisoformat("1985-01-01"), datetime.fromisoformat("2060-01-01"), timezones=st.just(UTC)
)
NEAR_A_CHANGE = st.builds(
    lambda change, seconds: utc(change[1]) + timedelta(seconds=seconds),
    st.sampled_from(sorted(CHANGES.values())),
    st.integers(-100_000, 100_000),
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Schedules of all three kinds in all zones."""
    zone = draw(st.sampled_from(ZONES))
    kind = draw(st.sampled_from(["cron", "cron", "cron", "several", "every", "from", "days", "at"]))
    if kind == "every":
        return parse_every(f"{draw(st.integers(1, 400_000))}s", zone)
    if kind in ("from", "days"):
        first = draw(st.datetimes(datetime.fromisoformat("1985-01-01"), datetime.fromisoformat("2060-01-01")))
        step = f"{draw(st.integers(1, 40))}d" if kind == "days" else f"{draw(st.integers(1, 400_000))}s"
        try:
            return parse_every(f"{step} from {first:%Y-%m-%dT%H:%M:%S}", zone)
        except ScheduleError as refused:
            assume("never show" not in refused.reason and "twice" not in refused.reason)
            raise
    if kind == "at":
        return parse_at(draw(ANY_TIME).replace(microsecond=0).isoformat(), zone)
    try:
        if kind == "several":
            return parse_several(tuple(draw(st.lists(expressions(), min_size=2, max_size=4))), zone)
        return parse_cron(draw(expressions()), zone)
    except ScheduleError as refused:
        assume("never comes" not in refused.reason)
        raise


@settings(PATIENT)
@given(schedule=schedules(), instant=ANY_TIME | NEAR_A_CHANGE)
def test_a_schedule_has_its_instants_and_no_others(schedule: Schedule, instant: datetime) -> None:
    """`has` is true of what `next_after` answers, and of no moment right before or after that."""
    moment = timedelta(microseconds=1)
    assert schedule.has(instant) == (schedule.next_after(instant - moment) == instant)
    found = schedule.next_after(instant)
    if found is not None:
        assert [schedule.has(each) for each in (found - moment, found, found + moment)] == [
            False,
            True,
            False,
        ]


@settings(PATIENT)
@given(schedule=schedules(), instant=ANY_TIME | NEAR_A_CHANGE)
def test_the_next_instant_is_strictly_later(schedule: Schedule, instant: datetime) -> None:
    """`next_after` answers with a later whole second in UTC, or with None."""
    found = schedule.next_after(instant)
    if found is not None:
        assert found > instant
        assert found.microsecond == 0
        assert found.utcoffset() == timedelta(0)


@settings(PATIENT)
@given(
    schedule=schedules(), after=ANY_TIME | NEAR_A_CHANGE, minutes=st.integers(0, 4_000), n=st.integers(0, 30)
)
def test_every_question_has_the_answer_of_stepping_one_by_one(
    schedule: Schedule, after: datetime, minutes: int, n: int
) -> None:
    """`between`, `summary` and `latest` agree with `next_after` asked over and over."""
    until = after + timedelta(minutes=minutes)
    stepped: list[datetime] = []
    found = schedule.next_after(after)
    while found is not None and found <= until and len(stepped) < 5_000:
        stepped.append(found)
        found = schedule.next_after(found)
    assume(len(stepped) < 5_000)
    assert list(schedule.between(after, until)) == stepped
    assert list(schedule.between(after, until, limit=n)) == stepped[:n]
    assert schedule.latest(after, until, n) == (stepped[-n:] if n else [])
    first, last, count = schedule.summary(after, until)
    assert (first, last, count) == (
        stepped[0] if stepped else None,
        stepped[-1] if stepped else None,
        len(stepped),
    )
    assert schedule.count_between(after, until) == len(stepped)
    assert schedule.latest_between(after, until) == last


@settings(PATIENT)
@given(
    schedule=schedules(),
    after=NEAR_A_CHANGE,
    first=st.integers(0, 200_000),
    second=st.integers(0, 200_000),
)
def test_stretches_laid_end_to_end_hold_each_instant_once(
    schedule: Schedule, after: datetime, first: int, second: int
) -> None:
    """Wherever a stretch of time is cut in two, nothing is lost at the cut and nothing counted twice."""
    cut = after + timedelta(seconds=first)
    end = cut + timedelta(seconds=second)
    whole = schedule.count_between(after, end)
    assert schedule.count_between(after, cut) + schedule.count_between(cut, end) == whole


@settings(PATIENT)
@given(schedule=schedules())
def test_every_schedule_can_be_told_in_words(schedule: Schedule) -> None:
    """Describing and linting never fail and never say nothing."""
    assert schedule.describe().strip()
    assert schedule.source().strip()
    assert all(remark.code and remark.message for remark in lint(schedule))


@settings(PATIENT)
@given(schedule=schedules(), after=ANY_TIME, until=ANY_TIME)
def test_a_stretch_that_ends_before_it_begins_is_empty(
    schedule: Schedule, after: datetime, until: datetime
) -> None:
    """No instant lies between a time and an earlier one."""
    assume(until <= after)
    assert list(schedule.between(after, until)) == []
    assert schedule.summary(after, until) == (None, None, 0)
    assert schedule.latest(after, until, 5) == []
