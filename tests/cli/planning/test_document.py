"""The plan as programs read it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cli.planning.document import plan_document
from scheduler.configuration.load import parse
from scheduler.planning.home_plan import HomePlan
from scheduler.planning.settings_edits import SettingsEdits
from tests.scheduler.rules.planning.foreseen import foresee
from tests.support.world import World, job

CONFIG = b'jobs: {a: {schedule: "30 * * * *", command: "true"}}'


def test_the_times_that_are_caught_up_are_listed_with_the_edit_and_without_it() -> None:
    """Both have the same form, so that a program can hold them against each other."""
    world = World(job("a", "0 * * * *"))
    world.start()
    world.run(60)
    world.crash()
    world.clock.pass_(20_000)
    plan = foresee(world, {"a": job("a", "30 * * * *")})
    config = parse(CONFIG, Path("config.yaml"))
    found = HomePlan(plan, config, SettingsEdits(), None, True, True, 0, {}, False)
    (told,) = plan_document(found)["jobs"]
    assert told["catch_ups"] == []
    (caught_up,) = told["without_edit"]["catch_ups"]
    assert isinstance(caught_up, datetime)
    assert caught_up == told["without_edit"]["misfires"][0]["last"]
