"""The index of the moments is what the state says, however it came about, and does not grow with history."""

from __future__ import annotations

import pickle
from datetime import timedelta

from scheduler import vocabulary as v
from scheduler.definition import Expect
from scheduler.rules.evolve import evolve
from scheduler.rules.expectations.due_moments import DueMoments
from scheduler.rules.state import State
from tests.support.world import BEGIN, Process, World, job

DAY = timedelta(days=1)
WEEKS = Expect(start_within_ms=600_000, finish_within_ms=21 * 86_400_000, success_every_ms=7_200_000)


def test_many_runs_leave_nothing_behind() -> None:
    """After five days of hourly runs the index is as large as after one, and yields what a new one does."""
    world = World(job("hourly", expect=WEEKS), job("slow", expect=WEEKS))
    world.machine.behaviour = lambda launch: Process(
        60.0 if launch.env["CRONLEDGER_JOB"] == "hourly" else 1e9, 0
    )
    world.start()
    world.until(BEGIN + 5.02 * DAY)
    state, kept, sizes = State(), DueMoments(), []
    for entry in world.entries():
        evolve(state, entry)
        kept.notice(state, entry)
        kept.put(state, kept.take(entry.time, 100))
        if entry.type == v.RunFinished.TYPE:
            sizes.append(len(pickle.dumps(kept)))
    assert len(sizes) >= 120
    assert max(sizes[24:]) < 3 * max(sizes[:24])
    now = BEGIN + 60 * DAY
    assert sorted(kept.take(now, 100), key=str) == sorted(DueMoments.of(state).take(now, 100), key=str)
    assert kept.next_moment() is None
