"""Stories of a database's clock that is set, or that of another server, while leaders come and go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from tests.support.node_world import world_of
from tests.support.world import job


@pytest.mark.parametrize("kill_first", [False, True])
def test_a_step_is_recorded_once_also_by_a_leader_that_was_none_yet(
    tmp_path: Path, *, kill_first: bool
) -> None:
    """What the clock skipped goes by `catch_up`, whoever leads; nothing of it was late."""
    world = world_of(tmp_path, job("often", every="10s", overlap="allow", catch_up="none"))
    world.run(14)
    if kill_first:
        world.leader.kill()
    world.server.step_clock(3000)
    world.run(2.0)
    if not kill_first:
        world.leader.kill()
    world.run(6.0)
    (step,) = world.entries(v.ClockStepped)
    assert v.payload(step).by_ms == 3_000_000
    (missed,) = world.entries(v.ScheduleMisfired)
    assert v.payload(missed).reason == "clock_step"
    assert len(world.entries(v.LeaderElected)) == 2
    assert len(world.entries(v.ScheduleTicked)) <= 4
    assert world.broken_laws() == []


def test_a_standby_whose_clock_is_some_seconds_ahead_makes_nothing_missed(tmp_path: Path) -> None:
    """The leader could not reach the database meanwhile: what fell due is late, as without the step."""
    world = world_of(tmp_path, job("often", every="10s", overlap="allow", catch_up="none"))
    world.run(14)
    world.server.away = True
    world.run(30)
    world.server.step_clock(5.0)
    world.server.away = False
    world.run(15)
    assert len(world.entries(v.ClockStepped)) == 1
    assert world.entries(v.ScheduleMisfired) == []
    ticks = [v.payload(entry).scheduled_for for entry in world.entries(v.ScheduleTicked)]
    assert ticks == [ticks[0] + timedelta(seconds=10 * number) for number in range(len(ticks))]
    assert world.broken_laws() == []
