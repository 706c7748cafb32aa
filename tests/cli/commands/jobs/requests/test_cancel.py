from __future__ import annotations

from pathlib import Path

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import call
from tests.support.home import entries_of, make_home, record


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home in which two runs of ticker wait for a scheduler."""
    home = make_home(tmp_path)
    assert call("jobs", "enable", "nightly", home=home.root).code == 0
    requested = v.event(v.RunRequested(executor="scheduler"), "user:ann@web1", job="ticker", run=OWN_SEQ)
    record(home, requested, requested)
    return home


def _cancelled(home: Home) -> list[int | None]:
    return [entry.run for entry in entries_of(home.root) if entry.type == v.RunCancelRequested.TYPE]


def test_of_several_runs_one_is_chosen(home: Home) -> None:
    """The name of a job with several runs cancels none: each is told, with how far it is."""
    first, second = (entry.seq for entry in entries_of(home.root) if entry.type == v.RunRequested.TYPE)
    answer = call("jobs", "cancel", "ticker", home=home.root)
    assert answer.code == 2
    assert (
        f"run {first} (waiting to start), run {second} (waiting behind run {first}); nothing was cancelled"
        in answer.err
    )
    assert f"`cronledger jobs cancel {first}` stops one of them, --all stops all." in answer.err
    assert _cancelled(home) == []
    assert call("jobs", "cancel", str(second), home=home.root).code == 0
    assert call("jobs", "cancel", "ticker", home=home.root).code == 0
    assert _cancelled(home) == [second, first]
    assert call("jobs", "cancel", "ticker", home=home.root).code == 1


def test_all_runs_of_a_job_are_cancelled_together(home: Home) -> None:
    """`--all` goes with a name only."""
    (first, second) = (entry.seq for entry in entries_of(home.root) if entry.type == v.RunRequested.TYPE)
    answer = call("jobs", "cancel", str(first), "--all", home=home.root)
    assert (answer.code, "--all goes with the name of a job" in answer.err) == (2, True)
    answer = call("jobs", "cancel", "ticker", "--all", "--reason", "wrong day", home=home.root)
    assert answer.out.count("is cancelled; it had not started") == 2
    assert _cancelled(home) == [first, second]
