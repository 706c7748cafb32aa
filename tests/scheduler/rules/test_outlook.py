"""What a scheduler says of what is ahead: the same with the help of its timetable as without."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from scheduler import vocabulary as v
from scheduler.rules.requests.upcoming import Outlook, UpcomingRun, outlook
from scheduler.rules.timetable import Due, Timetable
from tests.support.world import BEGIN, World, job

MINUTE = timedelta(minutes=1)


def seen(world: World) -> Outlook:
    """What is ahead by a timetable, after it was compared with what the schedules say."""
    now = world.clock.wall
    found = outlook(world.state, Timetable.of(world.state, now).next_due(), now)
    asked = outlook(world.state, None, now)
    assert msgspec.structs.replace(found, first=None) == msgspec.structs.replace(asked, first=None)
    instants = [each.first and each.first.instant for each in (found, asked)]
    assert instants[0] == instants[1]
    return found


def test_the_first_run_is_that_of_the_timetable_or_the_one_after_a_pause() -> None:
    """A job whose pause ends before anything else is due comes first, one whose pause ends later does not."""
    world = World(job("hourly"), job("quarters", "*/15 * * * *"), job("asked", on_demand=True))
    world.start()
    state = world.state
    assert seen(world) == Outlook(3, UpcomingRun(BEGIN + 15 * MINUTE, state.jobs["quarters"]), {})
    world.person(v.JobDisabled(until=BEGIN + 20 * MINUTE), "quarters")
    assert seen(world).first == UpcomingRun(BEGIN + 30 * MINUTE, state.jobs["quarters"])
    world.person(v.JobDisabled(until=BEGIN + 70 * MINUTE), "quarters")
    assert seen(world).first == UpcomingRun(BEGIN + 60 * MINUTE, state.jobs["hourly"])
    world.person(v.JobDisabled(), "hourly")
    assert seen(world).first == UpcomingRun(BEGIN + 75 * MINUTE, state.jobs["quarters"])
    world.person(v.JobDisabled(), "quarters")
    assert seen(world) == Outlook(3, None, {})


def test_an_instant_that_is_settled_or_has_passed_is_not_the_first() -> None:
    """What the timetable has next counts only if it will be run."""
    world = World(job("hourly"), job("late", "30 4 * * *"))
    world.start()
    world.settle("hourly", BEGIN + 180 * MINUTE)
    assert seen(world).first == UpcomingRun(BEGIN + 240 * MINUTE, world.state.jobs["hourly"])
    world.state.jobs["late"].cursor = BEGIN + 600 * MINUTE
    assert seen(world).settled_ahead == {"late": BEGIN + 600 * MINUTE}
    passed = outlook(world.state, Due(BEGIN, "hourly"), BEGIN)
    assert passed.first == UpcomingRun(BEGIN + 240 * MINUTE, world.state.jobs["hourly"])


def test_a_due_job_is_taken_without_asking_any_schedule() -> None:
    """With ten thousand jobs, asking each would be most of a start."""
    world = World(job("hourly"))
    world.start()
    sooner = Due(BEGIN + 7 * MINUTE, "hourly")
    assert outlook(world.state, sooner, BEGIN).first == UpcomingRun(
        sooner.instant, world.state.jobs["hourly"]
    )
