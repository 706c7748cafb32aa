from __future__ import annotations

from datetime import date, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import vocabulary as v
from scheduler.definition import After, Expect, JobDefinition
from scheduler.entry_members import Person
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.planning.edits import JobEdit, job_edits, without
from scheduler.schedule.calendars.calendar_days import merged
from tests.scheduler.rules.planning.foreseen import foresee, same_as_foreseen, take_up
from tests.support.calendars import calendar, on
from tests.support.examples import examples
from tests.support.world import BEGIN, World, job

_DAY = st.integers(0, 60).map(lambda number: date(2026, 1, 1) + timedelta(days=number))
_RANGES = st.lists(st.tuples(_DAY, _DAY).map(sorted).map(lambda each: (each[0], each[1])), max_size=5).map(
    merged
)


def _days(ranges: object) -> set[date]:
    return {
        first + timedelta(days=number)
        for first, last in ranges  # type: ignore[attr-defined]
        for number in range((last - first).days + 1)
    }


@settings(max_examples=examples(50))
@given(_RANGES, _RANGES)
def test_the_dates_of_one_calendar_without_those_of_another(
    ranges: tuple[tuple[date, date], ...], others: tuple[tuple[date, date], ...]
) -> None:
    """As sets have it; ascending and apart."""
    found = without(ranges, others)
    assert _days(found) == _days(ranges) - _days(others)
    assert list(map(tuple, found)) == sorted(map(tuple, found))


def test_another_calendar_is_told_by_its_days_and_jobs() -> None:
    """The days that it gained and lost; the jobs that go by it are changed, those of another one are not."""
    old, new = calendar("closed", "2026-01-05..2026-01-08"), calendar("closed", "2026-01-07..2026-01-09")
    world = World(job("a", calendars=on(without=(old,))), job("b"))
    world.calendars = {"closed": old}
    world.start()
    jobs = {**world.jobs, "a": msgspec.structs.replace(world.jobs["a"], calendars=on(without=(new,)))}
    found = foresee(world, jobs, {"closed": new})
    (edit,) = found.calendars
    assert (edit.dates_added, edit.dates_removed) == (
        [(date(2026, 1, 9), date(2026, 1, 9))],
        [(date(2026, 1, 5), date(2026, 1, 6))],
    )
    assert (edit.jobs, [each.edit.name for each in found.jobs]) == (["a"], ["a"])
    same_as_foreseen(found, take_up(world, jobs, {"closed": new}))


def test_a_new_calendar_is_told_with_all_its_days() -> None:
    """Days of the week by their names, Monday first, and dates."""
    world = World(job("a"))
    world.start()
    new = calendar("closed", "2026-01-05..2026-01-08", weekdays=("sun", "sat"))
    (edit,) = foresee(world, world.jobs, {"closed": new}).calendars
    assert (edit.name, edit.is_new, edit.weekdays_added, edit.weekdays_removed) == (
        "closed", True, ["sat", "sun"], [],
    )  # fmt: skip
    assert (edit.dates_added, edit.dates_removed) == ([(date(2026, 1, 5), date(2026, 1, 8))], [])
    assert edit.jobs == []


