"""Jobs in Python through lives with crashes: each attempt that somebody watched to its end came out as it said."""

from __future__ import annotations

from random import Random

import pytest

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Retry
from scheduler.processes import Launch
from scheduler.python_jobs.attempt_result import AttemptResult
from scheduler.python_jobs.request import PROGRAM
from tests.support.audit import audit
from tests.support.world import Process, World, job

LIVES = 12
ENDED_TOO_SOON = AttemptResult(error="its process ended before the job returned")


def python_job(name: str, **members: object) -> JobDefinition:
    """A job in Python that runs every few minutes."""
    return JobDefinition(name=name, python=f"{name}.jobs:run", every="5m", **members)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(LIVES))
def test_an_attempt_came_out_as_it_said(seed: int, hunt: bool) -> None:
    """Started here or adopted, its exit code known or not; exit code 0 without a result of its own is a failure."""
    for life in range(20 if hunt else 1):
        _live(Random(f"{seed} {life}"))


def _live(chance: Random) -> None:
    retry = Retry(attempts=2, delay_ms=60_000)
    jobs = (
        python_job("load"),
        python_job("flaky", retry=retry, timeout_ms=400_000),
        job("command", every="7m"),
    )
    world = World(*jobs)
    results, said = world.machine.results, {}

    def behave(launch: Launch) -> Process:
        lasts_s = chance.choice((0.0, 1.0, 100.0, 700.0))
        if PROGRAM not in launch.argv:
            return Process(lasts_s, 0)
        done = AttemptResult(succeeded=True, message=f"run {launch.run}", items_processed=launch.run)
        ends = (
            (done, 0),
            (AttemptResult(error="ValueError: no"), 1),
            (ENDED_TOO_SOON, 0),
            (ENDED_TOO_SOON, 1),
        )
        results[launch.key], exit_code = said[launch.key] = chance.choice(ends)
        return Process(lasts_s, exit_code)

    world.machine.behaviour = behave
    world.start()
    for _ in range(40):
        world.run(chance.choice((1.0, 60.0, 299.0, 900.0)))
        match chance.randrange(6):
            case 0 | 1:
                world.restart()
            case 2:
                world.crash()
                world.run(chance.choice((1.0, 1_000.0)))
                world.start()
            case 3:
                world.crash()
                world.machine.reboot()
                world.start()
            case _:
                pass
    world.run(2_000)
    audit(world.entries(), world.clock.wall)
    _check(world, {key: result for key, (result, _) in said.items()})


def _check(world: World, said: dict[tuple[int, int], AttemptResult]) -> None:
    """Independently of the supervisor: what is on record of each attempt is what its process had left."""
    seen = 0
    for entry in world.entries(v.RunFinished):
        end = v.payload(entry)
        result = said.get((entry.run or 0, end.attempt))
        if result is None or end.closes is not None or end.outcome in ("lost", "timed_out", "cancelled"):
            assert entry.job != "command" or end.message is None
            continue
        seen += 1
        assert end.outcome == ("succeeded" if result.succeeded else "failed"), (entry, result)
        assert (end.message, end.items_processed) == (result.message or None, result.items_processed)
        assert end.error == (result.error or None)
    assert seen > 10
