"""A job that runs after others: once all of them have succeeded for an instant, that instant is its own."""

from __future__ import annotations

import math
from datetime import timedelta

import msgspec
import pytest

from scheduler import vocabulary as v
from scheduler.rules.fold import upstreams
from scheduler.rules.fold.upstreams import SKIPPED_MAX
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.requests.backfill import Wanted, backfilling
from tests.support.after_audit import audit_after
from tests.support.audit import audit
from tests.support.chains import (
    FIRST,
    HOUR_S,
    after,
    again,
    chain,
    check,
    fail,
    instants,
    job_of,
    ticks,
    world_of,
)
from tests.support.dependent_lives import SHARED, SLOTS, live_in_chains
from tests.support.lives import death_after
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Crash, Process, World, job


def test_it_runs_when_the_job_before_it_has_succeeded() -> None:
    """The tick is of the same instant, names the success, and comes without a second's wait."""
    world = chain()
    world.until(FIRST + timedelta(minutes=5))
    assert world.told("b") == ["job.defined", "after 01 01:00", "started", "succeeded"]
    (tick,) = ticks(world, "b")
    (success, _) = world.entries(v.RunFinished)
    assert v.payload(tick).successes == [success.seq]
    assert tick.time - success.time < timedelta(milliseconds=1)
    check(world)


def test_a_diamond_ends_in_one_run() -> None:
    """`d` after `b` and `c`, both after `a`: one run of each for each instant, and that of `d` is the last."""
    world = world_of(
        job("a"), job("b", after=after("a")), job("c", after=after("a")), job("d", after=after("b", "c"))
    )
    world.until(FIRST + timedelta(minutes=65))
    for name in "abcd":
        assert instants(world, name) == [FIRST, FIRST + timedelta(hours=1)]
    check(world)


def test_what_fails_before_it_skips_it_and_what_follows() -> None:
    """Each gets its tick, and its run is skipped by the entry that shows why, all down the chain."""
    world = world_of(job("a"), job("b", after=after("a")), job("c", after=after("b")))
    fail(world, "a")
    world.until(FIRST + timedelta(minutes=5))
    assert world.told("b")[1:] == ["after 01 01:00", "skipped: upstream"]
    assert world.told("c")[1:] == ["after 01 01:00", "skipped: upstream"]
    (failure,) = world.entries(v.RunFinished)
    skips = world.entries(v.RunSkipped)
    assert [v.payload(each).because_of for each in skips] == [failure.seq, skips[0].seq]
    check(world)


def test_the_last_attempt_decides() -> None:
    """While the job before it makes another attempt, nothing is decided."""
    from scheduler.definition import Retry

    world = chain(retry=Retry(attempts=2, delay_ms=600_000))
    fail(world, "a")
    world.until(FIRST + timedelta(minutes=5))
    assert ticks(world, "b") == []
    fail(world)
    world.until(FIRST + timedelta(minutes=30))
    assert world.told("b")[1:] == ["after 01 01:00", "started", "succeeded"]
    check(world)


def test_a_run_made_again_counts_for_its_instant() -> None:
    """What was skipped for a failure is made again once that was, and succeeded; down the chain, and once."""
    world = world_of(job("a"), job("b", after=after("a")), job("c", after=after("b")))
    fail(world, "a")
    world.until(FIRST + timedelta(minutes=5))
    fail(world)
    for _ in range(2):
        again(world, "a")
        world.run(300)
    assert world.told("b")[1:] == [
        "after 01 01:00", "skipped: upstream", "run.requested", "started", "succeeded",
    ]  # fmt: skip
    assert world.told("c") == world.told("b")
    (request,) = [entry for entry in world.entries(v.RunRequested) if entry.job == "b"]
    assert v.payload(request).original_scheduled_for == FIRST
    assert v.payload(request).retry_of == ticks(world, "b")[0].seq
    check(world)


def test_a_person_is_not_followed_unless_wished() -> None:
    """What somebody ran by hand is followed by nothing, with dependents by what runs after it, for that moment."""
    world = world_of(job("a"), job("b", after=after("a")), job("c", after=after("b")))
    world.clock.pass_(60)
    world.person(v.RunRequested(executor="scheduler"), "a", run=-1)
    world.run(600)
    assert ticks(world, "b") == []
    asked = world.person(v.RunRequested(executor="scheduler", with_dependents=True), "a", run=-1)
    world.run(600)
    (moment,) = instants(world, "b")
    assert moment - asked.time <= timedelta(microseconds=1)
    assert instants(world, "c") == [moment]
    check(world)


