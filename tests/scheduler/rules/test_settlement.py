"""What a person settles, and opens again: recorded, obeyed at once, and each instant still settled once."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from scheduler import vocabulary as v
from scheduler.explanation import Explainer, Explanation
from scheduler.ledger.past import Past
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.requests.upcoming import next_run, settled_by_hand, upcoming
from tests.support.audit import audit
from tests.support.command import call
from tests.support.simulated_home import home_of
from tests.support.world import BEGIN, Process, World, job

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def check(world: World) -> None:
    """Each instant was settled once, and no entry is illegal."""
    audit(world.entries(), world.clock.wall)
    assert not list(illegal_entries(world.entries()))


def ticked(world: World) -> list[str]:
    """The days and times of day that have a tick."""
    return [f"{v.payload(entry).scheduled_for:%d %H:%M}" for entry in world.entries(v.ScheduleTicked)]


def why(world: World, folder: Path, hours: float) -> Explanation:
    """What became of an instant."""
    past = Past(world.machine.store.peer(), folder, 65_536)
    return Explainer(past, "hourly", world.clock.wall, serving=True).explain(BEGIN + hours * HOUR)


def slots(world: World, folder: Path) -> dict[str, int]:
    """How many instants SQL counts, by disposition."""
    query = "select disposition, sum(instants)::int as n from slots group by all"
    answer = call("sql", query, "--json", home=home_of(world, folder / "home").root)
    return {row["disposition"]: row["n"] for row in answer.document}


def test_what_was_missed_is_not_caught_up_once_it_is_settled(tmp_path: Path) -> None:
    """Settled after an outage and before a scheduler: no misfire, no run; then the schedule goes on."""
    world = World(job("hourly", catch_up="all"))
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.crash()
    world.clock.pass_(5 * 3_600)
    (settled,) = world.settle("hourly", world.clock.wall)
    data = v.payload(settled)
    assert (data.first, data.last, data.count) == (BEGIN + 2 * HOUR, BEGIN + 6 * HOUR, 5)
    assert world.settle("hourly", world.clock.wall) == [], "all is settled"
    world.start()
    world.until(BEGIN + 7.5 * HOUR)
    assert ticked(world) == ["01 01:00", "01 07:00"]
    assert not world.entries(v.ScheduleMisfired)
    told = why(world, tmp_path, 3)
    assert (told.verdict, told.facts[-1].__struct_config__.tag) == ("settled", "settled_by_hand")
    assert slots(world, tmp_path) == {"ran": 2, "settled": 5}
    world.backfill("hourly", world.clock.wall - BEGIN - 5.5 * HOUR)
    world.run(10)
    assert slots(world, tmp_path / "later") == {"ran": 2, "settled": 4, "backfilled": 1}
    check(world)


def test_what_is_to_come_is_settled_and_opened_again(tmp_path: Path) -> None:
    """A scheduler that is running obeys both at once; an edit of the schedule changes nothing of it."""
    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.settle("hourly", BEGIN + 20 * HOUR)
    now = world.clock.wall
    settled = settled_by_hand(world.state.jobs["hourly"], now)
    assert settled is not None
    assert next_run(world.state.jobs["hourly"], now) == BEGIN + 21 * HOUR
    world.until(BEGIN + 3.2 * HOUR)
    world.edit(job("hourly", "*/30 * * * *"))
    world.until(BEGIN + 4.2 * HOUR)
    assert ticked(world) == ["01 01:00"]
    (entry,) = world.reopen("hourly")
    assert v.payload(entry).before is None
    assert next_run(world.state.jobs["hourly"], world.clock.wall) == BEGIN + 4.5 * HOUR
    assert why(world, tmp_path, 5).verdict == "upcoming"
    assert why(world, tmp_path, 2).verdict == "settled"
    world.until(BEGIN + 5.1 * HOUR)
    assert ticked(world) == ["01 01:00", "01 04:30", "01 05:00"]
    told = why(world, tmp_path, 5)
    assert (told.verdict, told.facts[-1].__struct_config__.tag) == ("ran", "reopened")
    assert world.reopen("hourly") == [], "nothing more is settled ahead"
    check(world)


def clock_was_ahead(**members: Any) -> World:
    """For an hour and a half the clock of an hourly job's machine was ten days ahead; it is 02:30 now."""
    world = World(job("hourly", **members))
    world.start()
    world.until(BEGIN + 1.2 * HOUR)
    world.clock.step(10 * 86_400)
    world.run(1.5 * 3_600)
    world.clock.step(-10 * 86_400)
    world.run(60)
    return world