def test_each_edit_says_what_becomes_of_the_job_and_how_far_its_approval_is() -> None:
    """Jobs that come, go, change, and those of which something else is on record."""
    plain = [job(name) for name in ("waits", "rejected", "given", "other", "back")]
    world = World(job("same"), job("gone"), job("freed"), job("altered"), *plain)
    world.start()
    state = world.state
    new = {each.name: msgspec.structs.replace(each, approval="required") for each in plain}
    altered = {
        name: msgspec.structs.replace(world.jobs[name], command=["new"]) for name in ("freed", "altered")
    }

    def pending(definition: JobDefinition | None, **facts: int) -> PendingChange:
        return PendingChange(1, BEGIN, "user:a@b", Person(name="a", by="uid"), "c", "r", definition, **facts)  # type: ignore[arg-type]

    state.changes = {
        "waits": pending(new["waits"]),
        "rejected": pending(new["rejected"], rejected_seq=3),
        "given": pending(new["given"], given_seq=3),
        "other": pending(None),
        "back": pending(new["back"]),
        "freed": pending(None),
        "never": pending(new["back"]),
    }
    config = {"new": job("new"), "same": world.jobs["same"], **altered, **new, "back": world.jobs["back"]}
    was, told = world.jobs, state.changes
    assert job_edits(state, config) == [
        JobEdit("new", "added", None, config["new"]),
        JobEdit("freed", "changed", was["freed"], config["freed"], "not_needed", told["freed"]),
        JobEdit("altered", "changed", was["altered"], config["altered"]),
        JobEdit("waits", "changed", was["waits"], config["waits"], "waits", told["waits"]),
        JobEdit("rejected", "changed", was["rejected"], config["rejected"], "rejected", told["rejected"]),
        JobEdit("given", "changed", was["given"], config["given"], "given", told["given"]),
        JobEdit("other", "changed", was["other"], config["other"], "requested", told["other"]),
        JobEdit("back", "taken_back", was["back"], was["back"], "not_needed", told["back"]),
        JobEdit("gone", "removed", was["gone"], None),
        JobEdit("never", "taken_back", None, None, "not_needed", told["never"]),
    ]


def test_what_a_second_person_approved_comes_as_the_plan_said() -> None:
    """While it waits, the plan has the times that there are once it is approved."""
    world = World(job("a", "0 * * * *", approval="required"))
    world.start()
    jobs = {"a": job("a", "30 * * * *", approval="required")}
    found = foresee(world, jobs)
    assert [(each.edit.approval, each.edit.takes_effect) for each in found.jobs] == [("requested", False)]
    first = found.jobs[0]
    assert first.instants.appear == 48
    same_as_foreseen(found, take_up(world, jobs))
    again = foresee(world, jobs)
    assert (again.changes_jobs, again.jobs[0].edit.approval) == (False, "waits")
    assert again.jobs[0].instants.appear == 48


def test_what_was_missed_is_told_with_the_edit_and_without_it() -> None:
    """Another schedule while nobody serves: what was missed is not caught up any more, and would have been."""
    world = World(job("a", "0 * * * *"))
    world.start()
    world.run(60)
    world.crash()
    world.clock.pass_(20_000)
    jobs = {"a": job("a", "30 * * * *")}
    found = foresee(world, jobs)
    assert [event.type for event in found.jobs[0].follows] == [v.ScheduleMisfired.TYPE]
    assert [event.type for event in found.jobs[0].missed_without] == [
        v.ScheduleMisfired.TYPE,
        v.ScheduleTicked.TYPE,
    ]
    same_as_foreseen(found, take_up(world, jobs))


def test_a_time_that_passes_as_an_edit_comes_is_told() -> None:
    """It is no longer run, and the scheduler that serves says so."""
    world = World(job("a", "0 * * * *"))
    world.start()
    world.run(3_599)
    world.clock.pass_(2)
    jobs = {"a": job("a", "30 * * * *")}
    found = foresee(world, jobs)
    assert [event.type for event in found.follows] == [v.ScheduleMisfired.TYPE]
    same_as_foreseen(found, take_up(world, jobs))


def test_what_is_expected_otherwise_is_told_as_the_plan_said() -> None:
    """A shorter time to the next success is over at once; one that is over already ends when the job is removed."""
    world = World(job("a", "0 0 1 1 *", expect=Expect(success_every_ms=3_600_000)), job("b", on_demand=True))
    world.start()
    world.run(7_200)
    jobs = {"a": job("a", "0 0 1 1 *", expect=Expect(success_every_ms=60_000))}
    found = foresee(world, jobs)
    assert [event.type for event in found.jobs[0].follows] == [
        v.ExpectationMet.TYPE,
        v.ExpectationBreached.TYPE,
    ]
    same_as_foreseen(found, take_up(world, jobs))


def test_jobs_after_one_whose_times_change_are_named() -> None:
    """However far down."""
    world = World(job("a"), job("b", after=After(jobs=["a"])), job("c", after=After(jobs=["b"])), job("d"))
    world.start()
    jobs = {**world.jobs, "a": job("a", "5 5 * * *")}
    assert [(each.edit.name, each.dependents) for each in foresee(world, jobs).jobs] == [("a", ["b", "c"])]
