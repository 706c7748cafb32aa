"""The timetable gives every instant once, in order, also those that passed while a job's entry was on its way."""

from __future__ import annotations

from datetime import timedelta

from scheduler import vocabulary as v
from scheduler.rules.requests.upcoming import upcoming
from scheduler.rules.state import State
from scheduler.rules.timetable import Due, Timetable
from tests.support.world import BEGIN, World, job

MINUTE = timedelta(minutes=1)


def folded(world: World) -> State:
    """The state after the config was taken up by a scheduler that does nothing more."""
    world.start()
    return world.state


def test_what_passed_while_several_jobs_were_taken_up_is_due() -> None:
    """Each new job's instants between its entry and the moment at which the timetable learns of it, those of all."""
    state = folded(World(job("tens", "*/10 * * * *"), job("quarters", "*/15 * * * *")))
    timetable, now = Timetable(), BEGIN + 32 * MINUTE
    for each in state.jobs.values():
        timetable.update(each, now)
    passed = [(10, "tens"), (15, "quarters"), (20, "tens"), (30, "quarters"), (30, "tens")]
    assert timetable.next_instant() == BEGIN + 10 * MINUTE
    assert timetable.next_due() == Due(BEGIN + 10 * MINUTE, "tens")
    assert list(timetable.due(now)) == [Due(BEGIN + minute * MINUTE, name) for minute, name in passed]
    assert list(timetable.due(now)) == []
    assert timetable.next_instant() == BEGIN + 40 * MINUTE
    assert timetable.next_due() == Due(BEGIN + 40 * MINUTE, "tens")
    assert Timetable().next_due() is None


def test_a_job_that_joins_others_on_time_adds_nothing_to_what_is_due() -> None:
    """The next instant of its schedule is not its own while it is still to come."""
    state = folded(World(job("first", "*/10 * * * *"), job("second", "*/10 * * * *")))
    timetable = Timetable()
    timetable.update(state.jobs["first"], BEGIN)
    timetable.update(state.jobs["second"], BEGIN + 10 * MINUTE)
    due = list(timetable.due(BEGIN + 10 * MINUTE))
    assert sorted(due) == [Due(BEGIN + 10 * MINUTE, "first"), Due(BEGIN + 10 * MINUTE, "second")]


def test_an_only_instant_that_has_passed_is_due_and_none_follows() -> None:
    """A schedule without a next instant is as good as any other, early and late."""
    state = folded(World(job("once", at="2026-01-01T00:05:00Z")))
    late, early = Timetable(), Timetable.of(state, BEGIN)
    late.update(state.jobs["once"], BEGIN + 6 * MINUTE)
    assert late.next_instant() == early.next_instant() == BEGIN + 5 * MINUTE
    for timetable in (late, early):
        assert list(timetable.due(BEGIN + 6 * MINUTE)) == [Due(BEGIN + 5 * MINUTE, "once")]
        assert timetable.next_instant() is None
        assert list(timetable.due(BEGIN + 600 * MINUTE)) == []


def test_a_job_that_is_switched_off_and_on_is_due_once() -> None:
    """Of a schedule that two jobs shared, the one that stays is due; who comes back is due once, not twice."""
    world = World(job("stays"), job("leaves"), job("alone", "30 * * * *"))
    timetable = Timetable.of(folded(world), BEGIN)
    for name in ("leaves", "alone"):
        world.person(v.JobDisabled(), name)
        timetable.update(world.state.jobs[name], BEGIN)
    assert list(timetable.due(BEGIN + 60 * MINUTE)) == [Due(BEGIN + 60 * MINUTE, "stays")]
    world.clock.pass_(3_600)
    for name in ("leaves", "alone"):
        world.person(v.JobEnabled(), name)
        timetable.update(world.state.jobs[name], BEGIN + 60 * MINUTE)
    due = list(timetable.due(BEGIN + 120 * MINUTE))
    assert due[0] == Due(BEGIN + 90 * MINUTE, "alone")
    assert sorted(due[1:]) == [
        Due(BEGIN + 120 * MINUTE, "leaves"),
        Due(BEGIN + 120 * MINUTE, "stays"),
    ]


