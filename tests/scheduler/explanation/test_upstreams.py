"""Why a job that runs after others did or did not run: by what became of those."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.definition import After, JobDefinition
from scheduler.explanation import Explainer, Explanation
from scheduler.explanation import facts as f
from scheduler.explanation.last_due import last_due
from scheduler.ledger.past import Past
from tests.support.world import BEGIN, Process, World, job

Why = Callable[..., Explanation]
FIRST = BEGIN + timedelta(hours=1)


@pytest.fixture
def why(tmp_path: Path) -> Why:
    """Ask a world about a job, at an instant or when it was last due."""

    def ask(world: World, name: str, minutes: float | None = None) -> Explanation:
        store = world.machine.store.peer()
        explainer = Explainer(Past(store, tmp_path / "states", 64), name, world.clock.wall, serving=True)
        instant = last_due(explainer, store, name) if minutes is None else BEGIN + timedelta(minutes=minutes)
        assert instant is not None
        return explainer.about(instant, instant + timedelta(seconds=1))[0][0]

    return ask


def lived(minutes: float, *jobs: JobDefinition, exit_code: int = 0) -> World:
    """A world in which each run takes a minute, after so many."""
    world = World(*jobs)
    world.machine.behaviour = lambda launch: Process(60.0, exit_code)
    world.start()
    world.run(minutes * 60)
    return world


def states(answer: Explanation) -> list[tuple[str, str]]:
    """What is said of the jobs before."""
    return [(fact.job, fact.state) for fact in answer.facts if isinstance(fact, f.UpstreamResult)]


def test_a_run_names_the_successes_that_it_came_after(why: Why) -> None:
    """With the entries that prove them, and the rest as of any run."""
    world = lived(70, job("a"), job("b", after=After(jobs=["a"])))
    answer = why(world, "b")
    assert (answer.instant, answer.verdict) == (FIRST, "ran")
    assert states(answer) == [("a", "succeeded")]
    success = next(entry for entry in world.entries(v.RunFinished) if entry.job == "a")
    assert success.seq in answer.entries
    assert next(fact for fact in answer.facts if isinstance(fact, f.RunOwed)).trigger == "after"


def test_a_run_that_was_skipped_names_what_failed(why: Why) -> None:
    """Down the chain: each names the one right before it."""
    after_a, after_b = (job(name, after=After(jobs=[before])) for name, before in (("b", "a"), ("c", "b")))
    world = lived(70, job("a"), after_a, after_b, exit_code=1)
    assert why(world, "b").verdict == "skipped"
    assert states(why(world, "b")) == [("a", "failed")]
    assert states(why(world, "c", 60)) == [("b", "skipped")]


def test_while_it_waits_it_says_for_which_jobs(why: Why) -> None:
    """Asked without a time it is about the instant that is awaited: who is going, and who is to come."""
    jobs = (
        job("a"),
        job("b", timeout_ms=7_200_000, jitter_ms=120_000),
        job("c", after=After(jobs=["a"])),
        job("d", after=After(jobs=["a", "b", "c"])),
    )
    world = World(*jobs)
    world.machine.behaviour = lambda launch: Process(60.0 if launch.run != 12 else 6_000.0, 0)
    world.start()
    world.run(60 * 60 + 30)
    answer = why(world, "d")
    assert (answer.instant, answer.verdict) == (FIRST, "pending")
    told = dict(states(answer))
    assert told["a"] == "running"
    assert told["b"] in ("running", "upcoming")
    assert told["c"] == "upcoming"


def test_an_instant_that_a_job_before_does_not_have_is_none_of_its_own(why: Why) -> None:
    """And it says which one does not have it."""
    world = lived(125, job("a", "*/30 * * * *"), job("b"), job("c", after=After(jobs=["a", "b"])))
    answer = why(world, "c", 90)
    assert answer.verdict == "not_due"
    assert states(answer) == [("a", "succeeded"), ("b", "not_due")]


def test_what_is_to_come_and_what_it_was_disabled_for(why: Why) -> None:
    """Before the jobs before it have run it is to come; while it is disabled it is not owed."""
    world = lived(30, job("a"), job("b", after=After(jobs=["a"])))
    assert why(world, "b", 60).verdict == "upcoming"
    world.person(v.JobDisabled(reason="quiet"), "b")
    world.run(3_600)
    answer = why(world, "b", 60)
    assert answer.verdict == "disabled"
    assert states(answer) == [("a", "succeeded")]


def test_a_run_that_waits_for_a_success_says_so(why: Why) -> None:
    """With a schedule: whose success is missing, and once it has started, which ones it came after."""
    after_a = job("b", "20 * * * *", after=After(jobs=["a"], within_ms=1_800_000))
    world = lived(30, job("a"), after_a)
    answer = why(world, "b")
    assert answer.verdict == "waiting"
    assert states(answer) == [("a", "late")]
    world.run(3_600)
    assert states(why(world, "b", 20)) == [("a", "succeeded")]


def test_a_success_that_became_too_old_while_a_run_waited_is_named(why: Why) -> None:
    """Nothing is recorded at that moment: it is the moment of the question that counts."""
    after_a = job("b", "10 1 * * *", after=After(jobs=["a"], within_ms=600_000), locks=("db",))
    world = World(job("a"), after_a, job("c", "5 1 * * *", locks=("db",), timeout_ms=7_200_000))
    world.machine.behaviour = lambda launch: Process(
        60.0 if launch.env["CRONLEDGER_JOB"] == "a" else 6_000.0, 0
    )
    world.start()
    world.run(70 * 60 + 30)
    assert [type(fact) for fact in why(world, "b").facts if isinstance(fact, f.LockInTheWay)]
    recorded = len(world.entries())
    world.run(10 * 60)
    assert len(world.entries()) == recorded
    assert states(why(world, "b")) == [("a", "late")]


def test_a_job_that_ran_after_others_before_is_explained_so(why: Why) -> None:
    """The definition in force at the instant counts, not the one that holds now."""
    world = lived(70, job("a"), job("b", after=After(jobs=["a"])))
    world.edit(job("b", "5 * * * *"))
    world.run(7_200)
    assert why(world, "b", 60).verdict == "ran"
    assert states(why(world, "b", 60)) == [("a", "succeeded")]
    assert why(world, "b", 125).verdict == "ran"
