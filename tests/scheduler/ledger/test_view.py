"""A home as a reader sees it: what is there, what is missing, and at which moments of the past it can be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventstore.errors import NoLedger
from scheduler import vocabulary as v
from scheduler.configuration.reading.current_config import config_is_in_force, config_is_judged
from scheduler.home import Home, NoHome
from scheduler.ledger.view import (
    BeforeLedger,
    Moment,
    NoSuchEntry,
    moment_at,
    past_view,
    view_of,
)
from scheduler.scheduler_lock import Holder, SchedulerLock
from tests.support.ledger import START, Writer

CONFIG = "jobs:\n  nightly:\n    command: 'true'\n    schedule: '0 2 * * *'\n"


def with_config(root: Path) -> Home:
    """A home that has a config and no ledger."""
    home = Home(root)
    home.config.parent.mkdir(parents=True)
    home.config.write_text(CONFIG)
    return home


def test_a_folder_without_ledger_and_config_is_no_home(tmp_path: Path) -> None:
    """It is said which folder that is, and nothing is made there."""
    with pytest.raises(NoHome) as problem:
        view_of(Home(tmp_path))
    assert problem.value.root == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_config_alone_is_shown_as_it_would_be_recorded(tmp_path: Path) -> None:
    """Its jobs are in the state, and it is pending: no ledger knows it."""
    view = view_of(with_config(tmp_path))
    assert list(view.state.jobs) == ["nightly"]
    assert (view.ledger, view.config_state, view.scheduler_state) == (None, "pending", "never started")
    assert not (tmp_path / "var").exists()


def test_a_config_is_judged_once_its_digest_is_on_record(tmp_path: Path) -> None:
    """In force: accepted and not rejected since. A config that is gone waits for no judgement."""
    home = with_config(tmp_path)
    state = view_of(home).state
    assert config_is_in_force(home, state)
    assert config_is_judged(home, state)
    home.config.write_text(CONFIG + "\n")
    assert not config_is_in_force(home, state)
    assert not config_is_judged(home, state)
    home.config.unlink()
    assert not config_is_in_force(home, state)
    assert config_is_judged(home, state)


def test_slots_are_full_only_for_a_scheduler_that_would_give_one(tmp_path: Path) -> None:
    """Not while it is paused, nor once it is gone: then the runs wait for that and not for a slot."""
    writer = Writer(tmp_path)
    writer.define("hung")
    writer.define("owed")
    writer.serve()
    writer.start("hung", writer.tick("hung"))
    writer.tick("owed")
    lock = SchedulerLock.take(writer.home.scheduler_lock, Holder(1, "web1", START))
    view = view_of(writer.home)
    assert view.full_slots is not None
    assert [run.job for run in view.full_slots.holders] == ["hung"]
    writer.record(v.SchedulerPaused(reason="no space"))
    assert view_of(writer.home).full_slots is None
    writer.record(v.SchedulerResumed(paused_ms=1))
    assert view_of(writer.home).full_slots is not None
    lock.release()
    assert view_of(writer.home).full_slots is None
    writer.close()


def test_a_clock_that_is_behind_the_ledger_is_seen(tmp_path: Path) -> None:
    """Where an entry is of a time that is still to come, by how much."""
    writer = Writer(tmp_path, now=datetime.now(UTC) + timedelta(hours=1))
    writer.define("nightly")
    behind = view_of(writer.home).clock_behind
    assert behind is not None
    assert timedelta(minutes=50) < behind < timedelta(hours=2)
    writer.now = datetime.now(UTC) - timedelta(hours=1)
    writer.define("later")
    assert view_of(writer.home).clock_behind is None
    writer.close()


def test_the_past_is_seen_from_the_ledger_alone(tmp_path: Path) -> None:
    """After an entry, or at a time: what was recorded by then, at that moment, with the scheduler of then."""
    writer = Writer(tmp_path)
    writer.define("nightly")
    writer.serve()
    served_at = writer.now
    writer.define("later")
    writer.close()
    for when, seq in ((1, 1), (2, 2), (served_at + timedelta(milliseconds=1), 2)):
        view = past_view(writer.home, when)
        assert view.ledger is not None
        view.ledger.store.close()
        assert (view.as_of, list(view.state.jobs)) == (seq, ["nightly"])
        assert view.scheduler_state == ("running" if seq == 2 else "never started")
    assert moment_at(writer.home, 2) == Moment(2, served_at)


def test_moments_that_the_ledger_does_not_know(tmp_path: Path) -> None:
    """An entry that is not there, a time before the first entry, and a ledger that is not there."""
    with pytest.raises(NoLedger):
        moment_at(Home(tmp_path / "empty"), 0)
    writer = Writer(tmp_path)
    writer.close()
    for seq in (-1, 1):
        with pytest.raises(NoSuchEntry) as unknown:
            moment_at(writer.home, seq)
        assert (unknown.value.seq, unknown.value.last_seq) == (seq, 0)
    with pytest.raises(BeforeLedger) as early:
        past_view(writer.home, datetime(2000, 1, 1, tzinfo=UTC))
    assert early.value.begin == START
