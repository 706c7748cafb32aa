"""What an outage cost, of schedules that ceased to be in force during it too: a simulated scheduler is the judge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventstore.store import Event
from projections import open_sql
from scheduler import vocabulary as v
from tests.support.examples import examples
from tests.support.ledger import Writer
from tests.support.world import World, job

QUERY = (
    "SELECT kind, instants_missed, instants_caught_up, jobs_affected FROM outages ORDER BY began_seq, kind"
)


def copied(world: World, root: Path) -> Writer:
    """The world's ledger as files, entry by entry."""
    writer = Writer(root)
    for entry in world.entries():
        if entry.type == "ledger.created":
            continue
        writer.now = entry.time
        event = Event(type=entry.type, actor=entry.actor, data=v.payload(entry), job=entry.job, run=entry.run)
        writer.journal.append([event])
    writer.close()
    return writer


def outages(world: World, root: Path) -> list[tuple[Any, ...]]:
    """The rows of the view, for a world's ledger."""
    with open_sql(copied(world, root).home, threads=1) as sql:
        return sql.execute(QUERY).all()


def test_instants_of_a_schedule_that_ended_during_an_outage_count(tmp_path: Path) -> None:
    """Disabled, removed, replaced: each instant that passed until then is missed, as those of other jobs are."""
    world = World(*(job(name, "* * * * *") for name in ("disabled", "kept", "removed", "replaced")))
    world.start()
    world.run(90)
    world.crash()
    world.run(10 * 60)
    world.person(v.JobDisabled(reason="meanwhile"), "disabled")
    world.run(10 * 60)
    world.edit(job("replaced", "*/2 * * * *"), remove=["removed"])
    world.run(10 * 60)
    world.start()
    world.run(90)
    (row,) = outages(world, tmp_path)
    # Of 30 minutes: 10, 30 (one of them caught up), 20, and 20 and then each other one of 10 (one caught up).
    assert row == ("down", 10 + 30 + 20 + 20 + 5, 2, 4)


def test_an_instant_that_passed_while_something_watched_is_of_no_outage(tmp_path: Path) -> None:
    """A job that is disabled in the moment between its instant and the tick misses it, and no outage is to blame."""
    world = World(job("first", "* * * * *"))
    world.start()
    world.run(90)
    world.restart()
    world.until(world.clock.wall.replace(second=0, microsecond=0) + timedelta(minutes=5, microseconds=-1))
    world.clock.pass_(0.001)
    world.person(v.JobDisabled(), "first")
    world.run(90)
    assert any("(disabled)" in word for word in world.told("first"))
    assert [row[1] for row in outages(world, tmp_path)] == [0]


@settings(max_examples=examples(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["crash", "start", "disable", "enable", "edit", "remove", "wait"]),
            st.integers(1, 9),
        ),
        max_size=30,
    )
)
def test_every_instant_that_passed_while_nothing_watched_is_missed_once(
    tmp_path_factory: Any, acts: list[tuple[str, int]]
) -> None:
    """Over random histories, the sum over all outages is the number of instants that passed without a scheduler."""
    world = World(job("a", "* * * * *"), job("b", "*/3 * * * *"))
    world.start()
    world.run(30)
    passed = 0
    for act, minutes in acts:
        begun, down, force = world.clock.wall, world.scheduler is None, in_force(world)
        if act == "wait":
            world.run(60 * minutes)
            if down:
                passed += sum(instants(every, begun, world.clock.wall) for every in force.values())
        elif act == "crash":
            world.crash()
        elif act == "start" and down:
            world.start()
        elif act in {"disable", "enable"}:
            world.person(v.JobDisabled() if act == "disable" else v.JobEnabled(), "a")
        elif act == "edit":
            world.edit(job("b", f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"))
        elif act == "remove":
            world.edit(remove=["b"])
    if world.scheduler is None:
        world.start()
    assert sum(row[1] for row in outages(world, tmp_path_factory.mktemp("world"))) == passed


def in_force(world: World) -> dict[str, int]:
    """Every how many minutes each job runs that is configured and enabled."""
    found = {}
    for name, known in world.state.jobs.items():
        if known.present and known.enablement.enabled:
            minute = str(known.definition.schedule).split()[0]
            found[name] = int(minute.partition("/")[2] or 1)
    return found


def instants(every: int, after: datetime, until: datetime) -> int:
    """How many minutes of the hour that are multiples of this passed."""
    minute = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    count = 0
    while minute <= until:
        count += minute.minute % every == 0
        minute += timedelta(minutes=1)
    return count
