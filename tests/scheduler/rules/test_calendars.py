"""Calendars: what falls due, what is recorded of excluded days, and what a change of days binds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.explanation import Explainer
from scheduler.explanation import facts as f
from scheduler.ledger.past import Past
from scheduler.rules.evolve import fold
from scheduler.rules.falling_due import due_events
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.requests.upcoming import next_run
from scheduler.rules.state import State
from scheduler.rules.timetable import Due
from scheduler.vocabulary.payload import UnfitPayload
from tests.projections.audit.reports import found, owed, report_of_world
from tests.support.audit import audit
from tests.support.calendars import calendar, on
from tests.support.world import BEGIN, Machine, SimulatedClock, World, job

DAY = timedelta(days=1)
# The world begins on Thursday, 1 January 2026.
WEEKEND = calendar("weekend", weekdays=("sat", "sun"))
FREEZE = calendar("freeze", "2026-01-05..2026-01-07")


def daily(**members: object) -> JobDefinition:
    """A job of noon that leaves out weekends, unless something else is said."""
    return job("daily", "0 12 * * *", **{"calendars": on(without=(WEEKEND,)), **members})


def world_of(*jobs: JobDefinition) -> World:
    """A world with the calendars of these tests."""
    world = World(*jobs)
    world.calendars = {each.name: each for each in (WEEKEND, FREEZE)}
    return world


def days(world: World, kind: type[v.Payload]) -> list[list[int]]:
    """Of entries of a type, the days of January that they name."""
    found = [v.payload(entry) for entry in world.entries(kind)]
    if kind is v.ScheduleTicked:
        return [[tick.scheduled_for.day] for tick in found]
    return [[each.first.day, each.last.day, each.count] for each in found]


def check(world: World) -> None:
    """The ledger as a whole obeys its laws, and the independent checker agrees."""
    audit(world.entries(), world.clock.wall)
    assert list(illegal_entries(world.entries())) == []


def owed_and_excluded(world: World) -> tuple[int, int]:
    """How many instants a report of all up to now counts as owed, and as excluded; nothing is unexplained."""
    report = report_of_world(world, Window(BEGIN, world.clock.wall))
    assert found(report) == []
    return owed(report), report.tally.totals["excluded"]


def test_excluded_days_are_left_out_and_recorded_before_the_next_tick() -> None:
    """Friday and Monday run; Saturday and Sunday share one entry, unless a day passes first."""
    world = world_of(daily())
    world.start()
    world.run(5.5 * 86_400)
    assert days(world, v.ScheduleTicked) == [[1], [2], [5], [6]]
    told = days(world, v.ScheduleExcluded)
    assert sum(each[2] for each in told) == 2
    assert (told[0][0], told[-1][1]) == (3, 4)
    check(world)


def test_a_short_stretch_shares_one_entry() -> None:
    """Twelve instants of one excluded day stand in one entry, which comes with the tick after them."""
    world = world_of(job("daily", "0 */2 * * *", calendars=on(without=(calendar("one", "2026-01-02"),))))
    world.calendars["one"] = calendar("one", "2026-01-02")
    world.start()
    world.run(0.9 * 86_400)
    world.restart()
    world.run(1.2 * 86_400)
    assert days(world, v.ScheduleExcluded) == [[2, 2, 12]]
    entries = [entry.type for entry in world.entries(v.ScheduleExcluded, v.ScheduleTicked)]
    assert entries.index(v.ScheduleExcluded.TYPE) < len(entries) - 1
    check(world)


def test_what_passed_unwatched_on_excluded_days_is_no_misfire() -> None:
    """A restart records both: what was missed, and what calendars excluded; the cursor stands where it would."""
    world = world_of(daily(catch_up="all"))
    world.start()
    world.crash()
    world.clock.pass_(6 * 86_400)
    world.start()
    assert days(world, v.ScheduleMisfired) == [[1, 6, 4]]
    assert days(world, v.ScheduleExcluded) == [[3, 4, 2]]
    assert days(world, v.ScheduleTicked) == [[1], [2], [5], [6]]
    check(world)


def test_what_a_person_settles_has_its_excluded_days_on_record_first() -> None:
    """Those of the schedule in force and of an earlier one, up to now; what is to come is settled, not excluded."""
    world = world_of(daily(catch_up="all"))
    world.start()
    world.crash()
    world.clock.pass_(3 * 86_400)
    world.person(v.JobDisabled(), "daily")
    world.person(v.JobEnabled(), "daily")
    world.clock.pass_(7.6 * 86_400)
    settled = world.settle("daily", BEGIN + 20 * DAY)[-1]
    assert days(world, v.ScheduleExcluded) == [[3, 3, 1], [4, 11, 3]]
    assert v.payload(settled).count == 14
    assert [entry.actor for entry in world.entries(v.ScheduleExcluded)] == [settled.actor] * 2
    assert owed_and_excluded(world) == (7, 4)
    world.start()
    world.run(12 * 86_400)
    assert days(world, v.ScheduleExcluded)[2:] == []
    assert days(world, v.ScheduleTicked) == [[21], [22], [23]]
    check(world)


def test_a_settlement_that_recorded_nothing_of_excluded_days_loses_none(tmp_path: Path) -> None:
    """As earlier versions wrote it: the report counts them, and no entry that is about others is named as proof."""
    world = world_of(daily(catch_up="all"))
    world.start()
    world.crash()
    world.clock.pass_(5.6 * 86_400)
    before = owed_and_excluded(world)
    world.person(v.ScheduleSettled(BEGIN + 5.6 * DAY, BEGIN + 0.5 * DAY, BEGIN + 5.5 * DAY, 4), "daily")
    assert owed_and_excluded(world) == before == (4, 2)
    world.start()
    world.run(8 * 86_400)
    assert days(world, v.ScheduleExcluded)[0] == [10, 10, 1]
    past = Past(world.machine.store.peer(), tmp_path, 64)
    instant = BEGIN + 2.5 * DAY
    answer = Explainer(past, "daily", world.clock.wall, serving=True).explain(instant)
    (fact,) = [each for each in answer.facts if isinstance(each, f.ExcludedDay)]
    assert (answer.verdict, fact.recorded) == ("excluded", False)
    check(world)


def test_excluded_days_before_misfires_of_an_overload_are_recorded_first() -> None:
    """As they are before a tick."""
    world = world_of(daily(start_deadline_ms=90_000))
    world.start()
    world.run(1.6 * 86_400)
    due = [Due(BEGIN + day * DAY, "daily") for day in (4.5, 5.5)]
    events = due_events(world.state, due, BEGIN + 5.5 * DAY)
    assert [type(event.data) for event in events] == [
        v.ScheduleExcluded,
        v.ScheduleMisfired,
        v.ScheduleTicked,
    ]


def test_only_and_except_meet_and_days_are_those_of_the_jobs_zone() -> None:
    """A day has to be in one that is named in `only`, and in none in `except`; midnight is that of the zone."""
    with_only = on(only=(FREEZE,), without=(calendar("one", "2026-01-06"),))
    definition = job("daily", "0 22 * * *", timezone="Asia/Tokyo", calendars=with_only)
    world = world_of(definition)
    world.calendars["one"] = calendar("one", "2026-01-06")
    world.start()
    world.run(9 * 86_400)
    assert days(world, v.ScheduleTicked) == [[5], [7]]
    assert next_run(world.state.jobs["daily"], world.clock.wall) is None
    check(world)


def test_a_change_of_days_binds_later_instants_alone() -> None:
    """What had passed unwatched by then is judged by the days of then, and closed; later ones by the new days."""
    world = world_of(daily())
    world.start()
    world.crash()
    world.clock.pass_(4.2 * 86_400)
    changed = calendar("weekend", weekdays=("fri",))
    world.calendars["weekend"] = changed
    world.edit(daily(calendars=on(without=(changed,))))
    world.start()
    world.run(5 * 86_400)
    misfire = v.payload(world.entries(v.ScheduleMisfired)[0])
    assert (misfire.reason, misfire.count) == ("replaced", 2)
    assert days(world, v.ScheduleExcluded)[0] == [3, 4, 2]
    assert [9] not in days(world, v.ScheduleTicked)
    check(world)


def test_a_change_of_other_days_keeps_what_is_owed() -> None:
    """A calendar that gets its days of next year, while nothing watches, makes no misfire that is not caught up."""
    world = world_of(daily())
    world.start()
    world.crash()
    world.clock.pass_(1.2 * 86_400)
    changed = calendar("weekend", "2027-01-01", weekdays=("sat", "sun"))
    world.calendars["weekend"] = changed
    world.edit(daily(calendars=on(without=(changed,))))
    world.start()
    misfire = v.payload(world.entries(v.ScheduleMisfired)[0])
    assert (misfire.reason, misfire.will_run) == ("scheduler_down", 1)
    check(world)


def test_a_kept_state_finds_the_days_of_earlier_calendars() -> None:
    """The days that jobs and open intervals name are in the state; those that nothing names are dropped."""
    world = world_of(daily())
    world.start()
    for year in range(2030, 2034):
        changed = calendar("weekend", f"{year}-01-01")
        world.calendars["weekend"] = changed
        world.edit(daily(calendars=on(without=(changed,))))
    assert len(world.state.former_calendars) <= 1
    assert world.state.calendars["weekend"].days == changed.days.digest
    check(world)


def test_jitter_is_added_to_days_that_count() -> None:
    """The day is that of the nominal instant: with jitter over midnight, a run of Friday comes on Saturday."""
    world = world_of(job("daily", "0 23 * * *", jitter_ms=18 * 3_600_000, calendars=on(without=(WEEKEND,))))
    world.start()
    world.run(7 * 86_400)
    nominal = [v.payload(entry).nominal.day for entry in world.entries(v.ScheduleTicked)]
    assert nominal == [31, 1, 2, 5, 6]
    check(world)


@pytest.mark.parametrize(
    ("definition", "names", "only"),
    [(daily(), ["weekend"], False), (daily(calendars=on(only=(FREEZE,))), ["freeze"], True)],
    ids=["except", "only"],
)
def test_why_names_the_calendar(
    tmp_path: Path, definition: JobDefinition, names: list[str], only: bool
) -> None:
    """An excluded instant is no instant that was not due; the entries that say so are named, before and after."""
    world = world_of(definition)
    world.start()
    world.run(4.6 * 86_400)
    explainer = Explainer(
        Past(world.machine.store.peer(), tmp_path, 64), "daily", world.clock.wall, serving=True
    )
    instant = BEGIN + 2.5 * DAY
    (answer,), _ = explainer.about(instant, instant + timedelta(minutes=1))
    assert (answer.verdict, answer.instant) == ("excluded", instant)
    (fact,) = [each for each in answer.facts if isinstance(each, f.ExcludedDay)]
    assert (fact.names, fact.only, fact.recorded, fact.day) == (names, only, True, "2026-01-03")
    types = [world.entries()[seq].type for seq in fact.entries]
    assert types == [v.CalendarDefined.TYPE, v.ScheduleExcluded.TYPE]
    later = BEGIN + 9.5 * DAY
    assert explainer.about(later, later + timedelta(minutes=1))[0][0].verdict == "excluded"


def test_what_an_excluded_day_would_have_had_is_not_contradicted(tmp_path: Path) -> None:
    """The schedule has the instant, which is in a gap of the clocks on an excluded Sunday; nothing makes it up."""
    definition = job("daily", "30 2 * * *", timezone="Europe/Paris", calendars=on(without=(WEEKEND,)))
    world = World(definition, machine=Machine(SimulatedClock(datetime(2026, 3, 27, 12, tzinfo=UTC))))
    world.calendars = {"weekend": WEEKEND}
    world.start()
    world.run(4 * 86_400)
    past = Past(world.machine.store.peer(), tmp_path, 64)
    explainer = Explainer(past, "daily", world.clock.wall, serving=True)
    answer = explainer.explain(datetime(2026, 3, 29, 1, tzinfo=UTC))
    (schedule,) = [each for each in answer.facts if isinstance(each, f.ScheduleInForce)]
    assert (answer.verdict, schedule.due, schedule.before, schedule.after) == ("excluded", True, None, None)
    assert not [each for each in answer.facts if isinstance(each, f.DaylightSaving)]


def test_calendars_that_are_edited_leave_the_schedule_what_it_was(tmp_path: Path) -> None:
    """That the days are others is told, and not that the schedule is."""
    world = world_of(daily())
    world.start()
    world.run(2 * 86_400)
    world.edit(daily(calendars=on(without=(FREEZE,))))
    world.run(60)
    past = Past(world.machine.store.peer(), tmp_path, 64)
    answer = Explainer(past, "daily", world.clock.wall, serving=True).explain(BEGIN + 1.5 * DAY)
    (change,) = [each for each in answer.facts if isinstance(each, f.ScheduleChange)]
    assert (answer.verdict, change.other_days, change.source) == ("ran", True, "0 12 * * *")


def test_entries_that_make_no_sense_break_laws() -> None:
    """Days of another digest, numbers that contradict one another, exclusions of a job without calendars."""
    world = world_of(daily(), job("plain"))
    world.start()
    world.crash()
    good = v.payload(world.entries(v.CalendarDefined)[0])
    false = msgspec.structs.replace(good, days="0" * 16)
    excluded = v.ScheduleExcluded(first=BEGIN + 3 * DAY, last=BEGIN + 2 * DAY, count=2)
    for payload, name in (
        (false, None),
        (excluded, "daily"),
        (msgspec.structs.replace(excluded, last=BEGIN + 3 * DAY, count=1), "plain"),
    ):
        event = v.event(payload, v.SCHEDULER, job=name)
        world.say(lambda state, event=event: [event])  # type: ignore[misc]
    head = world.state.head.seq
    assert [each.seq for each in illegal_entries(world.entries())] == list(range(head - 2, head + 1))


@pytest.mark.parametrize(
    ("member", "false"),
    [("dates", ["2026-02-30"]), ("weekdays", ["someday"])],
)
def test_a_calendar_that_is_none_stops_the_fold_with_its_number(member: str, false: list[str]) -> None:
    """And so does a job that names days which are not on record: no schedule could be made of either."""
    world = world_of(daily())
    world.start()
    world.crash()
    calendars = world.entries(v.CalendarDefined)
    bad = msgspec.structs.replace(v.payload(calendars[0]), **{member: false})
    raw = msgspec.Raw(msgspec.json.encode(bad))
    entries = [
        msgspec.structs.replace(each, data=raw) if each == calendars[0] else each for each in world.entries()
    ]
    with pytest.raises(UnfitPayload) as caught:
        fold(State(), entries)
    assert caught.value.seq == calendars[0].seq
    kept = [each for each in world.entries() if each.type != v.CalendarDefined.TYPE]
    with pytest.raises(UnfitPayload, match="definition"):
        fold(State(), [msgspec.structs.replace(each, seq=seq) for seq, each in enumerate(kept)])


def test_an_edit_of_the_days_in_a_herd_runs_no_instant_twice() -> None:
    """Instants that wait to be recorded and fall due anew with the edit are recorded once."""
    before, after = calendar("holidays", "2026-06-01"), calendar("holidays", "2026-06-01", "2026-06-02")
    names = [f"job-{number}" for number in range(40)]  # more than one turn of the loop takes
    world = World(
        *(job(name, overlap="queue", calendars=on(without=(before,))) for name in names), max_parallel=200
    )
    world.calendars = {"holidays": before}
    world.start()
    world.run(3_599)
    world.clock.pass_(1)
    world.turn()
    world.calendars["holidays"] = after
    world.edit(*(job(name, overlap="queue", calendars=on(without=(after,))) for name in names))
    world.run(30)
    assert len(world.entries(v.ScheduleTicked)) == len(names)
    check(world)
