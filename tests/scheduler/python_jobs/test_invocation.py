from __future__ import annotations

import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from scheduler.job import JobCancelled, JobContext, JobResult, Parameter
from scheduler.python_jobs.attempt_result import AttemptResult
from scheduler.python_jobs.invocation import call, result_of
from scheduler.python_jobs.loading import JobMistake


def context(**params: Parameter) -> JobContext:
    """Of a run that was given these values."""
    return JobContext(job="a", params=params)


@pytest.mark.parametrize(("returned", "result"), [
    (None, AttemptResult(succeeded=True)),
    (JobResult(), AttemptResult(succeeded=True)),
    (JobResult(succeeded=False), AttemptResult(error="the job says that it did not succeed")),
    (SimpleNamespace(succeeded=False, message="2 of 3"), AttemptResult(error="2 of 3", message="2 of 3")),
    ({"message": "done", "items_processed": 3}, AttemptResult(succeeded=True, message="done", items_processed=3)),
    ({"metrics": {"a": 1, "b": 0.5, "c": "x", "d": True}},
     AttemptResult(succeeded=True, metrics={"a": 1, "b": 0.5, "c": "x", "d": True})),
])  # fmt: skip
def test_what_a_job_returns_is_what_is_recorded(returned: object, result: AttemptResult) -> None:
    """Nothing, a result, or anything that has the members of one."""
    assert result_of(returned) == result


@pytest.mark.parametrize(("returned", "said"), [
    (5, "it returned a value of the type int"),
    (True, "it returned a value of the type bool"),
    ({"succes": True}, "it returned a mapping with 'succes'"),
    ({"succeeded": 1}, "its result has a value of the type int as succeeded"),
    ({"message": 1}, "its result has a value of the type int as message"),
    ({"items_processed": 1.5}, "its result has a value of the type float as items_processed"),
    ({"items_failed": -1}, "its items_failed is -1"),
    ({"metrics": [1]}, "its result has a value of the type list as metrics"),
    ({"metrics": {"a": []}}, "its metric a is a value of the type list"),
    ({"metrics": {"a": float("nan")}}, "its metric a is nan"),
    ({"metrics": {"a": 2**63}}, "its metric a has more than 64 bits"),
    ({"metrics": {"a b": 1}}, "'a b' is not the name of a metric"),
    ({"metrics": {f"m{index}": 1 for index in range(33)}}, "it has 33 metrics: 32 is the most"),
    ({"metrics": {"a": "x" * 201}}, "its metric a is longer than 200 characters"),
    ({"metrics": {f"m{index}": "é" * 200 for index in range(20)}}, "its metrics are longer than 8,000 bytes"),
])  # fmt: skip
def test_nonsense_is_refused(returned: object, said: str) -> None:
    """The run fails, and says what was wrong with its result."""
    with pytest.raises(JobMistake) as caught:
        result_of(returned)
    assert said in str(caught.value)


def test_a_long_message_loses_its_middle() -> None:
    """What is recorded is bounded, and the job did its work all the same."""
    result = result_of({"message": "x" * 70_000})
    assert (result.succeeded, len(result.message)) == (True, 999)


def test_functions_get_what_they_name() -> None:
    """Parameters by their names, and the context where there is a place for it."""
    got: list[Any] = []

    def both(ctx: JobContext, country: str, full: bool = False) -> None:
        got.append((ctx.job, country, full))

    def values_alone(country: str) -> None:
        got.append(country)

    def nothing() -> None:
        got.append(None)

    def all_of_them(context: JobContext, **others: object) -> None:
        got.append((context.job, others))

    async def later(ctx: JobContext) -> dict[str, str]:
        return {"message": ctx.job}

    for function in (both, values_alone, nothing, all_of_them):
        call(function, context(country="FR"))
    assert got == [("a", "FR", False), "FR", None, ("a", {"country": "FR"})]
    assert call(later, context()).message == "a"
    with pytest.raises(JobMistake, match="cannot be called: missing a required argument: 'country'"):
        call(both, context())


def test_a_class_declares_its_fields() -> None:
    """A value for a field that it does not declare is refused, and so is a field without a value."""

    class Inherited:
        region: str = "eu"

    class Works(Inherited):
        name = "works"
        count: int

        def run(self, ctx: JobContext) -> dict[str, Any]:
            return {"message": f"{ctx.job}: {self.region} {self.count + 1}"}

    assert call(Works, context(count=1, region="us")).message == "a: us 2"
    with pytest.raises(
        JobMistake, match="declares no field size for its parameter: it declares region, count"
    ):
        call(Works, context(size=1))
    with pytest.raises(JobMistake, match="needs a value for count"):
        call(Works, context())


def test_a_dry_run_needs_a_class_that_obeys() -> None:
    """Any other is not run."""
    with pytest.raises(JobMistake, match="does not say supports_dry_run, so it was not run"):
        call(lambda: None, JobContext(job="a", dry_run=True))


def test_a_request_to_stop_ends_the_run() -> None:
    """In a plain function where it is, in a coroutine as asyncio cancels it, and later where the job holds it off."""
    cleaned: list[str] = []

    def plain(ctx: JobContext) -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            raise AssertionError("not reached")
        finally:
            cleaned.append(f"plain {ctx.cancelled}")

    async def coroutine(ctx: JobContext) -> None:
        import asyncio

        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        finally:
            cleaned.append(f"coroutine {ctx.cancelled}")

    def held_off(ctx: JobContext) -> None:
        with ctx.uninterrupted():
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(f"held off {ctx.cancelled}")

    before = signal.getsignal(signal.SIGTERM)
    for target in (plain, coroutine, held_off):
        with pytest.raises(JobCancelled):
            call(target, context())
    assert cleaned == ["plain True", "coroutine True", "held off True"]
    assert signal.getsignal(signal.SIGTERM) == before
