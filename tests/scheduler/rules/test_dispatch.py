"""What the scheduler records about a run says for which instant it was, whatever became of it."""

from __future__ import annotations

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from tests.support.world import Process, World, job

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
    for entry in world.entries(*ENDS):
        assert v.payload(entry).scheduled_for == due[entry.run]


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
