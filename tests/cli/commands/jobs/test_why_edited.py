"""`jobs why` where the config has an edit of the job that nothing has recorded yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.support import past as made_up
from tests.support.command import call
from tests.support.home import make_home, write_config

EDITS = {
    "another schedule": "jobs:\n  hourly: {schedule: 17 3 1 1 *, command: 'true'}\n",
    "switched off": "jobs:\n  hourly: {schedule: 0 * * * *, command: 'true', enabled: false}\n",
    "taken out": "jobs: {}\n",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A job of every hour that was defined ten hours ago, and that nothing has watched since."""
    begin = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) - timedelta(hours=10)
    past = made_up.Past()
    past.defined(begin, JobDefinition(name="hourly", command="true", schedule="0 * * * *", catch_up="all"))
    home = make_home(tmp_path / "home", None)
    past.record(home)
    return home


def test_where_nothing_was_edited_it_is_told_what_a_scheduler_makes_of_it(home: Home) -> None:
    """It catches up what was missed."""
    write_config(home.root, "jobs:\n  hourly: {schedule: 0 * * * *, command: 'true', catch_up: all}\n")
    said = call("jobs", "why", "hourly", home=home.root).out
    assert "A scheduler that starts now catches it up." in said
    assert "not on record" not in said


@pytest.mark.parametrize("edit", EDITS)
def test_what_an_edit_decides_is_not_told_as_if_there_were_none(home: Home, edit: str) -> None:
    """Neither of what was missed, nor of what comes; what comes next is as `jobs next` has it."""
    write_config(home.root, EDITS[edit])
    answer = call("jobs", "why", "hourly", home=home.root)
    assert answer.code == 0
    assert "The config has an edit of it that is not on record yet: `cronledger plan` shows it." in answer.out
    assert "is for an edit of the config to say" in answer.out
    assert "catches it up" not in answer.out
    document = call("jobs", "why", "hourly", "--json", home=home.root).document
    (fact,) = [each for each in document["answers"][0]["facts"] if each["kind"] == "to_come"]
    assert (document["answers"][0]["verdict"], fact["edited"], fact["caught_up"]) == ("pending", True, None)
    coming = call("jobs", "next", "--json", home=home.root).document
    expected = next((each["scheduled_for"] for each in coming if each["job"] == "hourly"), None)
    assert document["next_run"] == expected
    if edit == "taken out":
        assert (
            "What comes next: nothing; it was removed from the config, which is not on record yet."
            in answer.out
        )
