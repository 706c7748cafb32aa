"""Simulated worlds of jobs that run after others, and what their ledgers tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import After, JobDefinition
from scheduler.processes.spawner import Launch
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.after_audit import audit_after
from tests.support.audit import audit
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Process, World, job

HOUR_S = 3_600
FIRST = BEGIN + timedelta(hours=1)


def after(*names: str, within_ms: int | None = None) -> After:
    """The jobs before another."""
    return After(jobs=list(names), within_ms=within_ms)


def chain(**members: Any) -> World:
    """`b` runs after `a`, which runs each hour; each run takes a minute."""
    return world_of(job("a", **members), job("b", after=after("a")))


def world_of(*jobs: JobDefinition, lasts_s: Mapping[str, float] | None = None) -> World:
    """A world in which each run takes a minute or as long as is said, and fails where its job is one of `failing`."""
    world = World(*jobs)
    failing: set[str] = set()

    def behave(launch: Launch) -> Process:
        name = job_of(world, launch)
        return Process((lasts_s or {}).get(name, 60.0), int(name in failing))

    world.machine.behaviour = behave
    world.failing = failing  # type: ignore[attr-defined]
    world.start()
    return world


def job_of(world: World, launch: Launch) -> str:
    """The job of which a run is launched."""
    assert world.scheduler is not None
    return world.scheduler.state.runs[launch.run].job


def fail(world: World, *names: str) -> None:
    """From now on the runs of these jobs fail, and of no others."""
    failing: set[str] = world.failing  # type: ignore[attr-defined]
    failing.clear()
    failing.update(names)


def ticks(world: World, name: str) -> list[Entry]:
    """The ticks of a job."""
    return [entry for entry in world.entries(v.ScheduleTicked) if entry.job == name]


def instants(world: World, name: str) -> list[datetime]:
    """The instants that a job got a tick for."""
    return [v.payload(entry).scheduled_for for entry in ticks(world, name)]


def again(world: World, name: str) -> None:
    """A person has the last run of a job made again."""
    tick = ticks(world, name)[-1]
    due = v.payload(tick).scheduled_for
    world.person(
        v.RunRequested(executor="scheduler", retry_of=tick.seq, original_scheduled_for=due), name, -1
    )


def check(world: World) -> None:
    """The ledger makes sense to whoever audits it."""
    entries = world.entries()
    assert list(illegal_entries(entries)) == []
    audit_after(entries)
    audit(entries, world.clock.wall)
    audit_runs(entries, 8, at_rest=False)
