"""A config that names a database while the home has a ledger of its own: a mistake wherever it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import call, process
from tests.support.home import CONFIG, entries_of, make_home, write_config
from tests.support.served import Served

STORE = "postgresql://ledger@db.invalid/cronledger"
ELSEWHERE = f"{CONFIG}# a comment: store is elsewhere\nledger:\n  store: {STORE}\n"
SAID = f"the config says that the ledger is in {STORE}, and this home has a ledger of its own"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a ledger of its own, whose config says something else."""
    home = make_home(tmp_path / "home")
    assert call("jobs", "disable", "nightly", home=home.root).code == 0
    write_config(home.root, ELSEWHERE)
    return home


@pytest.mark.parametrize("command", [["check"], ["check", "--json"], ["plan"]], ids=" ".join)
def test_it_is_told_with_its_place_before_it_is_in_force(home: Home, command: list[str]) -> None:
    """With exit code 2; the line is not quoted, since many an address is written with its password."""
    answer = call(*command, home=home.root)
    assert answer.code == 2
    assert SAID in answer.out + answer.err
    if "--json" in command:
        (mistake,) = answer.document["errors"]
        assert (mistake["line"], mistake["column"], mistake["key"]) == (
            ELSEWHERE.count("\n"),
            3,
            "ledger.store",
        )
    else:
        assert f":{ELSEWHERE.count(chr(10))}:3: error: " in answer.err


def test_a_file_that_was_named_is_judged_as_if_it_stood_there(home: Home, tmp_path: Path) -> None:
    """Before anybody puts it in place."""
    write_config(home.root, CONFIG)
    other = tmp_path / "other.yaml"
    other.write_text(ELSEWHERE)
    answer = call("check", str(other), home=home.root)
    assert (answer.code, SAID in answer.err) == (2, True)
    assert call("check", home=home.root).code == 0


def test_status_and_upgrade_say_that_it_is_not_used(home: Home) -> None:
    """No scheduler serves."""
    assert SAID in call("status", home=home.root).out
    assert "refuses it" in call("upgrade", "--check", home=home.root).out


def test_nothing_is_recorded_where_no_scheduler_serves(home: Home) -> None:
    """Which ledger is meant, a person has to say: a copy of before a move would run the jobs beside the others."""
    before = len(entries_of(home.root))
    for command in (["serve"], ["jobs", "enable", "nightly"], ["jobs", "run", "ticker"]):
        answer = process(*command, home=home.root)
        assert (answer.code, SAID in answer.err) == (2, True), command
    assert len(entries_of(home.root)) == before


@pytest.mark.real
def test_an_edit_of_that_kind_is_rejected_by_a_scheduler_that_serves(tmp_path: Path) -> None:
    """The last good config stays in force, and whoever stops a run is heard."""
    write_config(tmp_path, CONFIG)
    with Served(tmp_path) as served:
        write_config(tmp_path, ELSEWHERE)
        rejected = v.payload(served.wait_for(v.ConfigRejected))
        assert (rejected.errors[0].key, SAID in rejected.errors[0].message) == ("ledger.store", True)
        assert call("jobs", "disable", "nightly", home=tmp_path).code == 0
        write_config(tmp_path, CONFIG.replace("5m", "6m"))
        served.wait_for(v.ConfigAccepted, lambda entry: entry.seq > served.wait_for(v.ConfigRejected).seq)
