"""A job with calendars: what the commands say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call
from tests.support.home import make_home

TOMORROW = datetime.now(UTC).date() + timedelta(days=1)
CONFIG = f"""\
calendars:
  days-off: {{dates: [{TOMORROW}]}}
jobs:
  report:
    command: echo done
    schedule: "0 2,3 * * *"
    calendars: {{except: days-off}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one job, whose ledger is there; a person's run asks no calendar."""
    home = make_home(tmp_path, CONFIG)
    assert call("jobs", "run", "report", home=home.root).code == 0
    return home


def test_shown_next_and_why_know_the_days(home: Home) -> None:
    """What comes is what is left; the question about an excluded instant names the calendar."""
    shown = call("jobs", "show", "report", home=home.root).out
    assert "except days-off" in shown
    assert "not on days-off" in shown
    coming = call("jobs", "next", "report", "-n", "4", "--json", home=home.root).document
    assert str(TOMORROW) not in {each["scheduled_for"][:10] for each in coming}
    days = call("jobs", "next", "--calendar", "--utc", "--json", home=home.root).document["days"]
    assert f"{TOMORROW}T02:00" not in str(days)
    told = call("jobs", "why", "report", "--at", f"{TOMORROW} 02:00", home=home.root).out
    assert "its calendars exclude that day" in told
    assert f"{TOMORROW} is in calendar days-off" in told


def test_the_entries_can_be_asked(home: Home) -> None:
    """`calendar.defined` stands before the job that names its digest."""
    rows = call("sql", "select type, data from events order by seq", "--json", home=home.root).document
    types = [row["type"] for row in rows]
    assert types.index("calendar.defined") < types.index("job.defined")


def test_a_config_whose_calendars_leave_no_day_is_remarked_on(home: Home) -> None:
    """It is legal, and nothing will run."""
    past = "  past: {dates: 2020-01-01}\njobs:"
    config = CONFIG.replace("{except: days-off}", "{only: past}").replace("jobs:", past)
    home.config.write_text(config, encoding="utf-8")
    told = call("check", home=home.root)
    assert "leave no day" in told.out + told.err
