"""The law of explanations: for every instant of a job's life they say what really happened."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation import Explainer, Explanation
from scheduler.explanation.facts import ClockStep, ScheduleInForce, SchedulerDowntime, TakenSlots
from scheduler.ledger.past import Past
from tests.scheduler.explanation.chronicle import Chronicle, write
from tests.support.lives import live_through, live_wildly, wish_unwatched
from tests.support.world import BEGIN, World

SEGMENT_ENTRIES = 512
INSTANTS_PER_JOB = 40


def instants_of(rng: random.Random, job: Chronicle, now: datetime) -> list[datetime]:
    """Instants to ask about: those that are on record, any second, those at which something changed, the future."""
    life = int((now - BEGIN).total_seconds())
    changes = [stretch.begin.replace(microsecond=0) for stretch in job.stretches if stretch.begin]
    on_record = [*job.ticks, *job.misfires, *job.settled]
    asked = [BEGIN + timedelta(seconds=rng.randrange(-3_600, life + 90_000)) for _ in range(INSTANTS_PER_JOB)]
    asked += rng.sample(on_record, min(len(on_record), INSTANTS_PER_JOB))
    asked += [
        change + timedelta(seconds=rng.randrange(3)) for change in rng.sample(changes, min(len(changes), 9))
    ]
    asked += rng.sample(list(job.misfires), min(len(job.misfires), 9))
    return asked


def really(job: Chronicle, ends: dict[int, Entry], instant: datetime, *, on_demand: bool) -> set[str]:
    """The verdicts that are true of an instant.

    Args:
        job: what happened to the job; ends: how its runs ended.
        instant: the instant.
        on_demand: whether the definition in force then had no schedule: then the job has no instants, enabled or not.
    """
    if instant in job.ticks:
        end = ends.get(job.ticks[instant])
        if end is None:
            return {"running", "waiting"}
        return {"ran"} if end.type == v.RunFinished.TYPE else {"skipped"}
    if instant in job.settled:
        return {"settled"}
    if instant in job.misfires:
        return {"missed"}
    stretch = job.status_at(instant)
    if stretch.status == "disabled" and on_demand:
        return {"not_due"}
    if stretch.status != "in_force":
        return {stretch.status}
    return {"not_due", "upcoming", "pending"}


def check(answer: Explanation, job: Chronicle, ends: dict[int, Entry], entries: list[Entry]) -> None:
    """The verdict is true, and what it rests on are entries that say so."""
    instant = answer.instant
    on_demand = False
    for fact in answer.facts:
        if isinstance(fact, ScheduleInForce):
            on_demand = v.payload(entries[fact.entries[0]]).definition.on_demand
            assert fact.on_demand == on_demand
    found = really(job, ends, instant, on_demand=on_demand)
    assert answer.verdict in found, (answer, job.status_at(instant))
    for fact in answer.facts:
        if isinstance(fact, SchedulerDowntime):
            assert fact.since is None or (fact.since <= instant) != fact.later, answer
            assert not fact.later or entries[fact.entries[0]].time > instant, answer
            assert fact.until is None or instant <= fact.until, answer
        elif isinstance(fact, ClockStep):
            assert min(fact.before, fact.after) <= instant <= max(fact.before, fact.after), answer
    holders = {run for fact in answer.facts if isinstance(fact, TakenSlots) for run in fact.runs}
    for seq in answer.entries:
        own = entries[seq].job in (answer.job, None) or entries[seq].actor == v.SCHEDULER
        assert own or seq in holders, (answer, seq)
    if instant in job.ticks:
        assert job.ticks[instant] in answer.entries
        end = ends.get(job.ticks[instant])
        assert end is None or end.seq in answer.entries
    elif instant in job.settled:
        assert job.settled[instant] in answer.entries
    elif instant in job.misfires:
        assert job.misfires[instant] in answer.entries
    elif answer.verdict in ("disabled", "removed"):
        stretch = job.status_at(instant)
        assert stretch.seq in answer.entries, (answer, stretch)


def lives(world: World, seed: int, folder: Path) -> int:
    """Ask about a simulated history; how many answers were checked."""
    rng = random.Random(seed)
    entries = world.entries()
    chronicles, ends = write(entries)
    now = world.clock.wall
    checked = 0
    for name in chronicles:
        past = Past(world.machine.store.peer(), folder / str(seed), SEGMENT_ENTRIES)
        explainer = Explainer(past, name, now, serving=True)
        chronicle = chronicles[name]
        for instant in instants_of(rng, chronicle, now):
            answer = explainer.explain(instant)
            check(answer, chronicle, ends, entries)
            if answer.verdict in ("not_due", "upcoming", "pending"):
                after = instant > now
                assert (answer.verdict == "not_due") or after, answer
            checked += 1
    return checked


@pytest.fixture
def told(seeds: range, hunt: bool) -> range:
    """The lives that are asked about: three in a normal run."""
    return seeds if hunt else seeds[:3]


@pytest.mark.long
def test_every_answer_is_what_really_happened(told: range, tmp_path: Path) -> None:
    """Crashes, clock steps, suspends, people and edits: each answer agrees with an account made without the fold."""
    checked = sum(lives(live_through(seed=seed, jobs=6, days=45), seed, tmp_path) for seed in told)
    assert checked > len(told) * 200


@pytest.mark.long
def test_the_same_where_people_meddle_while_nobody_watches(told: range, tmp_path: Path) -> None:
    """Schedules that are replaced, switched off and removed behind a dead scheduler's back are told as such."""
    checked = sum(lives(live_wildly(seed), seed, tmp_path) for seed in told)
    assert checked > len(told) * 100


@pytest.mark.long
def test_the_same_where_people_settle_reopen_and_backfill(told: range, tmp_path: Path, hunt: bool) -> None:
    """What a person settled, opened again or had run later is told as such, and by which entry."""
    asked = told if hunt else told[1:2]
    checked = sum(lives(live_wildly(seed, wish_unwatched), seed, tmp_path) for seed in asked)
    assert checked > len(asked) * 100
