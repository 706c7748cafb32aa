"""`overlap: replace`: the run that fell due last takes the place of the others, of which a person asked for none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.definition import Retry
from scheduler.explanation import facts as f
from scheduler.explanation.explain import Explainer
from scheduler.ledger.past import Past
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Crash, Process, World, job

HOUR_S = 3_600.0


def replacing(*, catch_up: str = "one", queue_limit: int = 1_000) -> World:
    """A job that is due each hour and takes ten; the last run has to go."""
    world = World(job("hourly", overlap="replace", catch_up=catch_up, queue_limit=queue_limit))
    world.machine.behaviour = lambda launch: Process(10 * HOUR_S, 0)
    world.start()
    return world


def check(world: World) -> None:
    """What is recorded keeps the laws, and those of the auditor who shares nothing with the rules."""
    assert list(illegal_entries(world.entries())) == []
    audit_runs(world.entries(), slots=8, at_rest=False)


def test_the_newer_run_starts_after_the_older_one_has_ended() -> None:
    """The scheduler asks the older one to stop and names the newer one; its end says by which run it was replaced."""
    world = replacing()
    world.run(2 * HOUR_S + 60)
    assert world.told("hourly")[1:] == [
        *("schedule 01 01:00", "started", "schedule 01 02:00"),
        *("run.cancel_requested", "cancelled", "started"),
    ]
    (request,) = world.entries(v.RunCancelRequested)
    old, new = (entry.seq for entry in world.entries(v.ScheduleTicked))
    assert (request.run, request.actor, v.payload(request).replaced_by) == (old, v.SCHEDULER, new)
    (end,) = world.entries(v.RunFinished)
    assert v.payload(end).error == f"cancelled: replaced by run {new}"
    check(world)


def test_a_run_that_waits_for_its_next_attempt_is_replaced(tmp_path: Path) -> None:
    """Its wait is closed as cancelled, and no further attempt of it follows."""
    retry = Retry(attempts=3, delay_ms=7_200_000)
    world = World(job("hourly", overlap="replace", retry=retry))
    world.machine.behaviour = lambda launch: Process(60, 1)
    world.start()
    world.run(2 * HOUR_S + 30)
    first, second = (entry.seq for entry in world.entries(v.ScheduleTicked))
    (request,) = world.entries(v.RunCancelRequested)
    assert (request.run, v.payload(request).replaced_by) == (first, second)
    ends = [v.payload(entry) for entry in world.entries(v.RunFinished) if entry.run == first]
    assert [(end.outcome, end.retry_at is None) for end in ends] == [("failed", False), ("cancelled", True)]
    assert [entry.run for entry in world.entries(v.RunStarted)] == [first, second]
    check(world)
    past = Past(world.machine.store.peer(), tmp_path, 64)
    answer = Explainer(past, "hourly", world.clock.wall, serving=True).explain(BEGIN + timedelta(hours=1))
    (replaced,) = (fact for fact in answer.facts if isinstance(fact, f.ReplacingRun))
    assert replaced.entries == [request.seq, second]


def test_a_run_that_is_replaced_as_its_next_attempt_falls_due_makes_none() -> None:
    """Both are decided in one turn: the attempt is not started to be stopped again."""
    retry = Retry(attempts=3, delay_ms=600_000)
    world = World(
        *(job(f"job-{n}", "*/10 * * * *", overlap="replace", retry=retry) for n in range(60)),
        max_parallel=200,
    )
    world.machine.behaviour = lambda launch: Process(1, 1)
    world.start()
    world.run(602)
    due = BEGIN + timedelta(seconds=1_200)
    waits = [(run.retry.at, run.number) for run in world.state.runs.values() if run.retry is not None]
    at, replaced = max(wait for wait in waits if wait[0] < due)
    world.run((at - world.clock.wall).total_seconds() - 0.01)
    world.clock.pass_((due - world.clock.wall).total_seconds())
    world.run(60)
    (request,) = (entry for entry in world.entries(v.RunCancelRequested) if entry.run == replaced)
    assert v.payload(request).replaced_by is not None
    assert [entry.run for entry in world.entries(v.RunStarted)].count(replaced) == 1
    audit_runs(world.entries(), slots=200, at_rest=False)


def test_of_several_that_wait_the_newest_stays() -> None:
    """While the older run withstands its SIGTERM, each that falls due takes the place of the one that waits."""
    world = World(job("often", "*/10 * * * *", overlap="replace", kill_after_ms=3_000_000))
    world.machine.behaviour = lambda launch: Process(10 * HOUR_S, 0, withstands="term")
    world.start()
    world.run(1_900)
    _, second, third = (entry.seq for entry in world.entries(v.ScheduleTicked))
    (skip,) = world.entries(v.RunSkipped)
    assert (skip.run, v.payload(skip).reason, v.payload(skip).because_of) == (second, "superseded", third)
    assert len(world.entries(v.RunCancelRequested)) == 1
    assert world.state.jobs["often"].live[-1] == third
    check(world)


def test_a_run_that_outlived_its_scheduler_is_replaced_too() -> None:
    """Whoever watches it asks it to stop."""
    world = replacing()
    world.run(HOUR_S + 60)
    world.restart()
    world.run(HOUR_S)
    told = world.told("hourly")
    assert told[told.index("run.adopted") :] == [
        *("run.adopted", "schedule 01 02:00", "run.cancel_requested", "cancelled", "started"),
    ]
    check(world)


@pytest.mark.parametrize("started", [True, False])
def test_what_a_person_asked_for_is_never_replaced(started: bool) -> None:
    """Whether it runs or waits, what falls due waits for its end; and it replaces nothing itself."""
    world = replacing(queue_limit=1)
    world.machine.behaviour = lambda launch: Process(1.5 * HOUR_S, 0, withstands="" if started else "term")
    world.run(10.0 if started else HOUR_S + 10)
    asked = world.person(v.RunRequested(executor="scheduler"), "hourly", OWN_SEQ).seq
    world.run(2 * HOUR_S)
    assert asked not in {entry.run for entry in world.entries(v.RunCancelRequested, v.RunSkipped)}
    world.run(20 * HOUR_S)
    (end,) = (entry for entry in world.entries(v.RunFinished) if entry.run == asked)
    assert v.payload(end).outcome == "succeeded"
    check(world)


def test_what_is_caught_up_replaces_nothing() -> None:
    """Missed instants are run one after another, until one falls due: that takes the place of them all."""
    world = replacing(catch_up="all")
    world.crash()
    world.clock.pass_(3.5 * HOUR_S)
    world.start()
    world.run(0.4 * HOUR_S)
    assert world.entries(v.RunCancelRequested, v.RunSkipped) == []
    world.run(0.2 * HOUR_S)
    new = world.entries(v.ScheduleTicked)[-1].seq
    assert [v.payload(entry).because_of for entry in world.entries(v.RunSkipped)] == [new, new]
    assert [v.payload(entry).replaced_by for entry in world.entries(v.RunCancelRequested)] == [new]
    check(world)


@pytest.mark.parametrize("kept", [1, 2])
def test_a_scheduler_that_died_in_between_is_made_up_for(kept: int) -> None:
    """If only the tick, or the tick and the request, reached the disk, its successor records the rest."""
    world = replacing()
    world.run(HOUR_S + 60)

    def die(events: list[Event]) -> None:
        if any(isinstance(event.data, v.ScheduleTicked) for event in events):
            world.machine.tear(len(events), kept)
            raise Crash

    world.store.after_commit = die  # type: ignore[assignment]
    with pytest.raises(Crash):
        world.run(HOUR_S)
    world.restart()
    world.run(60)
    assert world.told("hourly")[-2:] == ["cancelled", "started"]
    assert len(world.entries(v.RunCancelRequested)) == 1
    check(world)


def test_an_edit_makes_the_newest_stay() -> None:
    """What waits in a queue when its job is told to replace is judged by that."""
    world = World(job("hourly", overlap="queue"))
    world.machine.behaviour = lambda launch: Process(10 * HOUR_S, 0)
    world.start()
    world.run(3 * HOUR_S + 60)
    world.edit(job("hourly", overlap="replace"))
    world.run(60)
    assert world.told("hourly")[-4:] == [
        "run.cancel_requested",
        "skipped: superseded",
        "cancelled",
        "started",
    ]
    check(world)


@pytest.mark.parametrize(("limit", "waiting"), [(1, 1), (2, 2)])
def test_a_queue_has_the_length_that_its_job_gives_it(limit: int, waiting: int) -> None:
    """So many wait beside the one that runs; a further one is skipped."""
    world = World(job("hourly", overlap="queue", queue_limit=limit))
    world.machine.behaviour = lambda launch: Process(100 * HOUR_S, 0)
    world.start()
    world.run(5 * HOUR_S + 60)
    assert len(world.state.jobs["hourly"].live) == 1 + waiting
    assert {v.payload(entry).reason for entry in world.entries(v.RunSkipped)} == {"queue_full"}


def test_the_reasons_name_the_run_that_took_the_place(tmp_path: Path) -> None:
    """`jobs why` of the older instant has the newer run and the entries that prove it."""
    world = replacing()
    world.run(2 * HOUR_S + 60)
    (request,) = world.entries(v.RunCancelRequested)
    new = world.entries(v.ScheduleTicked)[-1].seq
    past = Past(world.machine.store.peer(), tmp_path, 64)
    answer = Explainer(past, "hourly", world.clock.wall, serving=True).explain(BEGIN + timedelta(hours=1))
    (fact,) = (fact for fact in answer.facts if isinstance(fact, f.ReplacingRun))
    assert (fact.run, fact.scheduled_for) == (new, BEGIN + timedelta(hours=2))
    assert fact.entries == [request.seq, new]


def _request(by: int) -> v.RunCancelRequested:
    return v.RunCancelRequested(replaced_by=by)


def _skip(by: int) -> v.RunSkipped:
    return v.RunSkipped(reason="superseded", trigger="schedule", because_of=by)


def test_what_replaces_wrongly_breaks_a_law() -> None:
    """A run is replaced by a newer one of its job that fell due and waits, and no person's run is replaced."""
    world = World(job("hourly", overlap="queue"))
    world.machine.behaviour = lambda launch: Process(100 * HOUR_S, 0)
    world.start()
    world.run(3 * HOUR_S + 60)
    going, waiting, newest = (entry.seq for entry in world.entries(v.ScheduleTicked))
    asked = world.person(v.RunRequested(executor="scheduler"), "hourly", OWN_SEQ).seq
    for payload, run, why in (
        (_request(asked), going, "no run of hourly that fell due and waits"),
        (_request(10_000), going, "no run of hourly that fell due and waits"),
        (_skip(newest), asked, "is replaced by no other"),
        (_skip(waiting), newest, "is not older"),
        (_skip(going), waiting, "no run of hourly that fell due and waits"),
        (_request(newest), 10_000, "had ended before"),
    ):
        world.person(payload, "hourly", run)
        found = list(illegal_entries(world.entries()))[-1]
        assert (found.seq, why in found.why) == (world.state.head.seq, True), found