@pytest.mark.parametrize("with_dependents", [True, False])
def test_what_is_backfilled_is_followed_where_that_is_wished(with_dependents: bool) -> None:
    """Each instant once: those that had no run, and those whose run was skipped for what was missed before."""
    world = chain(catch_up="none")
    world.crash()
    world.clock.pass_(3 * HOUR_S + 60)
    world.start()
    world.run(60)
    assert world.told("b")[1:] == ["after 01 03:00", "skipped: upstream"]
    wanted = [Wanted(FIRST + timedelta(hours=hour), None) for hour in range(3)]
    world.say(
        lambda state: [
            backfilling(state, state.jobs["a"], wanted, "user:ann", with_dependents=with_dependents)
        ]
    )
    world.run(1_000)
    begun = [entry for entry in world.entries(v.RunStarted) if entry.job == "b"]
    assert len(begun) == (3 if with_dependents else 0)
    if with_dependents:
        assert instants(world, "b") == [FIRST + timedelta(hours=hours) for hours in (2, 0, 1)]
        (again,) = world.entries(v.RunRequested)
        assert v.payload(again).original_scheduled_for == FIRST + timedelta(hours=2)
    check(world)


def test_only_instants_that_all_jobs_before_have_are_its_own() -> None:
    """After one job of each half hour and one of each hour it runs each hour, whichever is done first."""
    world = world_of(job("a", "*/30 * * * *"), job("b"), job("c", after=after("a", "b")))
    world.until(FIRST + timedelta(minutes=125))
    assert instants(world, "c") == [FIRST + timedelta(hours=hours) for hours in range(3)]
    assert world.state.jobs["c"].awaited == []
    check(world)


@pytest.mark.parametrize("rare", ["30 5 * * *", "30 * * * *"])
def test_what_fails_at_a_time_that_not_all_jobs_before_have_decides_nothing(rare: str) -> None:
    """That is no time of the job: nothing is skipped, and nothing awaited that cannot come."""
    world = world_of(job("a"), job("b", rare), job("c", after=after("a", "b")))
    fail(world, "a")
    world.until(FIRST + timedelta(hours=3, minutes=5))
    assert ticks(world, "c") == []
    assert world.state.jobs["c"].awaited == []
    check(world)


def test_instants_are_compared_as_the_schedules_are_written() -> None:
    """What jitter moves is the same instant, and no tick of the job after it has a part in that."""
    world = world_of(job("a", jitter_ms=1_200_000), job("b"), job("c", after=after("a", "b")))
    world.until(FIRST + timedelta(minutes=40))
    assert instants(world, "c") == [FIRST]
    assert instants(world, "a") != [FIRST]
    check(world)


def test_what_passed_unwatched_is_skipped_once() -> None:
    """Of what was missed before, the last instant that is not run stands for all; what is caught up is followed."""
    world = chain()
    world.crash()
    world.clock.pass_(5 * HOUR_S + 60)
    world.start()
    world.run(600)
    (misfire,) = world.entries(v.ScheduleMisfired)
    assert world.told("b")[1:] == [
        "after 01 04:00", "skipped: upstream", "after 01 05:00", "started", "succeeded",
    ]  # fmt: skip
    assert v.payload(ticks(world, "b")[0]).because_of == misfire.seq
    check(world)


def test_what_one_of_them_missed_is_skipped_though_another_succeeds() -> None:
    """What is missed by one job before it and caught up by another has its disposition."""
    world = world_of(job("a", catch_up="all"), job("b", catch_up="none"), job("c", after=after("a", "b")))
    world.crash()
    world.clock.pass_(2 * HOUR_S + 60)
    world.start()
    world.run(900)
    assert world.told("c")[1:] == [
        "after 01 01:00", "after 01 02:00", "skipped: upstream", "skipped: upstream",
    ]  # fmt: skip
    check(world)


@pytest.mark.parametrize("catch_up", ["none", "one"])
@pytest.mark.parametrize("order", [1, -1])
def test_what_passed_unwatched_stands_for_a_time_that_all_have(catch_up: str, order: int) -> None:
    """Of a job of each hour and one of each day the missed time is that of each day, whichever is told of first."""
    hourly, daily = job("a", catch_up=catch_up), job("b", "0 2 * * *", catch_up=catch_up)
    world = world_of(*[hourly, daily][::order], job("c", after=after("a", "b")))
    world.crash()
    world.clock.pass_(6 * HOUR_S)
    world.start()
    world.run(900)
    assert world.told("c")[1:] == ["after 01 02:00", "skipped: upstream"]
    check(world)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_crash_before_its_tick_loses_nothing(kept: int) -> None:
    """The success is on record, the tick is not: who starts next records it, and a part of an append is enough."""
    world = chain()
    world.until(FIRST + timedelta(seconds=59))
    world.clock.pass_(2)
    world.turn()
    assert world.entries()[-1].type == v.RunFinished.TYPE, "the success is recorded, and nothing follows yet"
    if kept:
        world.store.after_commit = death_after(world.machine, 0, kept)
        with pytest.raises(Crash):
            world.turn()
    world.restart()
    world.run(300)
    assert world.told("b")[1:] == ["after 01 01:00", "started", "succeeded"]
    check(world)


