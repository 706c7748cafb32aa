"""`@reboot`: a run for each boot of the machine that a scheduler sees, once, wherever it crashes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.explanation import Explainer
from scheduler.explanation.last_due import last_due
from scheduler.ledger.past import Past
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.audit import audit
from tests.support.lives import death_after
from tests.support.world import BEGIN, Crash, Process, World, job


def boot_world(**members: Any) -> World:
    """A job that was defined during the first boot; the machine has booted again, an hour later."""
    world = World(job("warm", "@reboot", **members), job("hourly"))
    world.start()
    world.run(60)
    reboot(world)
    return world


def reboot(world: World) -> None:
    """The machine boots anew; no scheduler has started yet."""
    world.crash()
    world.machine.reboot()
    world.clock.pass_(3_600.25)


def ticks(world: World) -> list[v.ScheduleTicked]:
    """Those of the job."""
    return [v.payload(entry) for entry in world.entries(v.ScheduleTicked) if entry.job == "warm"]


def check(world: World) -> None:
    """Each instant was settled once, and no entry is illegal."""
    audit(world.entries(), world.clock.wall)
    assert not list(illegal_entries(world.entries()))


@pytest.mark.parametrize("catch_up", ["none", "one", "all"])
def test_each_boot_is_run_once_when_it_is_first_seen(catch_up: str) -> None:
    """Not the one during which the job was defined, and not again when a scheduler starts once more."""
    world = boot_world(catch_up=catch_up)
    assert ticks(world) == []
    for number in range(1, 4):
        seen = world.clock.wall
        world.start()
        world.run(60)
        world.restart()
        world.run(60)
        assert len(ticks(world)) == number
        assert ticks(world)[-1].scheduled_for == seen.replace(microsecond=0)
        assert ticks(world)[-1].trigger == "schedule"
        check(world)
        reboot(world)


@pytest.mark.parametrize("defined_before", [True, False])
def test_a_job_that_a_command_defines_before_the_boot_is_seen(defined_before: bool) -> None:
    """It owes no run for the boot during which it was defined, and owes one if it was defined before that."""
    world = World(job("hourly"))
    world.start()
    world.run(60)
    world.crash()
    if defined_before:
        world.edit(job("warm", "@reboot"))
    world.machine.reboot()
    world.clock.pass_(600)
    world.edit(job("warm", "@reboot"))
    world.clock.pass_(60)
    world.start()
    world.run(60)
    assert len(ticks(world)) == defined_before
    reboot(world)
    world.start()
    world.run(60)
    assert len(ticks(world)) == defined_before + 1
    check(world)


def test_a_boot_that_was_seen_before_is_no_new_one() -> None:
    """A home that two machines serve in turn."""
    world = boot_world()
    world.start()
    world.run(1)
    for boot in (0, 1, 0, 1):
        world.crash()
        world.machine.boots = boot
        world.start()
        world.run(1)
    assert len(ticks(world)) == 1
    check(world)


@pytest.mark.parametrize("how", ["disabled", "paused", "removed", "hourly before"])
def test_a_job_that_is_not_there_then_owes_nothing(how: str) -> None:
    """Disabled at boot, out of the config, or of another schedule until then; a pause that has ended is over."""
    world = World(job("warm", "30 * * * *" if how == "hourly before" else "@reboot"))
    world.start()
    world.run(60)
    if how == "disabled":
        world.person(v.JobDisabled(), "warm")
    elif how == "paused":
        world.person(v.JobDisabled(until=BEGIN + timedelta(minutes=30)), "warm")
    elif how == "removed":
        world.edit(remove=["warm"])
    reboot(world)
    world.jobs = {"warm": job("warm", "@reboot")}
    world.start()
    world.run(60)
    assert len([tick for tick in ticks(world) if tick.scheduled_for > BEGIN + timedelta(minutes=45)]) == (
        how == "paused"
    )
    if how == "disabled":
        world.person(v.JobEnabled(), "warm")
        world.run(60)
        assert ticks(world) == []
    reboot(world)
    world.start()
    world.run(60)
    assert ticks(world)[-1].scheduled_for > BEGIN + timedelta(hours=2)
    check(world)


def test_nothing_is_lost_or_doubled_wherever_it_crashes() -> None:
    """The scheduler dies before, in the midst of, and after each append of its start."""
    for step in range(4):
        for kept in range(4):
            world = boot_world()
            world.machine.store.after_commit = death_after(world.machine, step, kept)
            try:
                world.start()
                world.run(30)
            except Crash:
                world.crash()
                world.clock.pass_(30)
            world.machine.store.after_commit = None
            world.restart()
            world.run(60)
            assert len(ticks(world)) == 1, (step, kept)
            check(world)


def test_boots_of_which_schedulers_died_as_they_started_are_missed() -> None:
    """They share one misfire, and the newest is run."""
    world = boot_world()
    for _ in range(3):
        world.say(lambda state: [v.event(_started(world), v.SCHEDULER)])
        reboot(world)
    world.start()
    world.run(60)
    (misfire,) = [v.payload(entry) for entry in world.entries(v.ScheduleMisfired) if entry.job == "warm"]
    assert (misfire.count, misfire.will_run) == (3, 0)
    assert len(ticks(world)) == 1
    check(world)


def _started(world: World) -> v.SchedulerStarted:
    boot = f"boot-{world.machine.boots}"
    return v.SchedulerStarted(pid=1, host="sim", boot_id=boot, versions={})


def test_a_run_that_waited_for_a_slot_when_the_scheduler_died_is_kept() -> None:
    """`catch_up: none` forgets what was missed; the boot was seen."""
    world = World(job("warm", "@reboot", catch_up="none"), job("first", "@reboot"), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(600.0, 0)
    world.start()
    reboot(world)
    world.start()
    world.run(60)
    world.restart()
    world.run(2_000)
    assert not world.entries(v.RunSkipped)
    assert len(world.entries(v.RunFinished)) == 2
    check(world)


def test_why_tells_of_boots(tmp_path: Path) -> None:
    """Of the last one if nobody says which; of any other moment that none was seen."""
    world = boot_world()
    world.start()
    world.run(60)
    store = world.machine.store.peer()
    explainer = Explainer(Past(store, tmp_path, 65_536), "warm", world.clock.wall, serving=True)
    due = last_due(explainer, store, "warm")
    assert due == ticks(world)[-1].scheduled_for
    answer = explainer.explain(due)
    assert (answer.verdict, [fact.__struct_config__.tag for fact in answer.facts]) == (
        "ran",
        ["scheduled", "ticked", "run_began", "run_ended"],
    )
    ((found,), more) = explainer.about(due.replace(second=0), due.replace(second=0) + timedelta(minutes=1))
    assert (found.verdict, more) == ("ran", 0)
    ((found,), _) = explainer.about(BEGIN + timedelta(seconds=30), BEGIN + timedelta(seconds=31))
    assert found.verdict == "not_due"


def test_an_illegal_entry_is_found() -> None:
    """A tick or a misfire of a boot that nobody saw."""
    tick = v.ScheduleTicked(scheduled_for=BEGIN, local_time="", timezone="UTC", lateness_ms=0)
    misfire = v.ScheduleMisfired(first=BEGIN, last=BEGIN, count=1, policy="one", will_run=0)
    for said, run in ((tick, OWN_SEQ), (misfire, None)):
        world = boot_world()
        world.say(lambda _, said=said, run=run: [v.event(said, "x", job="warm", run=run)])  # type: ignore[misc]
        (found,) = illegal_entries(world.entries())
        assert "seen first" in found.why
