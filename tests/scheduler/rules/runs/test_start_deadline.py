"""What cannot start in time is given up with its reason; what falls due is on record whatever waits."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest

from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.processes.spawner import Launch
from scheduler.rules.falling_due import due_events
from scheduler.rules.state import State
from scheduler.rules.timetable import Due
from tests.support.world import BEGIN, Process, World, job

HUNG_S = 1e9


def hung_first(world: World, *names: str) -> World:
    """Runs of these jobs never end."""

    def behaviour(launch: Launch) -> Process:
        return Process(HUNG_S if launch.env["CRONLEDGER_JOB"] in names else 0.0, 0)

    world.machine.behaviour = behaviour
    return world


def skips(world: World, reason: str) -> list[v.RunSkipped]:
    """The skips of a reason."""
    found = [v.payload(entry) for entry in world.entries(v.RunSkipped)]
    return [skip for skip in found if skip.reason == reason]


def test_a_run_that_gets_no_slot_for_an_hour_is_given_up() -> None:
    """The default: it names what held the slots, at the second."""
    world = hung_first(World(job("hung", "1 0 * * *"), job("daily", "2 0 * * *"), max_parallel=1), "hung")
    world.start()
    world.run(3_600 + 115)
    assert skips(world, "deadline") == []
    world.run(10)
    (skip,) = skips(world, "deadline")
    (hung,) = [entry.run for entry in world.entries(v.RunStarted)]
    assert skip.slots == [hung]
    assert [entry.time for entry in world.entries(v.RunSkipped)] == [BEGIN + timedelta(minutes=62)]


def test_the_default_does_not_count_the_wait_behind_its_own_job() -> None:
    """A queue of a slow job is as long as it is."""
    world = World(job("slow", "0 * * * *", overlap="queue"), max_parallel=8)
    world.machine.behaviour = lambda launch: Process(5 * 3_600, 0)
    world.start()
    world.run(24 * 3_600)
    assert skips(world, "deadline") == []
    assert len(world.entries(v.RunStarted)) == 5


def test_the_wait_for_a_slot_ends_where_the_wait_behind_its_own_job_begins() -> None:
    """A run that only waited for a slot, and by an edit waits behind its own job, is not given up for the former."""
    world = World(job("slow", "0 * * * *", overlap="allow"), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(5 * 3_600, 0)
    world.start()
    world.run(2 * 3_600 + 60)
    assert (len(world.entries(v.RunStarted)), len(world.entries(v.ScheduleTicked))) == (1, 2)
    world.edit(job("slow", "0 0 1 6 *", overlap="queue"))
    world.run(4 * 3_600)
    assert skips(world, "deadline") == []
    assert len(world.entries(v.RunStarted)) == 2


def test_a_written_deadline_counts_every_wait() -> None:
    """Behind a run of its own job too; what starts in time is run."""
    slow = job("slow", "0 * * * *", overlap="queue", start_deadline_ms=2 * 3_600_000)
    world = World(slow, max_parallel=8)
    world.machine.behaviour = lambda launch: Process(5 * 3_600, 0)
    world.start()
    world.run(24 * 3_600)
    given_up = skips(world, "deadline")
    assert given_up
    for entry in world.entries(v.RunStarted):
        data: v.RunStarted = v.payload(entry)
        assert data.scheduled_for is not None
        assert entry.time - data.scheduled_for <= timedelta(hours=2)


def test_who_waits_for_less_than_the_written_deadline_is_run() -> None:
    """Only what is later than it is given up."""
    slow = job("slow", "0 * * * *", overlap="queue", start_deadline_ms=2 * 3_600_000)
    world = World(slow, max_parallel=8)
    world.machine.behaviour = lambda launch: Process(1.5 * 3_600, 0)
    world.start()
    world.run(4.2 * 3_600)
    assert skips(world, "deadline") == []
    assert len(world.entries(v.RunStarted)) == 3


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "given_up_minute"),
    [(None, 600_000, 12), (1_800_000, 600_000, 12), (600_000, 1_800_000, 32), (600_000, None, 62)],
)
def test_an_edited_deadline_holds_for_what_waits(
    before_ms: int | None, after_ms: int | None, given_up_minute: int
) -> None:
    """Whether it was shortened, lengthened, written or taken away."""
    daily = job("daily", "2 0 * * *", start_deadline_ms=before_ms)
    world = hung_first(World(job("hung", "1 0 * * *"), daily, max_parallel=1), "hung")
    world.start()
    world.run(300)
    world.edit(job("daily", "2 0 * * *", start_deadline_ms=after_ms))
    world.run(2 * 3_600)
    assert [entry.time for entry in world.entries(v.RunSkipped)] == [
        BEGIN + timedelta(minutes=given_up_minute)
    ]


@pytest.mark.parametrize("deadline_ms", [None, 1_000])
def test_runs_that_a_person_asked_for_wait_for_ever(deadline_ms: int | None) -> None:
    """Whatever the deadline."""
    other = job("other", "0 0 1 6 *", start_deadline_ms=deadline_ms)
    world = hung_first(World(job("hung", "1 0 * * *"), other, max_parallel=1), "hung")
    world.start()
    world.run(120)
    requested = v.event(v.RunRequested(executor="scheduler"), "user:ann@sim", job="other", run=OWN_SEQ)
    world.say(lambda state: [requested])
    world.run(5 * 3_600)
    assert skips(world, "deadline") == []


def test_instants_that_could_not_be_ticked_in_time_share_a_misfire() -> None:
    """Reason `overload`, none is run; those in time get their ticks."""
    world = World(job("frequent", "* * * * *", start_deadline_ms=90_000))
    world.start()
    assert world.scheduler is not None
    state: State = world.scheduler.state
    now = BEGIN + timedelta(minutes=5)
    due = [Due(BEGIN + timedelta(minutes=minute), "frequent") for minute in range(1, 6)]
    misfired, *ticks = due_events(state, due, now)
    assert isinstance(misfired.data, v.ScheduleMisfired)
    assert (misfired.data.reason, misfired.data.count, misfired.data.will_run) == ("overload", 3, 0)
    assert (misfired.job, misfired.actor) == ("frequent", v.SCHEDULER)
    assert (misfired.data.first, misfired.data.last) == (due[0].instant, due[2].instant)
    assert [tick.data.scheduled_for.minute for tick in ticks if isinstance(tick.data, v.ScheduleTicked)] == [
        4,
        5,
    ]


def test_what_is_late_is_put_on_record_many_at_a_time() -> None:
    """A turn that comes 5 s late with 500 instants due records them all at once."""
    world = World(*(job(f"job-{n}", "1 0 * * *") for n in range(500)), max_parallel=4)
    world.machine.behaviour = lambda launch: Process(HUNG_S, 0)
    world.start()
    world.turn()
    world.clock.pass_(65)
    world.turn()
    assert len(world.entries(v.ScheduleTicked)) == 500


def test_a_stop_puts_on_record_what_has_fallen_due() -> None:
    """No instant is left to be blamed on a scheduler that was down."""
    world = World(*(job(f"job-{n}", "1 0 * * *") for n in range(100)), max_parallel=1)
    world.start()
    world.turn()
    world.clock.pass_(61)
    assert world.scheduler is not None
    world.scheduler.begin_stop()
    assert len(world.entries(v.ScheduleTicked)) == 100


def _these(events: Sequence[Event], _: State) -> Sequence[Event]:
    """Whatever the state is."""
    return events


@pytest.mark.parametrize("waiting", [38_000])
def test_a_turn_does_not_cost_what_waits(waiting: int) -> None:
    """Runs that wait behind others of their jobs are not looked at each turn."""
    jobs = [job(f"job-{n}", "0 0 1 6 *", overlap="queue") for n in range(38)]
    world = hung_first(World(*jobs, max_parallel=64), *(each.name for each in jobs))
    world.start()
    ticks = [
        v.event(
            v.ScheduleTicked(
                scheduled_for=BEGIN, local_time="", timezone="UTC", lateness_ms=0, trigger="catch_up"
            ),
            v.SCHEDULER,
            job=f"job-{number % 38}",
            run=OWN_SEQ,
        )
        for number in range(waiting)
    ]
    for first in range(0, waiting, 1_000):
        part = ticks[first : first + 1_000]
        world.say(partial(_these, part))
    for _ in range(5):
        world.turn()
    assert len(world.entries(v.RunStarted)) == 38
    begun = time.process_time()
    for _ in range(100):
        world.turn()
    assert (time.process_time() - begun) / 100 < 0.002
