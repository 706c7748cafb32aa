"""The laws that `ledger verify` checks: what a scheduler records keeps them, and each is seen broken."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.audit import audit
from tests.support.lives import disturb_by_weeks, live_through
from tests.support.world import BEGIN, World, job

MINUTE = timedelta(minutes=1)


def test_whatever_a_scheduler_lives_through_it_records_nothing_illegal(seeds: range) -> None:
    """Crashes, clocks that are set, people and edits: no entry of them breaks a law."""
    for seed in seeds:
        for world in (
            live_through(seed=400 + seed, jobs=8, days=40),
            live_through(seed=400 + seed, jobs=4, days=40, disturbed=disturb_by_weeks),
        ):
            assert list(illegal_entries(world.entries())) == []


def lived() -> World:
    """A few hours of a job that runs hourly: three runs have ended."""
    world = World(job("hourly"), job("other", "30 0 1 1 *"))
    world.start()
    world.run(3 * 3_600 + 10)
    assert list(illegal_entries(world.entries())) == []
    return world


def _finished(**changes: object) -> v.RunFinished:
    members = {"trigger": "schedule", "started": BEGIN, "outcome": "succeeded", "attempt": 1, **changes}
    return v.RunFinished(**members)  # type: ignore[arg-type]


def _tick(hours: float, trigger: str = "schedule") -> v.ScheduleTicked:
    due = BEGIN + timedelta(hours=hours)
    return v.ScheduleTicked(
        scheduled_for=due,
        local_time=due.isoformat(),
        timezone="UTC",
        lateness_ms=1,
        trigger=trigger,  # type: ignore[arg-type]
    )


def _started(attempt: int = 1) -> v.RunStarted:
    return v.RunStarted(
        attempt=attempt,
        trigger="schedule",
        command_sha256="",
        host="sim",
        boot_id="b",
        executor_pid=1,
        executor_start_ticks=1,
    )


def _misfire(first: float, last: float, count: int = 1, will_run: int = 0) -> v.ScheduleMisfired:
    return v.ScheduleMisfired(
        first=BEGIN + timedelta(hours=first),
        last=BEGIN + timedelta(hours=last),
        count=count,
        policy="one",
        will_run=will_run,
    )


def _on_demand() -> tuple[v.Payload, str | None, object]:
    return v.JobDefined(definition=job("hourly", on_demand=True), revision="r", config="c"), "hourly", None


CASES = [
    ([(_finished(), "hourly", "ended")], "had ended before"),
    ([(v.RunSkipped(reason="overlap", trigger="schedule"), "hourly", "ended")], "had ended before"),
    ([(_started(), "hourly", 2)], "never owed"),
    ([(_tick(2), "hourly", -1)], "was settled before"),
    ([(_tick(2, "catch_up"), "hourly", -1)], "no misfire promised"),
    ([(_tick(4), "hourly", 3)], "bears the number"),
    ([(_tick(4), "nobody", -1)], "did not have a job nobody"),
    ([(v.JobDisabled(), "hourly", None), (_tick(4), "hourly", -1)], "was disabled then"),
    ([_on_demand(), (_tick(4), "hourly", -1)], "had no schedule then"),
    ([_on_demand(), (_misfire(4, 5), "hourly", None)], "had no schedule then"),
    ([(v.JobRemoved(config="x"), "hourly", None), (_tick(4), "hourly", -1)], "did not have a job"),
    ([(_misfire(2, 3), "hourly", None)], "was settled before"),
    ([(_misfire(5, 4), "hourly", None)], "contradict"),
    ([(_misfire(4, 5, 2, 3), "hourly", None)], "contradict"),
    ([(_tick(4), "hourly", -1), (_finished(), "hourly", "new")], "had not started"),
    (
        [(_tick(4), "hourly", -1), (_started(), "hourly", "new"), (_started(), "hourly", "new")],
        "attempt 1 of run",
    ),
    (
        [
            (_tick(4), "hourly", -1),
            (_started(), "hourly", "new"),
            (v.RunSkipped(reason="overlap", trigger="schedule"), "hourly", "new"),
        ],
        "had started",
    ),
    ([(_tick(4), "hourly", -1), (_started(), "other", "new")], "is one of hourly"),
    ([(v.RunRequested(executor="scheduler"), "nobody", -1)], "there was no job nobody"),
    ([(v.SnapshotWritten(entry=10_000, sha256="", code=""), None, None)], "not before it"),
    ([(v.LedgerCreated(ledger="x", format=1), None, None)], "created once"),
]


@pytest.mark.parametrize(("said", "why"), CASES, ids=range(len(CASES)))
def test_an_illegal_entry_is_found(said: list[tuple[v.Payload, str | None, object]], why: str) -> None:
    """The last of what is said is whole and in its place, and breaks a law; what is said before it does not."""
    world = lived()
    ended = world.entries(v.RunFinished)[-1].run
    begin = world.entries()[-1].seq + 1
    numbers = {"ended": ended, "new": begin}
    for data, name, run in said:
        number = numbers.get(str(run), run)
        world.say(lambda _, data=data, name=name, number=number: [v.event(data, "x", job=name, run=number)])  # type: ignore[misc]
    (found,) = illegal_entries(world.entries())
    assert (found.seq, found.type) == (world.entries()[-1].seq, said[-1][0].TYPE)
    assert why in found.why


@pytest.mark.parametrize(("before", "legal"), [(1, True), (0, False)])
def test_a_snapshot_speaks_of_entries_before_it(before: int, legal: bool) -> None:
    """Of the one right before it at most: its own state cannot be known yet."""
    world = lived()
    seq = world.entries()[-1].seq + 1
    said = v.event(v.SnapshotWritten(entry=seq - before, sha256="", code=""), "x")
    world.say(lambda _: [said])
    assert [found.seq for found in illegal_entries(world.entries())] == ([] if legal else [seq])


def test_a_payload_that_is_not_that_of_its_type_is_illegal() -> None:
    """It is told, and does not keep what follows from being judged."""
    world = lived()
    store = world.machine.store.peer()
    store.append([Event(type="run.finished", actor="x", data={"outcome": "splendid"})])
    store.append([Event(type="thing.unknown", actor="x", data={})])
    store.append([v.event(v.RunRequested(executor="scheduler"), "x", job="nobody", run=-1)])
    found = list(illegal_entries(world.entries()))
    assert [one.type for one in found] == ["run.finished", "run.requested"]
    assert found[0].why == "member trigger of its payload is not what its type says"


def test_what_the_independent_auditor_refuses_is_illegal_too() -> None:
    """A duplicated tick, start or end, put anywhere in a life, is found by both."""
    entries = lived().entries()
    rng = random.Random(7)
    for _ in range(30):
        at = rng.choice([n for n, e in enumerate(entries) if e.type in {"schedule.ticked", "run.finished"}])
        copied = _renumbered([*entries, entries[at]])
        assert list(illegal_entries(copied))
        with pytest.raises((AssertionError, KeyError)):
            audit(copied, entries[-1].time)


def _renumbered(entries: list[Entry]) -> list[Entry]:
    """The same, numbered from 0; the numbers of runs stay."""
    return [
        Entry(n, e.time, e.type, e.actor, e.data, e.durable, e.prev, e.hash, e.job, e.run)
        for n, e in enumerate(entries)
    ]
