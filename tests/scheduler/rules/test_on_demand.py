"""A job that runs on demand is never due, before and after its definition says otherwise."""

from __future__ import annotations

from datetime import timedelta

from scheduler import vocabulary as v
from scheduler.rules.requests.upcoming import next_run, settled_ahead
from tests.support.world import BEGIN, World, job

HOUR = timedelta(hours=1)


def ticks(world: World) -> list[str]:
    """The types of the entries that tell of instants."""
    told = (v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE)
    return [entry.type for entry in world.entries() if entry.type in told]


def test_it_owes_nothing_from_the_time_before_it_got_a_schedule() -> None:
    """Nothing falls due while it runs on demand, whoever watched or not; a schedule counts from its edit on."""
    world = World(job("a", on_demand=True))
    world.start()
    world.run(5 * 3_600)
    world.crash()
    world.clock.pass_(5 * 3_600)
    world.start()
    assert ticks(world) == []
    known = world.state.jobs["a"]
    assert next_run(known, world.clock.wall) is None
    assert settled_ahead(known, BEGIN - HOUR) is None
    world.edit(job("a"))
    world.run(2 * 3_600)
    assert set(ticks(world)) == {v.ScheduleTicked.TYPE}
    assert len(ticks(world)) == 2


def test_a_schedule_that_is_given_up_closes_what_was_open() -> None:
    """What passed unwatched before the edit is recorded; then nothing more falls due."""
    world = World(job("a"))
    world.start()
    world.crash()
    world.clock.pass_(2 * 3_600)
    world.edit(job("a", on_demand=True))
    world.start()
    world.run(5 * 3_600)
    (misfire,) = [entry for entry in world.entries() if entry.type == v.ScheduleMisfired.TYPE]
    assert v.payload(misfire).count == 2
    assert v.ScheduleTicked.TYPE not in ticks(world)
