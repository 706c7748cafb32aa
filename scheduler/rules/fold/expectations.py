"""What becomes of what is expected of a job when an entry about it, or about a run of it, is folded.

A breach that ends before any entry tells of it is kept until one does: it came and went while no scheduler served, or
the one that served was killed. So it is told once, whoever comes next, from the ledger alone.
"""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import EXPECTATIONS, BreachEnd, Expectation
from scheduler.rules.expectations.expected import (
    ENDED_MAX,
    Breach,
    Expectations,
    JobExpectation,
    key_of,
    limit_ms,
)
from scheduler.rules.expectations.moments import breach_of, known_of
from scheduler.rules.fold.apply import Apply
from scheduler.rules.state import NEVER, Job, Run, State


def defined(state: State, new: JobDefinition, before: JobDefinition | None, entry: Entry) -> None:
    """A job has a new definition; `before`: the one that was in force, whose breaches have been ended."""
    if new.expect is None:
        if state.expectations is not None:
            state.expectations.jobs.pop(new.name, None)
        return
    if state.expectations is None:
        state.expectations = Expectations()
    known = state.expectations.jobs.get(new.name)
    if known is None:
        stopped = None if state.jobs[new.name].enablement.enabled else entry.time
        known = JobExpectation({}, entry.time, entry.time, stopped)
        state.expectations.jobs[new.name] = known
    for each in EXPECTATIONS:
        limit = limit_ms(new, each)
        if limit is None:
            known.written.pop(each, None)
        elif before is None or limit_ms(before, each) != limit:
            if each == "success_every" and (before is None or limit_ms(before, each) is None):
                known.success_from = known.stopped or entry.time
            known.written[each] = entry.time


def redefined(state: State, before: JobDefinition, new: JobDefinition, entry: Entry) -> None:
    """A definition is about to be replaced: breaches of what is expected otherwise from now on end."""
    end_pause(state, state.jobs[before.name], entry.time)
    changed = [each for each in EXPECTATIONS if limit_ms(before, each) != limit_ms(new, each)]
    _end_all(state, before.name, changed, entry, "changed")
    if (known := known_of(state, before.name)) is not None:
        for each in changed:
            known.written.pop(each, None)  # nothing else ends them a second time


def removed(state: State, name: str, entry: Entry) -> None:
    """A job is about to leave the config: nothing is expected of it any more."""
    end_pause(state, state.jobs[name], entry.time)
    _end_all(state, name, EXPECTATIONS, entry, "removed")
    if state.expectations is not None:
        state.expectations.jobs.pop(name, None)


def disabled(state: State, job: Job, entry: Entry) -> None:
    """A job is about to be disabled: from then on the time to its next success stands still."""
    end_pause(state, job, entry.time)
    known = known_of(state, job.name)
    if known is not None and known.stopped is None:
        _end(state, "success_every", job.name, None, entry, "disabled")
        known.stopped = entry.time


def enabled(state: State, job: Job, at: datetime) -> None:
    """A job is about to be enabled: the time to its next success goes on."""
    end_pause(state, job, at)
    _go_on(state, job, at)


def end_pause(state: State, job: Job, now: datetime) -> None:
    """A pause may have ended by itself before anybody recorded that. Whoever says so twice changes nothing."""
    said = job.enablement
    if not said.enabled and said.until is not None and said.until <= now:
        _go_on(state, job, said.until)


def _go_on(state: State, job: Job, at: datetime) -> None:
    known = known_of(state, job.name)
    if known is not None and known.stopped is not None:
        if at > known.stopped:
            known.success_from += at - known.stopped
        known.enabled, known.stopped = at, None


def caught_up(state: State, run: Run) -> None:
    """A run is owed for an instant that passed unwatched.

    Where that was while the job was disabled, or before anything was expected of it, it counts from now on.
    """
    known = known_of(state, run.job)
    begin = NEVER if known is None else max([known.enabled, *known.written.values()])
    if run.scheduled_for is not None and run.scheduled_for <= begin:
        run.judged_from = run.owed_at


def started(state: State, run: Run, entry: Entry) -> None:
    """The first attempt of a run is about to start."""
    _end(state, "start_within", run.job, run.number, entry, "started")


def ended(state: State, run: Run, entry: Entry, by: BreachEnd) -> None:
    """A run is about to end: nothing more is expected of it."""
    _end(state, "start_within", run.job, run.number, entry, by)
    _end(state, "finish_within", run.job, run.number, entry, by)


def succeeded(state: State, run: Run, entry: Entry) -> None:
    """A run of a job succeeded. That of a backfill tells nothing of the present."""
    known = known_of(state, run.job)
    if known is not None and run.trigger != "backfill":
        end_pause(state, state.jobs[run.job], entry.time)
        _end(state, "success_every", run.job, None, entry, "succeeded")
        known.success_from = known.stopped or entry.time


def clock_read(state: State, now: datetime) -> None:
    """The clock may have been set back: nothing counts from a time that is to come."""
    for known in state.expectations.jobs.values() if state.expectations is not None else ():
        known.success_from, known.enabled = min(known.success_from, now), min(known.enabled, now)
        known.written = {each: min(since, now) for each, since in known.written.items()}
        known.stopped = None if known.stopped is None else min(known.stopped, now)


def _end_all(
    state: State, name: str, which: tuple[Expectation, ...] | list[Expectation], entry: Entry, by: BreachEnd
) -> None:
    """End those breaches of a job, and of its runs."""
    for each in which:
        for number in [None] if each == "success_every" else state.jobs[name].live:
            _end(state, each, name, number, entry, by)


def _end(
    state: State, expectation: Expectation, name: str, number: int | None, entry: Entry, by: BreachEnd
) -> None:
    """A breach ends, if there is one, whether or not an entry tells of it."""
    known = state.expectations
    if known is None:
        return
    breach = known.open.pop(key_of(expectation, name, number), None)
    if breach is None:
        breach = breach_of(state, expectation, name, number)
        if breach is None or breach.since >= entry.time:
            return
    breach.by, breach.until, breach.because_of = by, entry.time, entry.seq
    known.ended.append(breach)
    if len(known.ended) > ENDED_MAX:
        oldest = next((i for i, each in enumerate(known.ended) if each.seq is None), None)
        if oldest is not None:
            del known.ended[oldest]


def _breached(state: State, entry: Entry, data: v.ExpectationBreached) -> None:
    if state.expectations is None:
        state.expectations = Expectations()
    told = Breach(
        data.expectation, entry.job or "", data.limit_ms, data.since, entry.run, data.scheduled_for, entry.seq
    )
    for each in state.expectations.ended:
        if each.seq is None and (each.key, each.since) == (told.key, told.since):
            each.seq = entry.seq
            return
    state.expectations.open.setdefault(told.key, told)


def _met(state: State, entry: Entry, data: v.ExpectationMet) -> None:
    if state.expectations is not None:
        state.expectations.ended = [each for each in state.expectations.ended if each.seq != data.breach]


APPLY: Apply = {
    v.ExpectationBreached.TYPE: _breached,
    v.ExpectationMet.TYPE: _met,
}
