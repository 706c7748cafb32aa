"""A scheduler that dies at each step of a life in which jobs share locks, follow others, pause and leave out days.

Nobody has what another one holds, all get theirs, and each instant is settled once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import After, Retry
from scheduler.processes.spawner import Launch
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.after_audit import audit_after
from tests.support.audit import audit
from tests.support.calendars import calendar, on
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Crash, Process, World, job

CAPACITIES = {"db": 2}
TAKES_S = {
    "a": 45.0,
    "b": 12.0,
    "both": 33.0,
    "disk": 7.0,
    "late": 21.0,
    "plain": 90.0,
    "lately": 15.0,
    "then": 5.0,
}
NEW_YEAR = calendar("new-year", "2026-01-01")


def shared_world() -> World:
    """Jobs that fall due together and share locks; one fails at first, one waits for both locks.

    Two run after others, one is paused for its first time, and one leaves out the day.
    """
    world = World(
        job("a", "1 0 * * *", locks=["db"]),
        job("b", "1 0 * * *", locks=["db"], retry=Retry(attempts=2, delay_ms=30_000)),
        job("both", "1 0 * * *", locks=["db", "disk"]),
        job("disk", "1 0 * * *", locks=["disk"]),
        job("late", "2 0 * * *", locks=["db"]),
        job("plain", "2 0 * * *"),
        job(
            "lately",
            "2 0 * * *",
            after=After(jobs=["a"], within_ms=120_000),
            locks=["db"],
            start_deadline_ms=300_000,
        ),
        job("then", after=After(jobs=["b", "disk"]), locks=["disk"]),
        job("paused", "1,3 0 * * *", locks=["disk"], catch_up="all"),
        job("closed", "1 0 * * *", calendars=on(without=(NEW_YEAR,))),
        max_parallel=3,
        locks=CAPACITIES,
    )

    def behave(launch: Launch) -> Process:
        fails = launch.env["CRONLEDGER_JOB"] == "b" and launch.attempt == 1
        return Process(TAKES_S.get(launch.env["CRONLEDGER_JOB"], 3.0), int(fails))

    world.machine.behaviour = behave
    world.calendars[NEW_YEAR.name] = NEW_YEAR
    world.edit()
    world.person(v.JobDisabled(until=BEGIN + timedelta(seconds=90)), "paused")
    return world


class Death:
    """A scheduler's death at the append with this number.

    `reboots`: the machine's. `torn`: half of what is appended reaches the disk.
    """

    def __init__(self, world: World, at: int, *, reboots: bool, torn: bool) -> None:
        self._world, self._left, self._reboots, self._torn = world, at, reboots, torn

    @property
    def came(self) -> bool:
        """Whether there were so many appends."""
        return self._left <= 0

    def __call__(self, events: Sequence[Event]) -> None:
        """One more append."""
        self._left -= 1
        if self._left == 0:
            if self._reboots:
                self._world.machine.reboot()
            if self._torn:
                self._world.machine.tear(len(events), len(events) // 2)
            raise Crash


def live(world: World) -> None:
    """Let it live for ten minutes, whatever dies in between."""
    for _ in range(60):
        try:
            if world.scheduler is None:
                world.start()
            world.run(10)
        except Crash:
            world.crash()
            world.clock.pass_(5)


@pytest.mark.parametrize("when", ["before", "after", "torn"])
@pytest.mark.parametrize("reboots", [False, True], ids=["killed", "rebooted"])
def test_locks_hold_though_the_scheduler_dies_at_any_append(when: str, reboots: bool) -> None:
    """Before an append, after it or in the midst of it, with the runs going on or gone with it."""
    for at in range(1, 200):
        world = shared_world()
        death = Death(world, at, reboots=reboots, torn=when == "torn")
        if when != "before":
            world.machine.store.after_commit = death
        else:
            world.machine.store.before_commit = death
        live(world)
        entries = world.entries()
        assert list(illegal_entries(entries)) == []
        audit(entries, world.clock.wall)
        audit_runs(entries, 3, capacities=CAPACITIES)
        audit_after(entries)
        ended = {entry.job for entry in world.entries(v.RunFinished, v.RunSkipped)}
        assert ended == world.jobs.keys() - {"closed"}, "each has had its turn"
        assert "closed" not in {entry.job for entry in world.entries(v.ScheduleTicked)}
        if not death.came:
            break
    assert 8 < at < 199, "at each append"
