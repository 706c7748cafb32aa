"""A scheduler that dies at each step of a life with locks: nobody has what another one holds, and all get theirs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import Retry
from scheduler.processes.spawner import Launch
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.audit import audit
from tests.support.run_audit import audit_runs
from tests.support.world import Crash, Process, World, job

CAPACITIES = {"db": 2}
TAKES_S = {"a": 45.0, "b": 12.0, "both": 33.0, "disk": 7.0, "late": 21.0, "plain": 90.0}


def shared_world() -> World:
    """Jobs that fall due together and share locks; one fails at first, one waits for both locks."""
    world = World(
        job("a", "1 0 * * *", locks=["db"]),
        job("b", "1 0 * * *", locks=["db"], retry=Retry(attempts=2, delay_ms=30_000)),
        job("both", "1 0 * * *", locks=["db", "disk"]),
        job("disk", "1 0 * * *", locks=["disk"]),
        job("late", "2 0 * * *", locks=["db"]),
        job("plain", "2 0 * * *"),
        max_parallel=3,
        locks=CAPACITIES,
    )

    def behave(launch: Launch) -> Process:
        fails = launch.env["CRONLEDGER_JOB"] == "b" and launch.attempt == 1
        return Process(TAKES_S[launch.env["CRONLEDGER_JOB"]], int(fails))

    world.machine.behaviour = behave
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
        ended = {entry.job for entry in world.entries(v.RunFinished, v.RunSkipped)}
        assert ended == set(world.jobs), "each has had its turn"
        if not death.came:
            break
    assert 8 < at < 199, "at each append"
