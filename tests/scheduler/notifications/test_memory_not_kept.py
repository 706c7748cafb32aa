"""What is to be told could not be kept: people are told all the same, nothing is lost, and repetitions say so."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from eventstore.durable import write_file
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from scheduler.notifications import state_file
from tests.support.told_home import ToldHome


@pytest.fixture
def told(tmp_path: Path) -> ToldHome:
    """A home with a job whose failures are told."""
    home = ToldHome(tmp_path / "home", "channels: {mail: {email: ops@example.org}}\njobs: {}\n")
    home.writer.serve()
    notify = Notify(channels=("mail",))
    home.writer.define("plain", JobDefinition(name="plain", command="x", every="1h", notify=notify))
    return home


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_killed_while_nothing_can_be_kept_it_says_that_it_may_be_a_repetition(
    told: ToldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was kept before knows nothing of the message that was sent since; nor is it taken for the newest again."""
    told.turn()
    with monkeypatch.context() as patched:
        patched.setattr(state_file, "write_file", _full)
        told.fail("plain")
        told.receivers.hang.clear()
        for _ in range(2):
            told.follower.turn()
        assert told.follower.under_way
        told.kill()
    told.turn()
    told.fail("plain")
    told.turn(60)
    assert told.receivers.told("mail") == [("failure",)] * 3
    assert [each.repeated for each in told.receivers.taken] == [False, True, False]


def test_killed_before_it_kept_anything_nothing_is_lost_over_a_restart_of_the_scheduler(
    told: ToldHome,
) -> None:
    """What came since the edit is told: nobody can have told it, for nothing of that is recorded."""
    told.writer.record(v.ConfigAccepted(config="c", jobs=1), actor=v.CONFIG)
    told.fail("plain")
    told.home.notifications.mkdir(mode=0o700)
    told.writer.serve(pid=8)
    told.fail("plain")
    told.turn()
    assert told.receivers.told("mail") == [("failure", "failure")]


def test_what_could_not_be_kept_is_kept_once_there_is_room(
    told: ToldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any news; what is outdated goes then."""
    told.turn()
    with monkeypatch.context() as patched:
        patched.setattr(state_file, "write_file", _full)
        told.fail("plain")
        told.turn()
        assert os.listdir(told.home.notifications) == [state_file.OUTDATED_NAME]
    told.follower.turn()
    assert os.listdir(told.home.notifications) == [state_file.STATE_NAME]
    found = state_file.read_telling(told.home.notifications, told.follower.telling.ledger)
    assert found == told.follower.telling


def test_what_says_that_a_message_is_tried_is_on_disk_before_that(
    told: ToldHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power failure right after it was sent leaves nobody believing that it was not."""
    written: list[bool] = []

    def write(*arguments: object, durable: bool, beside: Path) -> None:
        written.append(durable)
        write_file(*arguments, durable=durable, beside=beside)  # type: ignore[arg-type]

    monkeypatch.setattr(state_file, "write_file", write)
    told.turn()
    assert not any(written)
    told.fail("plain")
    told.turn()
    assert written.count(True) == 1
