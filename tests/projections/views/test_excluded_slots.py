"""The view `slots` has what calendars excluded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scheduler import vocabulary as v
from tests.support.calendars import calendar, on
from tests.support.command import call
from tests.support.simulated_home import home_of
from tests.support.world import World, job


def test_excluded_instants_are_rows_of_slots(tmp_path: Path) -> None:
    """One row for each entry, with the number of its instants and no run."""
    weekend = calendar("weekend", weekdays=("sat", "sun"))
    world = World(job("daily", "0 */6 * * *", calendars=on(without=(weekend,))))
    world.calendars["weekend"] = weekend
    world.start()
    world.run(4.1 * 86_400)
    home = home_of(world, tmp_path)
    query = """
        select sum(instants) as n, min(scheduled_for) as first, count(run) as runs
        from slots where disposition = 'excluded'
    """
    (row,) = call("sql", query, "--json", home=home.root).document
    assert (row["n"], row["runs"]) == (8, 0)
    assert datetime.fromisoformat(row["first"]) == datetime(2026, 1, 3, tzinfo=UTC)
    assert world.entries(v.ScheduleExcluded)
