"""Jobs with jitter: when they fall due, what is recorded of it, and what a question about them finds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from scheduler import vocabulary as v
from scheduler.explanation import Explainer
from scheduler.explanation import facts as f
from scheduler.ledger.past import Past
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.requests.upcoming import next_run
from scheduler.schedule.jitter import jitter_offset_ms
from tests.support.audit import audit
from tests.support.world import BEGIN, World, job

OFFSET = timedelta(milliseconds=jitter_offset_ms("5" * 32, "hourly", 1_800_000))
HOUR = timedelta(hours=1)


def ticks(world: World) -> list[v.ScheduleTicked]:
    """What the ledger says fell due."""
    return [v.payload(entry) for entry in world.entries(v.ScheduleTicked)]


@pytest.fixture
def world() -> World:
    """An hourly job with half an hour of jitter, served for three hours."""
    world = World(job("hourly", jitter_ms=1_800_000))
    world.start()
    world.run(3 * 3_600)
    return world


def test_each_instant_falls_due_later_by_the_same_time_and_names_the_nominal_one(world: World) -> None:
    """`scheduled_for` is the moment at which it is due, `nominal` the full hour; the checkers agree."""
    assert timedelta(0) < OFFSET < HOUR / 2
    assert [tick.scheduled_for for tick in ticks(world)] == [
        BEGIN + hour * HOUR + OFFSET for hour in range(3)
    ]
    assert [tick.nominal for tick in ticks(world)] == [BEGIN + hour * HOUR for hour in range(3)]
    assert next_run(world.state.jobs["hourly"], world.clock.wall) == BEGIN + 3 * HOUR + OFFSET
    audit(world.entries(), world.clock.wall)
    assert list(illegal_entries(world.entries())) == []


def test_what_passes_unwatched_is_caught_up_with_its_nominal_instant(world: World) -> None:
    """A misfire is told by the moments at which the job was due."""
    world.crash()
    world.clock.pass_(5 * 3_600)
    world.start()
    (misfire,) = [v.payload(entry) for entry in world.entries(v.ScheduleMisfired)]
    assert (misfire.first, misfire.count) == (BEGIN + 3 * HOUR + OFFSET, 5)
    assert ticks(world)[-1].nominal == BEGIN + 7 * HOUR
    audit(world.entries(), world.clock.wall)


def test_another_jitter_is_another_schedule(world: World) -> None:
    """What was due before the edit stays due at its old time; an edit of something else changes no offset."""
    world.edit(job("hourly", jitter_ms=1_800_000, description="the same"))
    assert world.state.jobs["hourly"].definition.jitter_offset_ms == OFFSET / timedelta(milliseconds=1)
    world.edit(job("hourly", description="the same"))
    (defined,) = [v.payload(entry) for entry in world.entries(v.JobDefined)][-1:]
    assert defined.changed == ["jitter_ms", "jitter_offset_ms"]
    world.run(7_200)
    assert ticks(world)[-1].nominal is None
    assert ticks(world)[-1].scheduled_for == BEGIN + 5 * HOUR
    audit(world.entries(), world.clock.wall)


def test_a_tick_whose_nominal_instant_is_not_that_of_its_job_breaks_a_law(world: World) -> None:
    """Who appended it did not know the jitter."""
    world.crash()
    false = msgspec.structs.replace(ticks(world)[-1], scheduled_for=BEGIN + 3 * HOUR + OFFSET)
    world.say(lambda state: [v.event(false, v.SCHEDULER, job="hourly", run=state.head.seq + 1)])
    assert [each.seq for each in illegal_entries(world.entries())] == [world.state.head.seq]


@pytest.mark.parametrize(
    ("asked", "until"),
    [
        (BEGIN + HOUR, BEGIN + HOUR + timedelta(minutes=1)),
        (BEGIN + HOUR + OFFSET, BEGIN + HOUR + OFFSET + timedelta(seconds=1)),
    ],
    ids=["by the schedule", "by when it was due"],
)
def test_why_goes_by_the_nominal_instant_or_else_by_when_it_was_due(
    world: World, tmp_path: Path, asked: datetime, until: datetime
) -> None:
    """Both questions find the run; the fact about the schedule says which instant was moved."""
    explainer = Explainer(
        Past(world.machine.store.peer(), tmp_path, 64), "hourly", world.clock.wall, serving=True
    )
    (answer,), more = explainer.about(asked, until)
    assert (answer.instant, answer.verdict, more) == (BEGIN + HOUR + OFFSET, "ran", 0)
    (schedule,) = [fact for fact in answer.facts if isinstance(fact, f.ScheduleInForce)]
    assert schedule.nominal == BEGIN + HOUR


def test_why_before_and_after_an_edit_of_the_jitter(world: World, tmp_path: Path) -> None:
    """Each instant is looked for with the offset that was in force."""
    world.edit(job("hourly"))
    world.run(7_200)
    explainer = Explainer(
        Past(world.machine.store.peer(), tmp_path, 64), "hourly", world.clock.wall, serving=True
    )
    found = [
        explainer.about(BEGIN + hour * HOUR, BEGIN + hour * HOUR + timedelta(minutes=1))[0] for hour in (1, 4)
    ]
    assert [[answer.instant for answer in answers] for answers in found] == [
        [BEGIN + HOUR + OFFSET],
        [BEGIN + 4 * HOUR],
    ]
