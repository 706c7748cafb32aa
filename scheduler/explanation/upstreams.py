"""What became of an instant of a job that runs after others alone, and for whose success a run waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import (
    Explanation,
    Fact,
    JobsBefore,
    RunEnd,
    RunOwed,
    UpstreamResult,
    Verdict,
    WaitEnd,
)
from scheduler.explanation.facts.upstream_facts import UpstreamState
from scheduler.explanation.runs import RunFacts, run_owed, upstream_end
from scheduler.explanation.standing import absent, switched
from scheduler.ledger.past import NEAR_ENTRIES, Past
from scheduler.rules.awaited import AwaitedInstant
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.state import Job

_SECOND = timedelta(seconds=1)
_STATES: Final[dict[Verdict, UpstreamState]] = {
    "running": "running",
    "waiting": "waiting",
    "skipped": "skipped",
    "missed": "missed",
    "not_due": "not_due",
    "excluded": "excluded",
    "disabled": "disabled",
    "not_defined": "absent",
    "removed": "absent",
    "upcoming": "upcoming",
    "pending": "upcoming",
}


class Answers(Protocol):
    """Answers about the instants of one job: an `Explainer`."""

    def about(self, asked: datetime, until: datetime) -> tuple[list[Explanation], int]:
        """What became of the instants x with asked <= x < until."""
        ...


Ask = Callable[[str], Answers]
"""Given the name of a job; it raises `KeyError` where there never was one."""


def followed(
    past: Past, job: Job, instant: datetime, settled: Entry | None, ask: Ask, run_facts: RunFacts
) -> tuple[Verdict, list[Fact]]:
    """What became of an instant.

    Args:
        past: the ledger.
        job: the job, as it was when the instant was settled.
        instant: a nominal instant of the jobs before it.
        settled: an entry about the job itself by which the instant was settled, if there is one.
        ask: about a job before it; run_facts: tells what became of a run.
    """
    begin = past.seq_at(instant)
    tick = _tick(past, job, instant, -1 if begin is None else begin - 1)
    before = jobs_before(job)
    if tick is not None:
        return _ticked(past, before, tick, run_facts)
    awaited = _awaited(past, job, instant)
    known = {} if awaited is None else {**awaited.failed, **awaited.succeeded}
    results = [
        upstream_end(past, known[name]) if name in known else _result(ask, name, instant)
        for name in job.definition.follows
    ]
    # The jobs before it may have been backfilled, or made again, long after the instant.
    ended = max((seq for result in results for seq in result.entries), default=None)
    is_open = awaited is not None and awaited.run is None
    if not is_open and ended is not None and (tick := _tick(past, job, instant, ended)) is not None:
        return _ticked(past, before, tick, run_facts)
    if awaited is not None:
        return "pending", [before, *results]
    if not job.present:
        return "removed", [absent(past, job, None), before, *results]
    if not job.on_schedule:
        return "disabled", [switched(job, settled), before, *results]
    return _verdict(results), [before, *results]


def jobs_before(job: Job) -> JobsBefore:
    """The fact that a job runs after others."""
    after = job.definition.after
    assert after is not None, "only of such a job"
    return JobsBefore(
        entries=[job.defined_seq], names=after.jobs, revision=job.revision, within_ms=after.within_ms
    )


def _verdict(results: list[UpstreamResult]) -> Verdict:
    states = {result.state for result in results}
    if states & {"not_due", "excluded", "disabled", "absent"}:
        return "not_due"
    if "upcoming" in states:
        return "upcoming"
    return "missed" if "missed" in states else "not_due"


def _awaited(past: Past, job: Job, instant: datetime) -> AwaitedInstant | None:
    present = past.state_at(past.head_seq).jobs[job.name]
    return next((each for each in present.awaited if each.instant == instant), None)


def _ticked(past: Past, before: JobsBefore, tick: Entry, run_facts: RunFacts) -> tuple[Verdict, list[Fact]]:
    data = v.payload(tick)
    verdict, run = run_facts(tick.seq)
    results = [upstream_end(past, seq) for seq in data.successes]
    return verdict, [before, *results, run_owed(tick, data), *run]


def _tick(past: Past, job: Job, instant: datetime, after: int) -> Entry | None:
    """The tick for an instant among the entries near behind this one."""
    for entry in past.entries(after + 1, after + NEAR_ENTRIES):
        if entry.job == job.name and entry.type == v.ScheduleTicked.TYPE:
            data = v.payload(entry)
            if data.scheduled_for == instant and data.trigger == "after":
                return entry
    return None


def _result(ask: Ask, name: str, instant: datetime) -> UpstreamResult:
    """What became of the instant in a job before."""
    try:
        # The moment of a request is no whole second, and so no instant of a schedule.
        until = instant + (RESOLUTION if instant.microsecond else _SECOND)
        answers, _ = ask(name).about(instant, until)
    except KeyError:
        return UpstreamResult(job=name, state="absent")
    answer = answers[0]
    ended = next((fact for fact in answer.facts if isinstance(fact, RunEnd | WaitEnd)), None)
    if ended is not None:
        how: Literal["succeeded", "failed"] = "succeeded" if ended.outcome == "succeeded" else "failed"
        return UpstreamResult(
            entries=ended.entries,
            job=name,
            state=how,
            run=ended.run,
            time=ended.time,
            outcome=ended.outcome,
        )
    owed = next((fact for fact in answer.facts if isinstance(fact, RunOwed)), None)
    return UpstreamResult(
        entries=[] if owed is None else owed.entries,
        job=name,
        state=_STATES[answer.verdict],
        run=None if owed is None else owed.run,
    )
