"""Breaches are what the entries say, each told once, however rough the life of the scheduler was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.expectation_audit import breaches, told
from tests.support.expectation_lives import live_expected

SOON = timedelta(milliseconds=1)


def check(seed: int, days: float) -> int:
    """What was told of a life is what there was; how many breaches that were."""
    world = live_expected(seed, days)
    entries = world.entries()
    assert not list(illegal_entries(entries))
    expected = breaches(entries, world.clock.wall)
    assert sorted(told(entries), key=str) == sorted(expected, key=str)
    assert_prompt(entries)
    return len(expected)


def assert_prompt(entries: Sequence[Entry]) -> None:
    """While a scheduler looks, a breach is told when it begins: what was told late, nobody could have told before."""
    looked_anew = (v.SchedulerStarted.TYPE, v.ClockStepped.TYPE)
    since = entries[0].time
    for entry in entries:
        if entry.type in looked_anew:
            since = entry.time
        data = v.payload(entry)
        if isinstance(data, v.ExpectationBreached) and entry.time - data.since > SOON:
            assert data.since <= since, f"entry {entry.seq} could have been recorded at {data.since}"


def test_what_is_told_is_what_there_was(seeds: range) -> None:
    """Crashes, outages, suspends, edits and pauses: each breach is told once, from when to when it really was."""
    assert sum(check(seed, 1.5) for seed in seeds) > 50 * len(seeds)
