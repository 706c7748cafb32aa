"""What the scheduler records about a run says for which instant it was, whatever became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.rules.catch_up import ticked
from scheduler.rules.runs.dispatch import Dispatcher, arrivals
from scheduler.rules.runs.locks import LockQueue
from scheduler.rules.runs.run_events import not_launched
from scheduler.rules.state import Executor, Run
from tests.support.world import BEGIN, Process, World, job

ME = Executor("here", "boot", 7, 70, 4_026_531_836)
ENDS = (v.RunStarted, v.RunFinished, v.RunSkipped)


def instants(world: World) -> dict[int | None, object]:
    """The instant of each run that a schedule asked for, by its tick."""
    return {entry.seq: v.payload(entry).scheduled_for for entry in world.entries(v.ScheduleTicked)}


def test_every_entry_about_a_run_names_its_instant() -> None:
    """Of runs that succeed, are skipped, are lost with the machine and cannot be started."""
    world = World(job("quick", "*/10 * * * *"), job("slow", "*/10 * * * *"), job("broken", "5 * * * *"))
    world.machine.behaviour = lambda launch: {
        "quick": Process(1, 0),
        "slow": Process(1_500, 0),
        "broken": None,
    }[launch.env["CRONLEDGER_JOB"]]
    world.start()
    world.run(2_000)
    world.crash()
    world.machine.reboot()
    world.start()
    world.run(10)
    due = instants(world)
    outcomes = {data.outcome for entry in world.entries(v.RunFinished) if (data := v.payload(entry))}
    assert outcomes == {"succeeded", "lost", "failed"}
    assert world.entries(v.RunSkipped)
    for name, error in (
        ("slow", "its process was gone"),
        ("broken", "no such program"),
    ):
        last = world.state.jobs[name].last
        assert last is not None
        assert last.error is not None
        assert last.error.startswith(error)
    for entry in world.entries(*ENDS):
        assert v.payload(entry).scheduled_for == due[entry.run]


@pytest.mark.parametrize("overlap", ["skip", "queue", "allow"])
def test_instants_of_a_job_that_fall_due_together_are_judged_one_after_another(overlap: str) -> None:
    """The second one finds the first in its way, as if that had been recorded long ago."""
    world = World(job("each", "* * * * *", overlap=overlap))
    world.machine.behaviour = lambda launch: Process(1e6, 0)
    world.start()
    first = world.state.head.seq + 1
    new = arrivals(
        [ticked(job("each"), BEGIN + timedelta(minutes=minute), BEGIN) for minute in (1, 2)], first, BEGIN
    )
    assert [(run.number, run.job, run.trigger) for run in new] == [
        (first, "each", "schedule"),
        (first + 1, "each", "schedule"),
    ]
    locks = LockQueue({}, {})
    dispatcher = Dispatcher(
        world.state, (), new, set(), 8, ME, lambda run, attempt: f"{run}/{attempt}", locks
    )
    events = dispatcher.decide()
    began = [event.run for event in events if isinstance(event.data, v.RunStarted)]
    skips = [event for event in events if isinstance(event.data, v.RunSkipped)]
    assert began == ([first, first + 1] if overlap == "allow" else [first])
    assert [skip.run for skip in skips] == ([first + 1] if overlap == "skip" else [])


def test_what_is_made_again_comes_before_what_falls_due_after_it() -> None:
    """Both in one append, for the same lock: the younger one does not take it."""
    world = World(job("again", locks=["disk"]), job("each", locks=["disk"]))
    world.start()
    request = v.RunRequested(executor="scheduler", retry_of=1, original_scheduled_for=BEGIN)
    events = [
        v.event(request, v.SCHEDULER, job="again", run=OWN_SEQ),
        ticked(job("each"), BEGIN + timedelta(hours=1), BEGIN),
    ]
    first = world.state.head.seq + 1
    new = arrivals(events, first, BEGIN)
    dispatcher = Dispatcher(
        world.state, (), new, set(), 8, ME, lambda run, attempt: f"{run}/{attempt}", LockQueue({}, {})
    )
    world.say(lambda _: [*events, *dispatcher.decide()])
    assert {run.number: run.attempt for run in world.state.runs.values()} == {first: 1, first + 1: 0}
    assert world.state.runs[first] == structs.replace(new[0], **_begun(world.state.runs[first]))


def _begun(run: Run) -> dict[str, object]:
    """What is another in a run that was only about to begin."""
    names = ("attempt", "started", "started_seq", "executor", "secret_sha256", "locks", "owed_at")
    return {name: getattr(run, name) for name in names}


def test_a_start_names_who_watches_the_run() -> None:
    """The state knows the process again by all that tells it from others, and the digest of the run's secret."""
    world = World(job("each"))
    world.start()
    tick = ticked(job("each"), BEGIN, BEGIN)
    new = arrivals([tick], world.state.head.seq + 1, BEGIN)
    locks = LockQueue({}, {})
    dispatcher = Dispatcher(
        world.state, (), new, set(), 8, ME, lambda run, attempt: f"{run}/{attempt}", locks
    )
    world.say(lambda _: [tick, *dispatcher.decide()])
    run = world.state.runs[new[0].number]
    assert (run.executor, run.attempt, run.scheduled_for) == (ME, 1, BEGIN)
    assert run.secret_sha256 == f"{run.number}/1"


