"""Jobs that run after others, edited, removed, disabled and settled by people: what they are owed then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler import vocabulary as v
from scheduler.definition import Retry
from scheduler.rules.after import late_successes
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.chains import FIRST, after, chain, check, fail, instants, ticks, world_of
from tests.support.world import BEGIN, World, job

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def decided() -> World:
    """The job before it has succeeded, and its tick is not on record yet."""
    world = chain()
    world.until(FIRST + timedelta(seconds=59))
    world.clock.pass_(2)
    world.turn()
    assert world.entries()[-1].type == v.RunFinished.TYPE
    return world


def test_a_job_that_was_removed_and_comes_back_runs_after_the_others_again() -> None:
    """It is not owed what began before; from then on it follows."""
    world = chain()
    world.until(FIRST + timedelta(seconds=30))
    world.edit(remove=["b"])
    assert world.state.dependents == {}
    world.restart()
    world.edit(job("b", after=after("a")))
    world.until(FIRST + 65 * MINUTE)
    assert instants(world, "b") == [FIRST + HOUR]
    check(world)


def test_a_job_is_removed_whatever_others_do() -> None:
    """What runs after nothing, beside jobs that do."""
    world = world_of(job("a"), job("z"), job("b", after=after("a")))
    world.edit(remove=["z"])
    world.until(FIRST + 5 * MINUTE)
    assert instants(world, "b") == [FIRST]
    check(world)


@pytest.mark.parametrize("name", ["b", "c"])
def test_a_job_that_gets_a_schedule_leaves_the_others_to_follow(name: str) -> None:
    """It runs on its own from then on; the other one goes on."""
    world = world_of(job("a"), job("b", after=after("a")), job("c", after=after("a")))
    world.edit(job(name, "30 * * * *"))
    (other,) = {"b", "c"} - {name}
    assert world.state.dependents == {"a": [other]}
    world.until(FIRST + 35 * MINUTE)
    assert instants(world, other) == [FIRST]
    own = ["schedule 01 00:30", "started", "succeeded", "schedule 01 01:30", "started", "succeeded"]
    assert world.told(name)[2:] == own
    check(world)


@pytest.mark.parametrize("enabled", [True, False])
def test_what_is_decided_and_not_on_record_is_owed_unless_it_is_disabled(enabled: bool) -> None:
    """An edit of something else costs no instant; one that disables it does, for good."""
    world = decided()
    world.edit(job("b", after=after("a"), timeout_ms=1_000_000, enabled=enabled))
    world.run(60)
    world.edit(job("b", after=after("a"), timeout_ms=1_000_000))
    world.run(300)
    assert instants(world, "b") == ([FIRST] if enabled else [])
    check(world)


def test_a_job_that_is_new_and_disabled_follows_once_it_is_enabled() -> None:
    """It may be written so."""
    world = chain()
    world.edit(job("c", after=after("a"), enabled=False))
    world.until(FIRST + 5 * MINUTE)
    world.edit(job("c", after=after("a")))
    world.until(FIRST + 65 * MINUTE)
    assert instants(world, "c") == [FIRST + HOUR]
    check(world)


def test_another_edit_of_a_job_before_it_costs_no_instant() -> None:
    """What that one may have still is awaited on."""
    late = job("z", jitter_ms=1_800_000)
    world = world_of(job("a"), late, job("c", after=after("a", "z")))
    world.until(FIRST + timedelta(seconds=30))
    world.edit(job("z", jitter_ms=1_800_000, timeout_ms=1_000_000))
    world.until(FIRST + 40 * MINUTE)
    assert instants(world, "c") == [FIRST]
    check(world)


def test_what_a_person_settled_is_not_owed() -> None:
    """Neither to the job itself, though it was about to run, nor to what runs after it."""
    world = world_of(job("a"), job("b", after=after("a")), job("c", after=after("a", "b")))
    world.until(FIRST + timedelta(seconds=30))
    assert [len(world.state.jobs[name].awaited) for name in "bc"] == [1, 1]
    world.settle("b", FIRST)
    assert [world.state.jobs[name].awaited for name in "bc"] == [[], []]
    world.until(FIRST + 65 * MINUTE)
    assert [instants(world, name) for name in "bc"] == [[FIRST + HOUR]] * 2
    check(world)


def test_what_a_person_settled_before_an_instant_leaves_it() -> None:
    """One moment earlier, and it is awaited as before, by the job after it too."""
    world = world_of(job("a"), job("b", after=after("a")), job("c", after=after("a", "b")))
    world.until(FIRST + timedelta(seconds=30))
    world.settle("b", FIRST - timedelta(microseconds=1))
    world.until(FIRST + 5 * MINUTE)
    assert [instants(world, name) for name in "bc"] == [[FIRST]] * 2
    check(world)


# -- with a schedule of its own ----------------------------------------------------------------------------------


def within_ten_minutes(**members: object) -> World:
    """`b` has a schedule and needs a success of `a` within ten minutes, which runs each hour, for a minute."""
    return world_of(job("a"), job("b", "5 * * * *", after=after("a", within_ms=600_000), **members))


def test_a_success_is_new_enough_up_to_its_very_age() -> None:
    """As old as it may be is not too old."""
    world = within_ten_minutes()
    world.until(FIRST + 2 * MINUTE)
    state, now = world.state, FIRST + 5 * MINUTE
    success = state.jobs["a"].success
    assert success is not None
    world.until(now)
    tick = ticks(world, "b")[-1]
    started = world.entries(v.RunStarted)[-1]
    assert (started.run, v.payload(started).successes) == (tick.seq, [success.seq])
    (run,) = [run for run in world.state.runs.values() if run.job == "b"]
    run.attempt = 0
    limit = success.time + timedelta(minutes=10)
    assert late_successes(world.state, run, state.jobs["b"], limit) == []
    assert late_successes(world.state, run, state.jobs["b"], limit + timedelta(microseconds=1)) == ["a"]
    check(world)


def test_a_success_of_a_job_that_never_was_does_not_come() -> None:
    """No config has that; the run waits, and what else runs is not kept by it."""
    world = world_of(job("a"), job("b", "5 * * * *", after=after("nowhere", within_ms=600_000)))
    world.until(FIRST + 2 * MINUTE)
    assert world.told("b")[1:] == ["schedule 01 00:05"]
    assert world.told("a")[-1] == "succeeded"
    check(world)


def test_a_start_names_the_successes_for_which_it_had_to_wait() -> None:
    """Not what a person asked for, which waits for none; and no later attempt, which has had them."""
    world = within_ten_minutes(retry=Retry(attempts=2, delay_ms=60_000))
    fail(world, "b")
    world.until(FIRST + 10 * MINUTE)
    world.person(v.RunRequested(executor="scheduler"), "b", run=-1)
    world.run(300)
    starts = [v.payload(entry) for entry in world.entries(v.RunStarted) if entry.job == "b"]
    success = next(entry for entry in world.entries(v.RunFinished) if entry.job == "a")
    assert [(each.trigger, each.attempt, each.successes) for each in starts] == [
        *[("schedule", 1, [success.seq]), ("schedule", 2, [])] * 2, ("manual", 1, []), ("manual", 2, []),
    ]  # fmt: skip
    check(world)


def test_a_start_without_any_success_is_against_the_law() -> None:
    """The job for whose success it has to wait has never succeeded."""
    world = within_ten_minutes()
    world.until(BEGIN + 6 * MINUTE)
    (tick,) = ticks(world, "b")
    begun = v.RunStarted(
        attempt=1, trigger="schedule", command_sha256="", host="sim", boot_id="boot-0",
        executor_pid=1, executor_start_ticks=1, scheduled_for=v.payload(tick).scheduled_for,
    )  # fmt: skip
    (entry,) = world.say(lambda _: [v.event(begun, v.SCHEDULER, job="b", run=tick.seq)])
    (illegal,) = illegal_entries(world.entries())
    assert (illegal.seq, illegal.why) == (
        entry.seq,
        f"run {tick.seq} had to wait for the success of other jobs, which these entries are not",
    )
