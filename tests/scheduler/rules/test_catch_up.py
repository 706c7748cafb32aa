"""What passed unwatched is settled once, wherever a crash parts the entries that say so."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.catch_up import replay, ticked
from tests.support.world import BEGIN, World, job

HOUR = timedelta(hours=1)
NOW = BEGIN + 5 * HOUR + timedelta(minutes=1)


def caught_up(events: list[Event]) -> list[datetime]:
    """The instants that are to be run."""
    ticks = [event.data for event in events if isinstance(event.data, v.ScheduleTicked)]
    assert all(tick.trigger == "catch_up" for tick in ticks)
    assert all(event.job == "hourly" for event in events)
    return [tick.scheduled_for for tick in ticks]


@pytest.mark.parametrize("kept", [1, 2, 3, 4])
@pytest.mark.parametrize("limit", [3, 5])
def test_a_crash_between_a_misfire_and_its_runs_loses_none_of_them(kept: int, limit: int) -> None:
    """Of an append that tells of five instants and runs some, a part is on disk: the rest is said the next time."""
    world = World(job("hourly", catch_up="all", catch_up_limit=limit))
    world.start()
    world.crash()
    events = replay(world.state, ["hourly"], NOW, "scheduler_down")
    assert isinstance(events[0].data, v.ScheduleMisfired)
    assert (events[0].data.first, events[0].data.last) == (BEGIN + HOUR, BEGIN + 5 * HOUR)
    assert (events[0].data.count, events[0].data.will_run) == (5, limit)
    assert caught_up(events) == [BEGIN + hour * HOUR for hour in range(6 - limit, 6)]
    world.say(lambda _: events[:kept])
    rest = replay(world.state, ["hourly"], NOW + timedelta(minutes=9), "scheduler_down")
    assert caught_up(rest) == caught_up(events[kept:])
    assert len(rest) == len(events) - kept
    if rest:
        world.say(lambda _: rest)
    assert replay(world.state, ["hourly"], NOW + timedelta(minutes=9), "scheduler_down") == []


@pytest.mark.parametrize(("late", "lateness_ms"), [(0, 0), (0.9, 0), (1, 1), (1500.5, 1500), (-2000, 0)])
def test_lateness_is_counted_in_whole_milliseconds(late: float, lateness_ms: int) -> None:
    """On time is 0, and so is an instant that a clock which was set back puts ahead."""
    event = ticked(job("hourly"), BEGIN, BEGIN + timedelta(milliseconds=late))
    assert isinstance(event.data, v.ScheduleTicked)
    assert event.data.lateness_ms == lateness_ms
