"""The views `runs` and `slots` have the instant of a run as its schedule is written."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from scheduler import vocabulary as v
from tests.support.command import call
from tests.support.simulated_home import home_of
from tests.support.world import World, job


def test_the_instant_before_jitter_is_a_column(tmp_path: Path) -> None:
    """It comes earlier by the job's own time; without jitter it is the instant itself, and a manual run has none."""
    world = World(job("plain", "0 * * * *"), job("moved", "0 * * * *", jitter_ms=600_000))
    world.start()
    world.run(2.5 * 3_600)
    world.person(v.RunRequested(executor="scheduler"), "plain")
    world.run(60)
    offset = timedelta(milliseconds=world.state.jobs["moved"].definition.jitter_offset_ms or 0)
    assert offset
    home = home_of(world, tmp_path)
    for view in ("runs", "slots"):
        query = f"from {view} select job, scheduled_for, nominal"
        rows = call("sql", query, "--json", home=home.root).document
        assert {row["job"] for row in rows} == {"plain", "moved"}
        for row in rows:
            if row["scheduled_for"] is None:
                assert row["nominal"] is None
                continue
            due, nominal = map(datetime.fromisoformat, (row["scheduled_for"], row["nominal"]))
            assert nominal.minute == 0
            assert due - nominal == (offset if row["job"] == "moved" else timedelta(0))
        assert sum(row["scheduled_for"] is None for row in rows) == (view == "runs")
