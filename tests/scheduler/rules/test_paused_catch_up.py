"""Pauses that whoever ends them wants caught up: which instants run, once, whatever crashes in between."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler import vocabulary as v
from scheduler.explanation import Explainer
from scheduler.ledger.past import Past
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.audit import audit
from tests.support.lives import death_after
from tests.support.world import BEGIN, Crash, World, job

HOUR = timedelta(hours=1)


def paused_world(hours: int = 4, **members: Any) -> World:
    """An hourly job that ran at 01:00, and is disabled from 01:30 on; it is so many hours later."""
    world = World(job("hourly", **members))
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.person(v.JobDisabled(reason="the database moves"), "hourly")
    world.until(BEGIN + (1.5 + hours) * HOUR)
    return world


def enable(world: World) -> None:
    """Ann enables the job and wants what it missed."""
    world.person(v.JobEnabled(catch_up=True), "hourly")


def caught_up(world: World) -> list[str]:
    """The instants that were caught up, as times of day."""
    ticks = [v.payload(entry) for entry in world.entries(v.ScheduleTicked)]
    return [f"{tick.scheduled_for:%H:%M}" for tick in ticks if tick.trigger == "catch_up"]


def check(world: World) -> None:
    """Each instant was settled once, and no entry is illegal."""
    audit(world.entries(), world.clock.wall)
    assert not list(illegal_entries(world.entries()))


@pytest.mark.parametrize(("members", "expected", "run"), [
    ({}, ["05:00"], 1),
    ({"catch_up": "all"}, ["02:00", "03:00", "04:00", "05:00"], 4),
    ({"catch_up": "all", "catch_up_limit": 2}, ["04:00", "05:00"], 2),
    ({"catch_up": "all", "catch_up_window_ms": 5_400_000}, ["05:00"], 1),
    ({"catch_up": "none"}, [], 0),
])  # fmt: skip
def test_the_policy_says_what_of_a_pause_is_run(
    members: dict[str, Any], expected: list[str], run: int
) -> None:
    """One misfire of reason `paused` records the instants; those wanted are run, each once, and then the next."""
    world = paused_world(overlap="queue", **members)
    enable(world)
    world.until(BEGIN + 6.5 * HOUR)
    told = world.told("hourly")
    assert f"misfired 4 run {run} (paused)" in told
    assert caught_up(world) == expected
    assert "schedule 01 06:00" in told
    check(world)


def test_it_is_the_schedule_in_force_at_the_enabling_that_counts() -> None:
    """An edit during the pause: the new schedule's instants since the disabling."""
    world = paused_world(hours=1)
    world.edit(job("hourly", "*/20 * * * *", catch_up="all", overlap="queue"))
    world.until(BEGIN + 2.6 * HOUR)
    enable(world)
    world.turn()
    assert caught_up(world) == ["01:40", "02:00", "02:20"]
    world.until(BEGIN + 2.9 * HOUR)
    check(world)


def test_disabled_once_more_it_counts_from_the_first_time() -> None:
    """To disable what is disabled, or to change its pause, changes no instant."""
    world = paused_world(catch_up="all", overlap="queue")
    world.person(v.JobDisabled(until=BEGIN + 20 * HOUR), "hourly")
    world.until(BEGIN + 6.5 * HOUR)
    enable(world)
    world.until(BEGIN + 6.6 * HOUR)
    assert caught_up(world) == ["02:00", "03:00", "04:00", "05:00", "06:00"]
    check(world)


def test_a_pause_that_ended_by_itself_is_not_caught_up() -> None:
    """And neither is what passed before a job that runs on its schedule is enabled."""
    world = World(job("hourly", catch_up="all"))
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.person(v.JobDisabled(until=BEGIN + 3.5 * HOUR), "hourly")
    world.crash()
    world.clock.pass_(4 * 3_600)
    enable(world)
    enable(world)
    world.start()
    world.run(1)
    assert [word for word in world.told("hourly") if word.startswith("misfired")] == [
        "misfired 2 run 2 (scheduler_down)"
    ]
    check(world)


@pytest.mark.parametrize("then", ["disable", "edit", "remove"])
def test_what_ends_the_schedule_before_that_ends_the_catching_up(then: str) -> None:
    """Enabled while no scheduler is running, and disabled, edited or removed before one is: recorded, and not run."""
    world = paused_world()
    world.crash()
    enable(world)
    world.clock.pass_(60)
    if then == "disable":
        world.person(v.JobDisabled(), "hourly")
    elif then == "edit":
        world.edit(job("hourly", "30 * * * *"))
    else:
        world.edit(remove=["hourly"])
    world.start()
    world.run(1)
    reason = {"disable": "disabled", "edit": "replaced", "remove": "removed"}[then]
    assert f"misfired 4 run 0 ({reason})" in world.told("hourly")
    assert caught_up(world) == []
    check(world)


def test_nothing_is_lost_or_doubled_wherever_it_crashes() -> None:
    """The scheduler dies before, in the midst of, and after each append that follows the enabling."""
    for step in range(4):
        for kept in range(5):
            world = paused_world(catch_up="all", overlap="queue")
            world.restart()
            enable(world)
            world.store.after_commit = death_after(world.machine, step, kept)
            try:
                world.run(60)
            except Crash:
                world.crash()
                world.clock.pass_(30)
            world.store.before_commit = world.store.after_commit = None
            world.restart()
            world.until(BEGIN + 6.5 * HOUR)
            assert caught_up(world) == ["02:00", "03:00", "04:00", "05:00"], (step, kept)
            check(world)


@pytest.mark.parametrize(("hour", "verdict", "kinds"), [
    (5, "ran", ["disabled", "misfired", "ticked"]),
    (4, "missed", ["disabled", "misfired", "not_wanted"]),
])  # fmt: skip
def test_why_tells_what_became_of_the_pause(
    tmp_path: Path, hour: int, verdict: str, kinds: list[str]
) -> None:
    """It was disabled then, and caught up later or not wanted; before a scheduler acts on it, it is pending."""
    world = paused_world()
    world.crash()
    enable(world)

    def explain() -> tuple[str, list[str]]:
        past = Past(world.machine.store.peer(), tmp_path, 512)
        answer = Explainer(past, "hourly", world.clock.wall, serving=False).explain(BEGIN + hour * HOUR)
        return answer.verdict, [str(fact.__struct_config__.tag) for fact in answer.facts]

    assert explain()[0] == "pending"
    world.start()
    world.run(60)
    told, facts = explain()
    assert told == verdict
    assert [kind for kind in facts if kind in kinds] == kinds
    assert not list(illegal_entries(world.entries()))


def test_a_pause_that_nobody_wanted_caught_up_cannot_be() -> None:
    """A misfire of reason `paused` without such an enabling is an illegal entry."""
    world = paused_world()
    world.person(v.JobEnabled(), "hourly")
    misfire = v.ScheduleMisfired(
        first=BEGIN + 2 * HOUR, last=BEGIN + 5 * HOUR, count=4, policy="one", will_run=0, reason="paused"
    )
    bad = world.person(misfire, "hourly")
    (illegal,) = illegal_entries(world.entries())
    assert (illegal.seq, illegal.why) == (bad.seq, "nobody had asked for a pause to be caught up")