def test_after_a_clock_that_was_ahead_the_times_to_come_are_opened_again(tmp_path: Path) -> None:
    """Those that were taken for missed; from the first one with a tick on they stay settled: nothing runs twice."""
    world = clock_was_ahead()
    before = world.entries(v.ScheduleTicked)[1]
    (misfire,) = world.entries(v.ScheduleMisfired)
    (entry,) = world.reopen("hourly")
    data = v.payload(entry)
    assert data.before == v.payload(before).scheduled_for
    (part,) = data.reopens
    assert part.entry == misfire.seq
    ahead = world.state.jobs["hourly"].ahead
    assert ahead is not None
    coming = islice(upcoming([world.state.jobs["hourly"]], world.clock.wall), 300)
    assert not [run for run in coming if ahead.first <= run.instant <= ahead.until]
    world.until(BEGIN + 13 * DAY)
    times = ticked(world)
    assert len(times) == len(set(times)), "nothing ran twice"
    expected = {f"{BEGIN + hour * HOUR:%d %H:%M}" for hour in range(3, 13 * 24)}
    assert expected <= set(times)
    counted = slots(world, tmp_path)
    assert sum(counted.values()) == 13 * 24, counted
    assert why(world, tmp_path, 24).verdict == "ran"
    check(world)


@pytest.mark.parametrize("then", ["restart", "disable", "edit", "outage", "settle"])
def test_what_stays_settled_ahead_is_never_run_whatever_comes_between(then: str) -> None:
    """A restart, a pause over it, an edit, an outage over it, or a settlement into it."""
    world = clock_was_ahead(catch_up="all", catch_up_limit=5)
    world.reopen("hourly")
    world.until(BEGIN + 2 * DAY)
    if then == "restart":
        world.restart()
    elif then == "disable":
        world.person(v.JobDisabled(), "hourly")
        world.until(BEGIN + 10 * DAY + 1.5 * HOUR)
        world.person(v.JobEnabled(catch_up=True), "hourly")
    elif then == "edit":
        world.until(BEGIN + 10 * DAY)
        world.edit(job("hourly", "*/30 * * * *"))
    elif then == "outage":
        world.crash()
        world.clock.pass_(9 * 86_400)
        world.start()
    else:
        world.settle("hourly", BEGIN + 10 * DAY + 2 * HOUR)
    world.until(BEGIN + 12 * DAY)
    times = ticked(world)
    assert len(times) == len(set(times)), "nothing ran twice"
    check(world)


def test_a_pause_that_was_to_be_caught_up_can_be_settled() -> None:
    """Before a scheduler acts on it."""
    world = World(job("hourly", catch_up="all"))
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.person(v.JobDisabled(), "hourly")
    world.until(BEGIN + 4.5 * HOUR)
    world.crash()
    world.person(v.JobEnabled(catch_up=True), "hourly")
    (settled,) = world.settle("hourly", BEGIN + 3.5 * HOUR)
    assert v.payload(settled).count == 2
    world.start()
    world.until(BEGIN + 5.5 * HOUR)
    assert ticked(world) == ["01 01:00", "01 04:00", "01 05:00"]
    check(world)


def test_an_illegal_entry_is_found() -> None:
    """What was settled before, what is not settled, and numbers that contradict one another."""
    now = BEGIN + 2.5 * HOUR
    for said, told in (
        (v.ScheduleSettled(until=BEGIN), "was settled before"),
        (v.ScheduleSettled(until=now, count=1), "contradict"),
        (v.ScheduleSettled(until=now, first=now + HOUR, last=now + HOUR, count=1), "contradict"),
        (v.ScheduleReopened(until=now), "nothing of hourly that is to come was settled"),
        (v.ScheduleReopened(until=now, previous=3), "is not entry 3"),
    ):
        world = World(job("hourly"))
        world.start()
        world.until(now)
        world.person(said, "hourly")
        (found,) = illegal_entries(world.entries())
        assert told in found.why
    world = clock_was_ahead()
    (entry,) = world.reopen("hourly")
    world.settle("hourly", world.clock.wall + 3 * HOUR)
    data = v.payload(entry)
    world.person(msgspec.structs.replace(data, previous=entry.seq, before=None), "hourly")
    (found,) = illegal_entries(world.entries())
    assert "has a tick of its own" in found.why


@pytest.mark.parametrize("takes_s", [0.0, 2_400.0])
def test_what_was_backfilled_while_the_clock_was_ahead_is_not_run_again(
    takes_s: float, tmp_path: Path
) -> None:
    """A time that has a tick of its own, or will have one, stays settled, whoever asked; SQL counts it once."""
    world = World(job("hourly", catch_up="none"))
    world.machine.behaviour = lambda launch: Process(takes_s, 0)
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.crash()
    world.clock.step(5 * 3_600)
    world.start()
    world.run(60)
    world.backfill("hourly", 2.75 * HOUR)
    world.run(60)
    world.crash()
    world.clock.step(-5 * 3_600)
    world.start()
    world.run(60)
    world.reopen("hourly")
    world.until(BEGIN + 8.5 * HOUR)
    assert sorted(ticked(world)) == [f"01 {hour:02}:00" for hour in range(1, 9)]
    assert sum(slots(world, tmp_path).values()) == 8
    check(world)
