"""What must be true of a home after a rough life of its scheduler and a clean one, whatever went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from eventstore.store import Entry
from eventstore.verify import verify
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.processes import live_attempts
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.audit import audit
from tests.support.home import entries_of
from tests.support.scripted_serve import HandClock, Life, Told, lived

PAUSE_S = 5.0
"""So long nobody serves between the two."""


def check_end(told: Told) -> None:
    """However it ended, people were told, in sentences."""
    assert "Traceback" not in told.said, told.said
    assert "Exception ignored" not in told.said, told.said
    assert told.code in (0, 1, 2, 3, 75), told
    if told.code:
        assert "error: " in told.said, told
    else:
        assert told.asked_to_stop, "it left by itself"


def check_home(root: Path, told: Told, prepare: Callable[[], None] = lambda: None) -> None:
    """Nothing acknowledged is lost, each instant and each run has its one end, and nothing still runs."""
    before = entries_of(root)
    if told.code == 0:
        assert before[-1].type == v.SchedulerStopped.TYPE
    second = lived(Life(root, HandClock(told.ahead_s + PAUSE_S)), prepare)
    check_end(second)
    assert second.code == 0, second
    entries = entries_of(root)
    assert entries[: len(before)] == before
    known = {entry.hash for entry in entries}
    assert known.issuperset(told.acknowledged + second.acknowledged), "what was acknowledged is there"
    report = verify(Home(root).ledger, workers=1)
    assert report.ok, report
    assert list(illegal_entries(entries)) == []
    ticks = (v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE)
    ticked = (entry.time for entry in entries if entry.type in ticks)
    audit(entries, max(ticked, default=datetime.min.replace(tzinfo=UTC)))
    _check_runs(root, entries)


def _check_runs(root: Path, entries: Sequence[Entry]) -> None:
    started = {entry.run for entry in entries if entry.type == v.RunStarted.TYPE}
    ended = {entry.run: v.payload(entry) for entry in entries if entry.type == v.RunFinished.TYPE}
    assert started == set(ended), "a run has no end"
    done = root / "done"
    did = Counter(map(int, done.read_text().split())) if done.exists() else Counter()
    assert set(did.values()) <= {1}, "a run was started twice"
    assert set(did) <= started, "what ran is on record"
    job_of = {entry.run: entry.job for entry in entries if entry.type == v.RunStarted.TYPE}
    for run, end in ended.items():
        if end.outcome == "succeeded":
            assert run in did, f"run {run} is called a success and never ran"
        if run in did:
            assert end.outcome != "failed", f"run {run} of {job_of[run]} ran: {end}"
    created = v.payload(entries[0])
    assert list(live_attempts(created.ledger)) == [], "something still runs"