@pytest.mark.parametrize("outcome", ["succeeded", "lost"])
def test_a_run_that_waits_behind_one_of_another_process_starts_when_that_ends(outcome: str) -> None:
    """A person ran the job by hand; what fell due meanwhile starts at once, not when the job is due again."""
    world = World(job("daily", "0 1 * * *", overlap="queue"))
    world.start()
    other = world.machine.executor()
    asked = world.person(v.RunRequested(executor="self"), "daily", OWN_SEQ)
    began = v.RunStarted(
        attempt=1,
        trigger="manual",
        command_sha256="",
        host=other.host,
        boot_id=other.boot_id,
        executor_pid=other.pid,
        executor_start_ticks=other.start_ticks,
    )
    world.person(began, "daily", asked.seq)
    world.run(3_660)
    assert world.told("daily")[-1] == "schedule 01 01:00"
    if outcome == "lost":
        world.machine.alive.discard(other)
    else:
        ended = v.RunFinished(trigger="manual", started=asked.time, outcome="succeeded", attempt=1)
        world.person(ended, "daily", asked.seq)
    world.run(60)
    assert world.told("daily")[-3:] == [outcome, "started", "succeeded"]


@pytest.mark.parametrize("reason", ["disabled", "removed", "cancelled"])
def test_a_run_that_is_no_longer_wanted_names_the_entry_that_says_so(reason: str) -> None:
    """It waits behind another of its job, and is skipped as soon as a person or the config has spoken."""
    world = World(job("slow", "*/10 * * * *", overlap="queue"))
    world.machine.behaviour = lambda launch: Process(1e6, 0)
    world.start()
    world.run(1_230)
    number = world.entries(v.ScheduleTicked)[-1].seq
    if reason == "removed":
        world.edit(remove=["slow"])
        said = world.entries(v.JobRemoved)[-1]
    elif reason == "disabled":
        said = world.person(v.JobDisabled(), "slow")
    else:
        said = world.person(v.RunCancelRequested(), "slow", number)
    world.run(10)
    (skip,) = world.entries(v.RunSkipped)
    data: v.RunSkipped = v.payload(skip)
    assert (skip.run, data.reason, data.because_of) == (number, reason, said.seq)


def test_a_run_that_a_person_asked_for_is_wanted_though_the_job_is_disabled() -> None:
    """To disable a job ends what its schedule asks for, and nothing else."""
    world = World(job("slow", "0 0 1 6 *", overlap="queue"))
    world.machine.behaviour = lambda launch: Process(600, 0)
    world.start()
    for _ in range(2):
        world.person(v.RunRequested(executor="scheduler"), "slow", OWN_SEQ)
    world.run(10)
    world.person(v.JobDisabled(), "slow")
    world.run(1_300)
    assert world.told("slow")[-4:] == ["job.disabled", "succeeded", "started", "succeeded"]


def test_an_attempt_without_a_process_has_failed_at_once() -> None:
    """The entry says that it never began, why, and of which attempt for which instant."""
    run = Run(9, "each", "schedule", BEGIN, scheduled_for=BEGIN, attempt=2)
    event = not_launched(run, BEGIN, "permission denied")
    assert (event.job, event.run, event.actor) == ("each", 9, v.SCHEDULER)
    assert event.data == v.RunFinished(
        trigger="schedule",
        started=BEGIN,
        outcome="failed",
        attempt=2,
        scheduled_for=BEGIN,
        duration_ms=0,
        error="it could not be started: permission denied",
    )
