"""A job was late at an instant by `success_every` where an auditor says so, and nowhere else."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

from scheduler import vocabulary as v
from scheduler.definition import Expect
from scheduler.explanation.lateness.late_success import late_success
from scheduler.ledger.past import Past
from tests.support.expectation_audit import Told, breaches
from tests.support.expectation_lives import NAMES, live_expected
from tests.support.world import BEGIN, Process, World, job

_ASKED = 12
HOUR = timedelta(hours=1)


def late_at(there: list[Told], name: str, instant: datetime) -> list[Told]:
    """The breaches of a job at an instant, as the auditor has them."""
    return [
        each
        for each in there
        if (each.job, each.expectation) == (name, "success_every")
        and each.since <= instant
        and (each.until is None or instant < each.until)
    ]


def check(seed: int, folder: Path) -> int:
    """Ask about instants of a life, those at the edges of breaches among them; how many were late."""
    world = live_expected(seed, 1.2)
    rng, now = random.Random(seed), world.clock.wall
    there = breaches(world.entries(), now)
    past = Past(world.machine.store.peer(), folder, 64)
    asked = [(rng.choice(NAMES), BEGIN + rng.random() * (now - BEGIN)) for _ in range(_ASKED)]
    edges = [each for each in there if each.expectation == "success_every"]
    for each in rng.sample(edges, min(_ASKED, len(edges))):
        asked += [(each.job, each.since), (each.job, each.since - timedelta(microseconds=1))]
        if each.until is not None:
            asked += [(each.job, each.until), (each.job, each.until - timedelta(microseconds=1))]
    late = 0
    for name, instant in asked:
        fact, expected = late_success(past, name, instant), late_at(there, name, instant)
        told = [] if fact is None else [(fact.limit_ms, fact.since, fact.until, fact.by)]
        assert told == [(each.limit_ms, each.since, each.until, each.by) for each in expected], (
            seed,
            name,
            instant,
        )
        if fact is not None:
            late += 1
            types = [past.entry(seq).type for seq in fact.entries]
            assert v.ExpectationBreached.TYPE in types
            assert (fact.until is not None) == (v.ExpectationMet.TYPE in types)
    return late


def test_a_job_was_late_when_an_auditor_says_so(seeds: range, hunt: bool, tmp_path: Path) -> None:
    """Through crashes, pauses and edits, also where nothing told of it by then; with the entries that tell of it."""
    some = seeds if hunt else seeds[:2]
    assert sum(check(seed, tmp_path / str(seed)) for seed in some) > 10 * len(some)


def test_what_no_entry_tells_of_is_late_all_the_same(tmp_path: Path) -> None:
    """A scheduler that was killed tells nothing, nor that a pause was over: the definition says what was expected."""
    world = World(job("calm", "0 0 1 1 *", expect=Expect(success_every_ms=7_200_000)))
    world.machine.behaviour = lambda launch: Process(1.0, 0)
    world.start()
    world.run(60)
    world.person(v.JobDisabled(until=BEGIN + 3 * HOUR), "calm")
    world.run(60)
    world.crash()
    past = Past(world.machine.store.peer(), tmp_path, 64)
    assert late_success(past, "calm", BEGIN + 4 * HOUR) is None
    fact = late_success(past, "calm", BEGIN + 9 * HOUR)
    assert fact is not None
    # An hour and 59 minutes were left when it was disabled.
    assert abs(fact.since - (BEGIN + 5 * HOUR - timedelta(minutes=1))) < timedelta(seconds=2)
    assert (fact.until, fact.entries) == (None, [world.state.jobs["calm"].defined_seq])
