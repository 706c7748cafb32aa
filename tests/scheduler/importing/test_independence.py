"""What proves an import shares nothing with what it judges."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import scheduler.importing

FOLDER = Path(scheduler.importing.__file__).parent
READINGS = (
    "crontab/fields.py",
    "crontab/instants.py",
    "systemd/calendar_event.py",
    "systemd/calendar_instants.py",
)
ALLOWED = (
    "scheduler.importing.crontab.dialect",
    "scheduler.importing.crontab.fields",
    "scheduler.importing.systemd.calendar_event",
)


@pytest.mark.parametrize("reading", READINGS)
def test_a_reading_of_the_source_imports_no_schedule(reading: str) -> None:
    """It is made of the standard library and of other readings alone."""
    tree = ast.parse((FOLDER / reading).read_text("utf-8"))
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    ours = {name for name in found if name.split(".")[0] in ("scheduler", "eventstore", "projections", "cli")}
    assert ours <= set(ALLOWED)


@pytest.mark.parametrize("package", ["croniter", "cronsim"])
def test_no_library_for_cron_is_asked(package: str) -> None:
    """The schedules ask one, and would be wrong together with it."""
    for reading in READINGS:
        assert package not in (FOLDER / reading).read_text("utf-8")