def test_a_job_that_is_disabled_is_not_owed() -> None:
    """Neither what ends while it is disabled, nor what begins then; afterwards it goes on."""
    world = chain()
    world.until(FIRST + timedelta(seconds=30))
    world.person(v.JobDisabled(), "b")
    world.run(3_000)
    world.person(v.JobEnabled(), "b")
    world.run(2 * HOUR_S)
    assert instants(world, "b") == [FIRST + timedelta(hours=1), FIRST + timedelta(hours=2)]
    check(world)


def test_a_pause_that_ends_before_the_success_hinders_nothing() -> None:
    """It was disabled and enabled while the job before it ran: it is owed."""
    world = chain()
    world.until(FIRST + timedelta(seconds=10))
    world.person(v.JobDisabled(), "b")
    world.run(10)
    world.person(v.JobEnabled(), "b")
    world.run(300)
    assert instants(world, "b") == [FIRST]
    check(world)


def test_an_edit_of_the_jobs_before_it_never_fires_for_what_began_before() -> None:
    """What was awaited by the old list is not owed by the new one."""
    world = world_of(job("a"), job("z"), job("b", after=after("a", "z")))
    world.until(FIRST + timedelta(seconds=30))
    world.edit(job("b", after=after("a")))
    world.until(FIRST + timedelta(minutes=65))
    assert instants(world, "b") == [FIRST + timedelta(hours=1)]
    check(world)


def test_another_edit_changes_nothing() -> None:
    """A command that is edited while the job before runs does not cost the instant."""
    world = chain()
    world.until(FIRST + timedelta(seconds=30))
    world.edit(job("b", after=after("a"), timeout_ms=1_000_000))
    world.run(300)
    assert instants(world, "b") == [FIRST]
    check(world)


def test_a_job_removed_or_disabled_before_it_leaves_nothing_awaited() -> None:
    """Nothing is awaited of what cannot come: a job before it that is disabled has no such instant."""
    world = world_of(job("a"), job("z", jitter_ms=1_800_000), job("c", after=after("a", "z")))
    assert world.state.jobs["z"].definition.jitter_offset_ms > 30_000
    world.until(FIRST + timedelta(seconds=30))
    assert len(world.state.jobs["c"].awaited) == 1
    world.person(v.JobDisabled(), "z")
    assert world.state.jobs["c"].awaited == []
    world.run(2 * HOUR_S)
    assert world.state.jobs["c"].awaited == []
    assert ticks(world, "c") == []
    check(world)


