"""A ledger that was restored and goes on: what it tells of new entries is no repetition of what was told before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from tests.support.told_home import ToldHome

CONFIG = "channels: {mail: {email: ops@example.org}}\njobs: {}\n"


@pytest.fixture
def told(tmp_path: Path) -> ToldHome:
    """A home with a job whose failures are told."""
    home = ToldHome(tmp_path / "home", CONFIG)
    home.writer.serve()
    notify = Notify(channels=("mail",))
    home.writer.define("plain", JobDefinition(name="plain", command="x", every="1h", notify=notify))
    return home


def test_news_of_a_restored_ledger_have_other_ids(told: ToldHome, tmp_path: Path) -> None:
    """A receiver that keeps the ids takes them for what they are, though the numbers of the entries are the same."""
    backup = tmp_path / "backup"
    shutil.copytree(told.home.ledger, backup)
    told.fail("plain")
    told.turn()
    told.kill()
    told.writer.close()
    shutil.rmtree(told.home.ledger)
    shutil.copytree(backup, told.home.ledger)
    again = ToldHome(told.home.root, CONFIG)
    again.writer.now = told.writer.now
    again.fail("plain")
    again.turn()
    (before,), (after,) = told.receivers.taken, again.receivers.taken
    assert before.notices[0].seq == after.notices[0].seq
    assert before.id != after.id
    (sent,) = again.records()
    assert isinstance(sent, v.NotificationSent)
    assert sent.message == after.id
