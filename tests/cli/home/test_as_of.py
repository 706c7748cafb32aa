"""`--as-of`: the answers of then."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from cli.home.as_of import moment_as_of
from eventstore.ledger_reader import LedgerReader
from scheduler.home import Home
from tests.support.command import Answer, call, process
from tests.support.home import flip_a_bit, make_home
from tests.support.simulated_home import home_of, story

DISABLED, ENABLED, EDITED = "2025-03-29T00:00:00Z", "2025-03-29T12:00:00Z", "2025-04-03T00:00:00Z"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A week in the life of a job, long ago."""
    return home_of(story(), tmp_path_factory.mktemp("story"))


def listed(home: Home, as_of: str) -> dict[str, object]:
    """The job as `jobs list` had it then."""
    (job,) = call("jobs", "list", "--json", "--as-of", as_of, home=home.root).document
    assert isinstance(job, dict)
    return job


def test_the_list_of_then(home: Home) -> None:
    """Enabled or not, last and next run, and the schedule are those of that moment."""
    then, later, edited = (listed(home, as_of) for as_of in (DISABLED, ENABLED, EDITED))
    assert (then["enabled"], later["enabled"]) == (False, True)
    assert (then["next_run"], later["next_run"]) == (None, "2025-03-30T01:00:00Z")
    assert (later["schedule"], edited["schedule"]) == ("30 2 * * *", "45 3 * * *")
    assert (then["last_run"] or {})["run"] == 4  # type: ignore[index]


def test_every_entry_is_a_moment(home: Home) -> None:
    """Right after each entry the list is what the fold up to it says, and it never knows what came later."""
    with LedgerReader.open(home.ledger) as journal:
        entries = list(journal.read(0))
    for entry in entries:
        jobs = call("jobs", "list", "--json", "--as-of", str(entry.seq), home=home.root).document
        assert len(jobs) == (entry.seq >= 2)
        for job in jobs:
            assert job["switched"]["entry"] <= entry.seq
            assert job["last_run"] is None or job["last_run"]["run"] < entry.seq
            assert job["next_run"] is None or datetime.fromisoformat(job["next_run"]) > entry.time


def test_distances_are_from_that_moment(home: Home) -> None:
    """`3 h ago` and `in 5 min` are told as they would have been then."""
    shown = call("jobs", "show", "nightly", "--as-of", ENABLED, home=home.root)
    assert "last run:  2025-03-28 02:30:00 +01:00 (1 d 10 h ago), succeeded in 5 min, run 4" in shown.out
    assert "next run:  2025-03-30 03:00:00 +02:00 (in 13 h)" in shown.out
    assert "after entry 8." in shown.err


def test_recent_runs_and_configuration_of_then(home: Home) -> None:
    """No run and no value of a later day is shown, and every value is from the ledger."""
    document = call("jobs", "show", "nightly", "--json", "--as-of", ENABLED, home=home.root).document
    assert [run["run"] for run in document["recent_runs"]] == [4]
    assert {setting["origin"] for setting in document["configuration"]} == {"ledger"}


def test_the_next_runs_of_then(home: Home) -> None:
    """They are computed from that moment, by the schedule and in the zone of then."""
    document = call(
        "jobs", "next", "--count", "2", "--json", "--as-of", "2025-03-29T12:00Z", home=home.root
    ).document
    assert [item["scheduled_for"] for item in document] == ["2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z"]


def test_an_edit_that_is_not_recorded_does_not_reach_the_past(tmp_path: Path) -> None:
    """The config as it stands is not asked."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "nightly", home=home.root).code == 0
    home.config.write_text("jobs:\n  another:\n    command: 'true'\n    every: 5m\n")
    seq = moment_as_of(home, "now").seq
    names = [
        job["name"] for job in call("jobs", "list", "--json", "--as-of", str(seq), home=home.root).document
    ]
    assert names == ["nightly", "ticker"]


def test_a_time_is_the_last_entry_made_by_then(home: Home) -> None:
    """A number is an entry; a time is the last entry recorded at or before it."""
    assert moment_as_of(home, "8").seq == moment_as_of(home, ENABLED).seq == 8
    assert moment_as_of(home, "2025-03-29T09:00:00Z").seq == 8
    assert moment_as_of(home, "2025-03-29T08:59:59Z").seq == 7
    assert moment_as_of(home, ENABLED).time == datetime(2025, 3, 29, 12, tzinfo=UTC)
    assert moment_as_of(home, "8").time == datetime(2025, 3, 29, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("999", "there is no entry 999 yet: the last one is 30"),
        ("2020-01-01", "is before the ledger: it begins at"),
        ("+1h", "is still to come"),
        ("teatime", "is not a time"),
    ],
)
def test_what_is_no_moment_of_the_ledger_is_refused(home: Home, text: str, said: str) -> None:
    """Neither the future, nor what was before the ledger, nor what is no time at all."""
    answer = call("jobs", "list", "--as-of", text, home=home.root)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    with pytest.raises(click.BadParameter):
        moment_as_of(home, text)


@pytest.mark.parametrize("command", [["list"], ["show", "nightly"], ["next"]])
def test_a_damaged_ledger_is_not_answered_from(tmp_path: Path, command: list[str]) -> None:
    """The past of a ledger that cannot be trusted is not shown."""
    home = home_of(story(), tmp_path)
    flip_a_bit(home)
    answer: Answer = process("jobs", *command, "--as-of", "25", home=home.root)
    assert answer.code == 3
    assert "Traceback" not in answer.err


def test_without_a_ledger_there_is_no_past(tmp_path: Path) -> None:
    """A home that has recorded nothing says so."""
    answer = call("jobs", "list", "--as-of", "0", home=make_home(tmp_path).root)
    assert answer.code == 3
    assert "there is no ledger here" in answer.err


def test_a_job_of_a_later_day_is_not_known_then(home: Home) -> None:
    """Before it was defined, the job is not there to be shown."""
    assert call("jobs", "show", "nightly", "--as-of", "1", home=home.root).code == 2
