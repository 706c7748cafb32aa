"""For what a run, or a job, waits, in words and as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cli.terminal.printable import printable
from cli.times.show import local_zone, show_clock, show_moment, show_past, show_time
from cli.words.lock_words import lock_words
from cli.words.node_words import left_behind_words, no_node_clause
from scheduler.rules.awaited import AwaitedInstant
from scheduler.rules.runs.waiting_reasons import WaitingReason, WaitingReasons
from scheduler.rules.state import Job, Run, State


def waiting_words(
    state: State, run: Run, reason: WaitingReason, now: datetime, zone: str, *, beside: datetime | None = None
) -> str:
    """For what a run waits, and until when at most: `waiting for run 12 to end, until 03:00 at most`.

    Args:
        state: the present state; run: which waits; reason: for what.
        now: the present moment.
        zone: for the times; beside: shorten them to the time of day where it is on the same date as this.
    """
    if reason.kind == "retry":
        return attempt_words(run, zone, beside=beside)
    words = _what(state, reason, now)
    if run.retry_at is not None:
        words += f" to make attempt {run.attempt + 1}, which was due at {_shown(run.retry_at, zone, beside)}"
    if reason.gives_up_at is None:
        return words
    return f"{words}, until {_shown(reason.gives_up_at, zone, beside)} at most"


def _what(state: State, reason: WaitingReason, now: datetime) -> str:
    if reason.kind == "queue":
        first = state.runs.get(-1 if reason.run is None else reason.run)
        going = first is not None and first.started is not None
        words = f"waiting for run {reason.run} to end" if going else f"waiting behind run {reason.run}"
        return words if first is None else words + left_behind_words(state, first)
    if reason.lock is not None:
        return f"waiting for {lock_words(reason.lock, state, now)}"
    if reason.kind == "assigned":
        return f"waiting to be started on {printable(reason.node or '')}"
    if reason.refusals or reason.kind == "node":
        what = "a slot" if reason.kind == "capacity" else "a node"
        return f"waiting for {what}: {no_node_clause(reason.label, reason.refusals)}"
    return {
        "success": f"waiting for {' and '.join(reason.jobs)}",
        "paused": "waiting, for the scheduler is paused",
        "scheduler": "waiting for a scheduler",
        "capacity": "waiting for a slot",
    }.get(reason.kind, "waiting to start")


def _shown(instant: datetime, zone: str, beside: datetime | None) -> str:
    return show_time(instant, zone) if beside is None else show_clock(instant, zone, beside=beside)


def attempt_words(run: Run, zone: str, *, beside: datetime | None = None) -> str:
    """For which attempt a run waits, and until when: `waiting for attempt 3 at 02:00:30`.

    Args:
        run: the run, an attempt of which has ended.
        zone: for the time; beside: shorten it to the time of day where it is on the same date as this.
    """
    assert run.retry is not None, "it waits for its next attempt"
    return f"waiting for attempt {run.attempt + 1} at {_shown(run.retry.at, zone, beside)}"


def going_words(state: State, run: Run, waits: WaitingReasons, now: datetime, zone: str | None = None) -> str:
    """How far a run in flight is: `waiting for run 12 to end`, `started 5 min ago, asked to stop`.

    Args:
        state: the present state; run: the run; waits: for what those wait that do.
        now: the present moment.
        zone: tell also when it started, as the clocks there showed it.
    """
    if run.started is None:
        shown_in, beside = (zone or local_zone()), (None if zone else now)
        how = waiting_words(state, run, waits.of(run.number), now, shown_in, beside=beside)
    else:
        what = f"attempt {run.attempt} started" if run.attempt > 1 else "started"
        how = f"{what} {show_past(run.started, now)}"
        if zone is not None:
            how = f"{what} {show_moment(run.started, zone, now)}"
        how += ("" if run.node is None else f" on {run.node}") + waited_words(run)
    return f"{how}, asked to stop" if run.cancel_seq is not None else how


def waited_words(run: Run) -> str:
    """For what a run had waited that is going, as the end of a phrase; empty if for nothing."""
    if run.waited is None:
        return ""
    told = list(run.waited.jobs)
    told += [] if run.waited.run is None else [f"run {run.waited.run}"]
    told += [] if run.waited.lock is None else [f"the lock {printable(run.waited.lock.name)}"]
    told += ["a slot"] if run.waited.slots else []
    return f" after waiting for {' and '.join(told)}"


def waiting_runs_words(
    state: State,
    job: Job,
    waits: WaitingReasons,
    now: datetime,
    zone: str,
    *,
    beside: datetime | None = None,
) -> str:
    """What the runs of a job do that are in flight: `running, 2 more waiting for run 12 to end`."""
    live = [state.runs[number] for number in job.live]
    waiting = [run for run in live if run.started is None]
    nodes = list(dict.fromkeys(run.node for run in live if run.started is not None and run.node is not None))
    running = f"running on {', '.join(nodes)}" if nodes else "running"
    if not waiting:
        return running + (waited_words(live[0]) if len(live) == 1 else "")
    first = min(waiting, key=lambda run: run.precedence)
    words = waiting_words(state, first, waits.of(first.number), now, zone, beside=beside)
    if len(waiting) < len(live):
        return f"{running}, {len(waiting):,} more {words}"
    return words if len(waiting) == 1 else f"{words}, {len(waiting) - 1:,} more behind it"


def awaited_instants(job: Job) -> list[tuple[AwaitedInstant, list[str]]]:
    """The instants for which it waits for other jobs, the earliest first, each with those that are not done."""
    return [
        (each, [name for name in job.definition.follows if name not in each.succeeded])
        for each in job.awaited
        if each.run is None and not each.failed
    ]


def awaited_words(job: Job, zone: str, *, beside: datetime | None = None) -> str:
    """For which jobs it waits, and for which instant: `waiting for extract, for 02:00`; empty if for none."""
    awaited = awaited_instants(job)
    if not awaited or not awaited[0][1]:
        return ""
    first, missing = awaited[0]
    more = f" and {len(awaited) - 1} more" if len(awaited) > 1 else ""
    return f"waiting for {' and '.join(missing)}, for {_shown(first.instant, zone, beside)}{more}"


def waited_document(run: Run) -> dict[str, Any] | None:
    """For what a run had waited that is going, as JSON has it; None if for nothing."""
    waited = run.waited
    if waited is None:
        return None
    return {"run": waited.run, "jobs": waited.jobs, "lock": waited.lock, "slots": waited.slots}


def waiting_document(reason: WaitingReason) -> dict[str, Any]:
    """For what a run waits, as JSON has it."""
    return {
        "kind": reason.kind,
        "run": reason.run,
        "jobs": list(reason.jobs),
        "lock": reason.lock,
        "slots": list(reason.holders),
        "node": reason.node,
        "label": reason.label,
        "refusals": [
            {"node": each.node, "kind": each.kind, "why": each.why or None, "runs": list(each.holders)}
            for each in reason.refusals
        ],
        "retry_at": reason.retry_at,
        "gives_up_at": reason.gives_up_at,
    }
