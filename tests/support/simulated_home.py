"""Homes whose past was simulated: the ledger is written by the real journal, entry by entry, at the times of then."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.processes.spawner import Launch
from tests.support.ledger import Writer
from tests.support.world import Machine, Process, SimulatedClock, World, job

STORY_BEGIN = datetime(2025, 3, 27, 20, tzinfo=UTC)


def home_of(world: World, root: Path) -> Home:
    """A home with the ledger of a simulated world, and no config."""
    home = Home(root)
    first, *others = world.entries()
    with closing(Writer(root, SEGMENT_ENTRIES, now=first.time, step=timedelta(0))) as writer:
        for entry in others:
            writer.now = entry.time
            data = msgspec.json.decode(entry.data)
            writer.append(Event(type=entry.type, actor=entry.actor, data=data, job=entry.job, run=entry.run))
    return home


def story() -> World:
    """A week of a nightly job in Paris: a pause, daylight saving, an outage, an edit, a run that took too long."""
    world = World(
        job("nightly", "30 2 * * *", timezone="Europe/Paris"), machine=Machine(SimulatedClock(STORY_BEGIN))
    )
    durations_s = {"2025-04-03": 90_000.0}

    def behave(launch: Launch) -> Process:
        return Process(durations_s.get(Path(launch.stdout).parent.name, 300.0), 0)

    world.machine.behaviour = behave
    world.start()
    world.until(datetime(2025, 3, 28, 19, tzinfo=UTC))
    world.person(v.JobDisabled(reason="the database moves"), "nightly")
    world.until(datetime(2025, 3, 29, 9, tzinfo=UTC))
    world.person(v.JobEnabled(reason="it has moved"), "nightly")
    world.until(datetime(2025, 3, 30, 18, tzinfo=UTC))
    world.crash()
    world.clock.pass_((datetime(2025, 4, 2, 7, tzinfo=UTC) - world.clock.wall).total_seconds())
    world.start()
    world.until(datetime(2025, 4, 2, 12, tzinfo=UTC))
    world.edit(job("nightly", "45 3 * * *", timezone="Europe/Paris"))
    world.until(datetime(2025, 4, 6, 12, tzinfo=UTC))
    world.say(lambda state: [v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER)])
    return world
