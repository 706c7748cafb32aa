"""Which of the runs that are owed could start but for a slot, and when the next one has waited too long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.rules.runs.locks import LockQueue
from scheduler.rules.runs.waiting_runs import START_DEADLINE, WaitingRuns
from scheduler.rules.state import LastRun, RetryWait
from tests.support.world import BEGIN, Process, World, job

HOUR = timedelta(hours=1)


def owed(world: World, name: str, count: int) -> list[int]:
    """Runs of a job fall due, hour by hour, while no scheduler starts any; their numbers."""
    ticks = [
        v.ScheduleTicked(
            scheduled_for=BEGIN + hour * HOUR,
            local_time="",
            timezone="UTC",
            lateness_ms=0,
            trigger="schedule",
        )
        for hour in range(count)
    ]
    said = world.say(lambda _: [v.event(tick, v.SCHEDULER, job=name, run=OWN_SEQ) for tick in ticks])
    return [entry.seq for entry in said]


def waiting_in(world: World, name: str) -> WaitingRuns:
    """The index over the state as it is."""
    waiting, state = WaitingRuns(), world.state
    for number in state.jobs[name].live:
        waiting.notice(number, name, state.runs[number], state.jobs[name])
    waiting.refresh(state, (), BEGIN)
    return waiting


@pytest.mark.parametrize("overlap", ["queue", "allow"])
def test_runs_beside_one_another_all_wait_for_slots_and_others_in_turn(overlap: str) -> None:
    """Where runs may overlap each of them could start; elsewhere only the oldest."""
    world = World(job("each", overlap=overlap))
    world.start()
    numbers = owed(world, "each", 4)
    waiting = waiting_in(world, "each")
    assert list(waiting.startable(LockQueue({}, {}))) == (numbers if overlap == "allow" else numbers[:1])
    assert (len(waiting), numbers[3] in waiting, numbers[3] + 1 in waiting) == (4, True, False)
    assert not waiting.changed


@pytest.mark.parametrize("overlap", ["queue", "allow"])
def test_each_run_has_waited_too_long_at_its_own_time(overlap: str) -> None:
    """An hour after it fell due or came to be next, and it is named until it waits no more."""
    world = World(job("each", overlap=overlap))
    world.start()
    numbers = owed(world, "each", 3)
    waiting, state = waiting_in(world, "each"), world.state
    assert waiting.next_lapse() == BEGIN + START_DEADLINE
    assert waiting.lapsed(state, BEGIN + START_DEADLINE - timedelta(microseconds=1)) == []
    for _ in range(2):
        assert waiting.lapsed(state, BEGIN + START_DEADLINE) == numbers[:1]
    late = BEGIN + START_DEADLINE + HOUR
    assert waiting.lapsed(state, late) == (numbers[:2] if overlap == "allow" else numbers[:1])
    waiting.notice(numbers[0], "each", None, None)
    waiting.refresh(state, {numbers[0]}, late)
    assert numbers[0] not in waiting
    assert numbers[0] not in waiting.lapsed(state, late)


@pytest.mark.parametrize("overlap", ["skip", "queue", "allow"])
def test_what_is_caught_up_runs_one_after_another(overlap: str) -> None:
    """Whatever the policy for runs that fall due, and each as soon as the one before it has ended."""
    world = World(job("each", catch_up="all", overlap=overlap))
    world.machine.behaviour = lambda launch: Process(60, 0)
    world.start()
    world.crash()
    world.clock.pass_(3 * 3_600 + 60)
    world.start()
    world.run(200)
    starts = [entry.time for entry in world.entries(v.RunStarted)]
    assert [begun - starts[0] for begun in starts] == [timedelta(seconds=60 * turn) for turn in range(3)]


def test_the_wait_behind_its_own_job_does_not_count_for_who_looks_later() -> None:
    """A scheduler that starts knows from the ledger when the last run of the job ended: the wait begins there."""
    world = World(job("each", overlap="queue"))
    world.start()
    owed(world, "each", 2)
    world.state.jobs["each"].last = LastRun(1, "schedule", BEGIN + 3 * HOUR)
    assert waiting_in(world, "each").next_lapse() == BEGIN + 3 * HOUR + START_DEADLINE


@pytest.mark.parametrize("overlap", ["queue", "allow"])
def test_an_edit_lets_all_that_waits_be_looked_at_anew(overlap: str) -> None:
    """By the policy that holds then, whichever held when they fell due."""
    other = {"queue": "allow", "allow": "queue"}[overlap]
    world = World(job("each", overlap=other))
    world.start()
    numbers = owed(world, "each", 3)
    waiting = waiting_in(world, "each")
    world.edit(job("each", overlap=overlap))
    waiting.notice_job("each")
    assert waiting.changed
    waiting.refresh(world.state, (), BEGIN)
    assert list(waiting.startable(LockQueue({}, {}))) == (numbers if overlap == "allow" else numbers[:1])


def test_an_attempt_that_another_process_made_leaves_no_moment_behind() -> None:
    """The wait after it counts, and not the one before, whose time has come."""
    world = World(job("each"))
    world.start()
    (number,) = owed(world, "each", 1)
    waiting, state = waiting_in(world, "each"), world.state
    run, each = state.runs[number], state.jobs["each"]
    last = v.RunFinished(trigger="schedule", started=BEGIN, outcome="failed", attempt=1)
    for attempt, minutes in ((1, 1), (2, 5)):
        run.attempt, run.started = attempt, BEGIN
        waiting.notice(number, "each", run, each)
        run.started = None
        run.retry = RetryWait(BEGIN + timedelta(minutes=minutes), number, BEGIN, BEGIN, last)
        waiting.notice(number, "each", run, each)
    for minutes, startable in ((2, []), (5, [number])):
        waiting.refresh(state, (), BEGIN + timedelta(minutes=minutes))
        assert list(waiting.startable(LockQueue({}, {}))) == startable
