"""How entries about what is expected of a job are worded, and the words for a breach wherever one is shown."""

# ruff: noqa: ARG001 - every type is worded by functions of the same arguments

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import BreachEnd, Expectation
from scheduler.wording.causes import spelled
from scheduler.wording.instants import show_time
from scheduler.wording.quantities import show_duration
from scheduler.wording.signs import EntryWording, Signs

END_CLAUSES: Final[dict[BreachEnd, str]] = {
    "started": "{0} started, {1} too late",
    "finished": "{0} ended, {1} too late",
    "succeeded": "{0} succeeded, {1} too late",
    "skipped": "{0} was skipped, {1} after that",
    "changed": "something else was expected {1} after that",
    "disabled": "it was disabled {1} after that",
    "removed": "it left the config {1} after that",
}
"""What ended a breach, of a run or the job, and how long after the breach began."""


def breach_clause(expectation: Expectation, limit_ms: int, run: int | None, *, over: bool = False) -> str:
    """What does not hold, as a clause: `run 7 has not started within 10 min`, `no success within 4 d`.

    Args:
        expectation, limit_ms, run: of the breach.
        over: whether it is told of what was: `run 7 had not started within 10 min`.
    """
    within = show_duration(limit_ms)
    if expectation == "success_every":
        return f"no success within {within}"
    what = "started" if expectation == "start_within" else "ended"
    return f"run {run} {'had' if over else 'has'} not {what} within {within}"


def end_clause(by: BreachEnd, run: int | None, since: datetime, until: datetime) -> str:
    """How a breach ended, as a clause: `run 7 started, 20 min too late`, `it was disabled 2 h after that`."""
    later = show_duration((until - since) // timedelta(milliseconds=1))
    return END_CLAUSES[by].format("it" if run is None else f"run {run}", later)


def _breached(entry: Entry, data: v.ExpectationBreached, zone: str) -> str:
    clause = breach_clause(data.expectation, data.limit_ms, entry.run)
    due = "" if data.scheduled_for is None else f" of {show_time(data.scheduled_for, zone)}"
    return f"{entry.job} is late: {clause}{due}; since {show_time(data.since, zone)}"


def _breached_message(entry: Entry, data: v.ExpectationBreached) -> str:
    run = "" if entry.run is None else f", run {entry.run}"
    what = f"{spelled(data.expectation)} {show_duration(data.limit_ms)}"
    return f"job late: {entry.job}{run}, {what}, since {data.since:%Y-%m-%dT%H:%M:%SZ}"


def _met(entry: Entry, data: v.ExpectationMet, zone: str) -> str:
    clause = end_clause(data.by, entry.run, data.since, data.until)
    return f"{entry.job} is not late any more (entry {data.breach}): {clause}"


def _met_message(entry: Entry, data: v.ExpectationMet) -> str:
    run = "" if entry.run is None else f", run {entry.run}"
    late = show_duration((data.until - data.since) // timedelta(milliseconds=1))
    return f"job late no more: {entry.job}{run}, {spelled(data.expectation)}, {data.by} after {late}"


EXPECTATION_WORDINGS: Final[dict[str, EntryWording]] = {
    v.ExpectationBreached.TYPE: EntryWording(
        Signs("warn", "warning", "warning"), _breached, _breached_message
    ),
    v.ExpectationMet.TYPE: EntryWording(Signs("plain", "note"), _met, _met_message),
}
"""Types of entries about what is expected of a job."""
