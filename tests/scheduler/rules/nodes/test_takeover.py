from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from eventstore.store import Event
from scheduler.rules.nodes.takeover import is_downtime, kept_instants, overdue_runs, taken_over
from scheduler.rules.state import State
from tests.support.world import BEGIN, World, job


def unwatched(world: World, hours: float) -> tuple[State, datetime]:
    """The state that a scheduler left, so many hours later."""
    world.start()
    world.crash()
    return world.state, BEGIN + timedelta(hours=hours)


def told(events: list[Event]) -> list[str]:
    """What events say, in short."""
    return [
        f"misfired {event.data.count} run {event.data.will_run}"
        if event.type == "schedule.misfired"
        else f"{event.data.trigger} {event.data.scheduled_for:%H:%M}"
        for event in events
    ]


@pytest.mark.parametrize("catch_up", ["one", "all", "none"])
def test_what_is_younger_than_its_deadline_is_kept_whatever_catch_up_says(catch_up: str) -> None:
    """Nothing misfires of it; it falls due now."""
    world = World(job("often", "*/10 * * * *", catch_up=catch_up))
    state, now = unwatched(world, 0.5)
    assert taken_over(state, ["often"], now, "scheduler_down") == []
    assert [f"{due.instant:%H:%M}" for due in kept_instants(state, now)] == ["00:10", "00:20", "00:30"]


@pytest.mark.parametrize(
    ("catch_up", "settled"),
    [
        ("none", ["misfired 6 run 0"]),
        ("one", ["misfired 6 run 0"]),
        ("all", ["misfired 6 run 2", "catch_up 00:50", "catch_up 01:00"]),
    ],
)
def test_what_is_older_goes_by_catch_up_and_what_is_kept_counts_for_it(
    catch_up: str, settled: list[str]
) -> None:
    """Where one is wanted, it is the latest, which is kept; of all, the limit holds for both together."""
    world = World(job("often", "*/10 * * * *", catch_up=catch_up, catch_up_limit=8))
    state, now = unwatched(world, 2.0)
    assert told(taken_over(state, ["often"], now, "scheduler_down")) == settled
    kept = kept_instants(state, now)
    assert (len(kept), f"{kept[0].instant:%H:%M}") == (6, "01:10")


def test_a_job_that_kept_nothing_is_caught_up_as_after_a_restart() -> None:
    """Its deadline is shorter, or its last instant was long ago: the latest is made up for."""
    world = World(job("rare", "0 1 * * *"), job("strict", "*/10 * * * *", start_deadline_ms=60_000))
    state, now = unwatched(world, 2.05)
    events = taken_over(state, ["rare", "strict"], now, "scheduler_down")
    assert told(events) == ["misfired 1 run 1", "catch_up 01:00", "misfired 12 run 1", "catch_up 02:00"]
    assert kept_instants(state, now) == []


def test_runs_that_are_owed_are_kept_as_long_as_instants() -> None:
    """One that fell due more than its deadline ago goes by `catch_up`, a younger one does not."""
    patient = job("patient", "0 1 * * *", start_deadline_ms=3 * 3_600_000)
    world = World(job("old", "0 1 * * *"), patient, max_parallel=0)
    world.start()
    world.run(3_660)
    world.crash()
    by_job = {run.job: number for number, run in world.state.runs.items()}
    assert by_job.keys() == {"old", "patient"}
    assert overdue_runs(world.state, BEGIN + timedelta(hours=1.5)) == frozenset()
    assert overdue_runs(world.state, BEGIN + timedelta(hours=2.5)) == {by_job["old"]}


def test_a_gap_of_a_minute_is_a_takeover_and_a_longer_one_a_downtime() -> None:
    """What some job is owed for longer shows that nobody watched; a job that is paused shows nothing."""
    world = World(job("often", "* * * * *"), job("rare", "0 3 * * *"))
    state, begin = unwatched(world, 0)
    assert not is_downtime(state, begin + timedelta(seconds=90))
    assert not is_downtime(state, begin + timedelta(seconds=119))
    assert is_downtime(state, begin + timedelta(seconds=121))
    assert not is_downtime(State(), begin)
