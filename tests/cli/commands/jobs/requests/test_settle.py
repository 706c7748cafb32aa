"""`jobs settle` as people use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from tests.support.command import call
from tests.support.home import LiveHome, entries_of

CONFIG = """\
jobs:
  often: {command: "true", every: 1m}
  asked: {command: "true", on_demand: true}
"""


@pytest.fixture
def live(tmp_path: Path) -> LiveHome:
    """A home that was defined just now, and no scheduler."""
    live = LiveHome(tmp_path)
    live.configure(CONFIG)
    assert live.ask("jobs", "disable", "often").code == 0
    assert live.ask("jobs", "enable", "often").code == 0
    return live


def test_a_time_to_come_is_told_and_opened_again(live: LiveHome) -> None:
    """Status, list, show and why tell it."""
    done = live.ask("jobs", "settle", "often", "--until", "2099-01-01", "--reason", "moved")
    assert done.code == 0
    assert done.out.startswith("often settled up to 2099-01-01 00:00:00 UTC: ")
    (entry,) = live.entries("schedule.settled")
    assert v.payload(entry).reason == "moved"
    (told,) = live.ask("status", "--json").document["settled"]
    assert (told["job"], told["entry"]) == ("often", entry.seq)
    assert live.ask("status", "--json").document["settled_until"] is None, "the clock was right"
    for command in (["status"], ["jobs", "list"], ["jobs", "show", "often"], ["jobs", "why", "often"]):
        assert "settled" in live.ask(*command).out
    assert live.ask("jobs", "show", "often").out.count("settled") == 1
    assert call("jobs", "settle", "often", "--until", "2098-01-01", "--reason", "x", home=live.root).code == 1
    done = live.ask("jobs", "settle", "often", "--reopen", "--reason", "it stays")
    assert (done.code, done.out) == (0, "often reopened from now on\n")
    assert live.ask("status", "--json").document["settled"] == []
    assert call("jobs", "settle", "often", "--reopen", "--reason", "x", home=live.root).code == 1
    assert live.ask("ledger", "verify").code == 0


def test_a_moment_before_the_next_time_holds_for_edits_alone_and_says_so(live: LiveHome) -> None:
    """One far ahead has no time in the next days; one that an edit puts there does not run."""
    live.configure(CONFIG + "  far: {command: 'true', at: '2099-06-01T00:00:00Z'}\n")
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    done = live.ask("jobs", "settle", "far", "--until", until, "--reason", "x")
    assert (done.code, "0 times without a run" in done.out) == (0, True)
    assert "By its schedule it has none until then" in done.err
    again = live.ask("jobs", "settle", "far", "--until", until, "--reason", "x")
    assert (again.code, "are settled already" in again.err) == (1, True)
    live.configure(CONFIG + "  far: {command: 'true', every: 1m}\n")
    assert live.ask("jobs", "next", "far", "--json").document[0]["scheduled_for"] >= until[:10]


@pytest.mark.parametrize(("options", "message"), [
    (["often", "--reason", "x"], "give --until TIME, or --reopen"),
    (["often", "--until", "now", "--reopen", "--reason", "x"], "give --until TIME, or --reopen"),
    (["often", "--until", "now"], "say why with --reason TEXT"),
    (["often", "--until", "soon", "--reason", "x"], "'soon' is not a time: write 1h, 2d or 4w, today or tomorrow,"),
    (["asked", "--until", "now", "--reason", "x"], "asked has no schedule with times"),
])  # fmt: skip
def test_what_cannot_be_done_is_refused_with_a_sentence(
    live: LiveHome, options: list[str], message: str
) -> None:
    """And nothing is recorded."""
    before = len(entries_of(live.root))
    answer = call("jobs", "settle", *options, home=live.root)
    assert (answer.code, message in answer.err) == (2, True), answer
    assert len(entries_of(live.root)) == before
