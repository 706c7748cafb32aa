"""Breaches are what the entries say, each told once, however rough the life of the scheduler was."""

from __future__ import annotations

from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.expectation_audit import breaches, told
from tests.support.expectation_lives import live_expected


def check(seed: int, days: float) -> int:
    """What was told of a life is what there was; how many breaches that were."""
    world = live_expected(seed, days)
    entries = world.entries()
    assert not list(illegal_entries(entries))
    expected = breaches(entries, world.clock.wall)
    assert sorted(told(entries), key=str) == sorted(expected, key=str)
    return len(expected)


def test_what_is_told_is_what_there_was(seeds: range) -> None:
    """Crashes, outages, suspends, edits and pauses: each breach is told once, from when to when it really was."""
    assert sum(check(seed, 1.5) for seed in seeds) > 50 * len(seeds)