def test_too_many_instants_are_not_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than are kept the earliest are skipped, by the tick that was one too many."""
    monkeypatch.setattr(upstreams, "AWAITED_MAX", 5)
    world = world_of(
        job("a", "* * * * *", overlap="queue"),
        job("z", "* * * * *", overlap="queue"),
        job("c", after=after("a", "z")),
    )
    world.machine.behaviour = lambda launch: Process(10.0 if job_of(world, launch) == "a" else 1e6, 0)
    world.run(60 * 20)
    reasons = {v.payload(each).reason for each in world.entries(v.RunSkipped) if each.job == "c"}
    assert reasons == {"upstream"}
    waiting = [each for each in world.state.jobs["c"].awaited if each.run is None and not each.failed]
    assert len(waiting) == 5
    audit_after(world.entries(), at_rest=False)


def test_what_was_skipped_is_kept_for_a_while() -> None:
    """The newest of what may be made again is kept, and what is older is settled for good."""
    world = chain()
    fail(world, "a")
    world.run((SKIPPED_MAX + 5) * HOUR_S)
    known = world.state.jobs["b"]
    assert len([each for each in known.awaited if each.run is not None]) == SKIPPED_MAX
    assert known.cursor == FIRST + timedelta(hours=3)
    world.run(300)
    check(world)


def test_a_state_that_was_kept_goes_on() -> None:
    """What is awaited is part of the state as snapshots have it."""
    world = chain()
    world.until(FIRST + timedelta(seconds=30))
    state = world.state
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state)) == state
    assert state.jobs["b"].awaited[0].instant == FIRST
    assert state.dependents == {"a": ["b"]}


def test_with_a_schedule_it_waits_for_a_success_that_is_new_enough() -> None:
    """It starts at once after a success within the window, waits for the next one else, and names it."""
    world = world_of(job("a"), job("b", "20,40 * * * *", after=after("a", within_ms=1_800_000)))
    world.until(FIRST + timedelta(minutes=35))
    assert world.told("b")[1:] == [
        "schedule 01 00:20", "schedule 01 00:40", "skipped: overlap", "started", "succeeded",
        "schedule 01 01:20", "started", "succeeded",
    ]  # fmt: skip
    begun = [entry for entry in world.entries(v.RunStarted) if entry.job == "b"]
    success = next(entry for entry in world.entries(v.RunFinished) if entry.job == "a")
    assert [v.payload(each).successes for each in begun] == [[success.seq]] * 2
    assert begun[0].time - success.time < timedelta(milliseconds=1)
    check(world)


def test_a_failure_does_not_decide_whether_it_waits_on() -> None:
    """A later success within the window may come; `start_deadline` ends the wait where it is written."""
    definition = job("b", "20 * * * *", after=after("a", within_ms=1_800_000), start_deadline_ms=1_200_000)
    world = world_of(job("a"), definition)
    fail(world, "a")
    world.until(FIRST + timedelta(minutes=30))
    assert world.told("b")[-1] == "schedule 01 01:20"
    fail(world)
    again(world, "a")
    world.run(300)
    assert world.told("b")[-2:] == ["started", "succeeded"]
    fail(world, "a")
    world.until(FIRST + timedelta(hours=2))
    assert world.told("b")[-1] == "skipped: deadline"
    check(world)


def test_what_waits_for_a_success_takes_no_slot_and_no_time() -> None:
    """Its wait costs no turn: nothing is due until something is recorded."""
    world = world_of(job("a", on_demand=True), job("b", "20 * * * *", after=after("a", within_ms=60_000)))
    world.until(BEGIN + timedelta(minutes=21))
    world.turn()
    assert world.wait_s > 1_000
    assert not math.isinf(world.wait_s)
    check(world)


def test_a_person_waits_for_no_other_job() -> None:
    """What somebody asks for starts, whatever the jobs before have done."""
    world = world_of(job("a"), job("b", "20 * * * *", after=after("a", within_ms=60_000)))
    world.person(v.RunRequested(executor="scheduler"), "b", run=-1)
    world.run(120)
    assert world.told("b")[-2:] == ["started", "succeeded"]
    check(world)


@pytest.mark.long
def test_lives_with_jobs_after_others(seeds: range) -> None:
    """Chains and diamonds, crashes at any append, people who meddle: each instant rightly, and none without cause."""
    instants_seen = 0
    for seed in seeds:
        world = live_in_chains(seed, steps=25)
        entries = world.entries()
        instants_seen += audit_after(entries)
        assert list(illegal_entries(entries)) == []
        audit(entries, world.clock.wall)
        audit_runs(entries, SLOTS, capacities=SHARED)
        assert not world.state.runs, "a run has not ended"
    assert instants_seen > 10 * len(seeds)


def test_what_an_earlier_schedule_had_is_recorded() -> None:
    """A job had a schedule, and runs after another from now on: what had passed unwatched by then is on record."""
    world = World(job("a"), job("b"))
    world.start()
    world.run(60)
    world.crash()
    world.clock.pass_(2 * HOUR_S)
    world.jobs["b"] = job("b", after=after("a"))
    world.start()
    world.run(60)
    assert world.told("b")[:3] == ["job.defined", "job.defined", "misfired 2 run 0 (replaced)"]
    check(world)


def test_a_run_that_is_made_again_begins_no_instant_anew() -> None:
    """Its success counts for its own instant; one that asks for those of the jobs after it is illegal."""
    world = world_of(job("a"), job("b", after=after("a")))
    world.until(FIRST + timedelta(minutes=12))
    request = v.RunRequested(
        executor="scheduler",
        retry_of=ticks(world, "a")[-1].seq,
        original_scheduled_for=FIRST,
        with_dependents=True,
    )
    asked = world.person(request, "a", run=-1)
    first = next(iter(illegal_entries(world.entries())))
    assert (first.seq, "begins nothing anew" in first.why) == (asked.seq, True)
