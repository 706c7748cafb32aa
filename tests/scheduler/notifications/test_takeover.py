"""Another node leads from now on: what its former leader did not come to tell is told, and nothing else again."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from tests.support.nodes import elected, joined
from tests.support.told_home import ToldHome


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToldHome:
    """The home of node b, which never led; its config came into force longer ago than is looked back."""
    monkeypatch.setenv("CRONLEDGER_NODE", "b")
    home = ToldHome(tmp_path / "home", "channels: {mail: {email: ops@example.org}}\njobs: {}\n")
    notify = Notify(channels=("mail",))
    home.writer.define("plain", JobDefinition(name="plain", command="x", every="1h", notify=notify))
    home.writer.append(joined("a"), joined("b"), elected("a", 1))
    return home


def test_a_failure_of_which_the_former_leader_told_nobody_is_told(told: ToldHome) -> None:
    """That one was killed right after, and nobody was ever told anything before."""
    told.fail("plain")
    told.writer.append(elected("b", 2, "silent", former="a"))
    told.turn()
    assert told.receivers.told("mail") == [("failure",)]
    told.kill()
    told.turn()
    assert told.receivers.told("mail") == [("failure",)]


def test_what_the_former_leader_told_is_not_told_again(told: ToldHome) -> None:
    """It stands in the ledger, though not in what this home remembers."""
    run = told.fail("plain")
    (ended,) = (each for each in told.entries(v.RunFinished.TYPE) if each.run == run)
    sent = v.NotificationSent(
        channel="mail",
        kinds={"failure": 1},
        first=ended.seq,
        last=ended.seq,
        count=1,
        about=[ended.seq],
        message="0" * 32,
        tries=1,
    )
    told.writer.append(v.event(sent, v.SCHEDULER))
    told.writer.append(elected("b", 2, "silent", former="a"))
    told.turn()
    assert told.receivers.told("mail") == []
    told.fail("plain")
    told.turn()
    assert told.receivers.told("mail") == [("failure",)]