def test_the_end_of_a_pause_is_an_instant_of_its_own() -> None:
    """It is told once, whatever is asked in between."""
    world = World(job("paused", "0 12 * * *"))
    folded(world)
    until = BEGIN + 20 * MINUTE
    world.person(v.JobDisabled(until=until), "paused")
    timetable = Timetable.of(world.state, BEGIN)
    timetable.update(world.state.jobs["paused"], BEGIN)
    assert timetable.next_instant() == until
    assert not timetable.pauses_over(until - MINUTE)
    assert timetable.pauses_over(until)
    assert not timetable.pauses_over(until + MINUTE)
    assert timetable.next_instant() is None


def test_a_job_whose_schedule_is_edited_is_due_by_the_new_one() -> None:
    """And by the old one no more; a job that shared it keeps it."""
    world = World(job("edited", "0 * * * *"), job("shares", "0 * * * *"))
    timetable = Timetable.of(folded(world), BEGIN)
    world.edit(job("edited", "30 * * * *"))
    timetable.update(world.state.jobs["edited"], BEGIN)
    assert list(timetable.due(BEGIN + 90 * MINUTE)) == [
        Due(BEGIN + 30 * MINUTE, "edited"),
        Due(BEGIN + 60 * MINUTE, "shares"),
        Due(BEGIN + 90 * MINUTE, "edited"),
    ]


def test_a_job_that_was_removed_has_no_instants_and_no_pause() -> None:
    """Whether its schedule was in force or paused when it went."""
    world = World(job("running"), job("paused"))
    timetable = Timetable.of(folded(world), BEGIN)
    world.person(v.JobDisabled(until=BEGIN + 20 * MINUTE), "paused")
    world.edit(remove=["running", "paused"])
    for each in world.state.jobs.values():
        timetable.update(each, BEGIN)
    assert timetable.next_instant() is None
    assert Timetable.of(world.state, BEGIN).next_instant() is None


def test_the_coming_runs_of_all_jobs_are_merged_in_order_of_time() -> None:
    """A run each instant and job; jobs that run no more, or never again, leave the others alone."""
    world = World(
        job("tens", "*/10 * * * *"),
        job("too", "*/10 * * * *"),
        job("once", at="2026-01-01T00:15:00Z"),
        job("past", at="2025-01-01T00:15:00Z"),
        job("off"),
    )
    folded(world)
    world.person(v.JobDisabled(), "off")
    coming = upcoming(world.state.jobs.values(), BEGIN)
    told = [(run.instant, run.job.name) for run, _ in zip(coming, range(5), strict=False)]
    wanted = [(10, "tens"), (10, "too"), (15, "once"), (20, "tens"), (20, "too")]
    assert told == [(BEGIN + minute * MINUTE, name) for minute, name in wanted]
    assert [run.job.name for run in upcoming([world.state.jobs["once"]], BEGIN)] == ["once"]
    assert list(upcoming([world.state.jobs["once"]], BEGIN + 15 * MINUTE)) == []


def test_runs_of_many_schedules_may_come_at_one_instant() -> None:
    """They are told in the order of the jobs."""
    names = {"a": "0 * * * *", "b": "*/20 * * * *", "c": "*/30 * * * *", "d": "0 1-23 * * *"}
    world = World(*(job(name, schedule) for name, schedule in names.items()))
    folded(world)
    coming = upcoming(world.state.jobs.values(), BEGIN + 45 * MINUTE)
    told = [next(coming) for _ in range(4)]
    assert [run.job.name for run in told] == ["a", "b", "c", "d"]
    assert {run.instant for run in told} == {BEGIN + 60 * MINUTE}
