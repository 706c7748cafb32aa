"""`status` and `serve` say when the software was replaced under a running scheduler."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cli.words.scheduler_words import upgraded_words
from scheduler import vocabulary as v
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.version import ReplacedPart, versions
from tests.support.command import call
from tests.support.home import make_home, record


def started_with(root: Path, **other: str) -> Path:
    """A home whose scheduler recorded that it runs by other versions."""
    home = make_home(root)
    started = v.SchedulerStarted(pid=1, host="web", boot_id="b", versions={**versions(), **other})
    record(home, v.event(started, v.SCHEDULER))
    return root


def test_a_scheduler_that_runs_by_older_zone_data_is_told_of(tmp_path: Path) -> None:
    """As long as it runs: the next one uses what is installed."""
    root = started_with(tmp_path, tzdata="1999.1")
    lock = SchedulerLock.take(make_lock(root), Holder(1, "web", datetime.now(UTC)))
    try:
        told = call("status", home=root).out
        assert "1999.1" in told
        replaced = call("status", "--json", home=root).document["scheduler"]["replaced"]
        assert replaced == [{"name": "tzdata", "used": "1999.1", "installed": versions()["tzdata"]}]
    finally:
        lock.release()
    assert "1999.1" not in call("status", home=root).out
    assert call("status", "--json", home=root).document["scheduler"]["replaced"] == []


def test_a_scheduler_that_runs_by_what_is_installed_says_nothing(tmp_path: Path) -> None:
    """The usual case."""
    root = started_with(tmp_path)
    lock = SchedulerLock.take(make_lock(root), Holder(1, "web", datetime.now(UTC)))
    try:
        assert call("status", "--json", home=root).document["scheduler"]["replaced"] == []
    finally:
        lock.release()


def make_lock(root: Path) -> Path:
    """Where the lock of a home's scheduler is."""
    from scheduler.home import Home

    path = Home(root).scheduler_lock
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_both_versions_are_named() -> None:
    """What is installed, what is used, and until when."""
    told = upgraded_words(
        [ReplacedPart("croniter", "6.0", "7.0"), ReplacedPart("tzdata", "2026.6", "2026.7")]
    )
    assert told == (
        "installed is now croniter 7.0, tzdata 2026.7: until it is started again, the scheduler uses"
        " croniter 6.0, tzdata 2026.6"
    )
