"""From when on something that is expected does not hold, as things stand. Pure rules.

Runs that a person asked for are not judged: nothing says when they should have started.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.entry_members import ASKED_FOR, Expectation
from scheduler.rules.expectations.expected import Breach, JobExpectation, limit_ms
from scheduler.rules.state import Run, State


def breached_from(state: State, expectation: Expectation, name: str, number: int | None) -> datetime | None:
    """From when on it does not hold, if nothing happens before; None if it holds for good, or is not expected.

    Nothing is breached before it was written, nor while it could not be met since the job was disabled.

    Args:
        state: as it stands.
        expectation: what is expected.
        name: of the job; number: of the run, where it is about one.
    """
    job, known = state.jobs.get(name), known_of(state, name)
    if job is None or known is None or expectation not in known.written:
        return None
    limit, written = limit_ms(job.definition, expectation) or 0, known.written[expectation]
    if number is None:
        if known.stopped is not None:
            return None
        return max(_later(known.success_from, limit), written, known.enabled)
    run = state.runs.get(number)
    if run is None or run.trigger in ASKED_FOR or (expectation == "start_within" and run.attempt > 0):
        return None
    return max(_later(due_at(run), limit), written)


def breach_of(state: State, expectation: Expectation, name: str, number: int | None) -> Breach | None:
    """What there is to tell once the moment of `breached_from` has passed; None if there is no such moment."""
    since = breached_from(state, expectation, name, number)
    limit = None if since is None else limit_ms(state.jobs[name].definition, expectation)
    if since is None or limit is None:
        return None
    scheduled_for = None if number is None else state.runs[number].scheduled_for
    return Breach(expectation, name, limit, since, number, scheduled_for)


def due_at(run: Run) -> datetime:
    """The moment at which a run was due, from which it is judged.

    That is its instant. Of a run of a job that runs after others alone it is the moment when they had succeeded.
    """
    if run.judged_from is not None:
        return run.judged_from
    return run.owed_at if run.scheduled_for is None or run.trigger == "after" else run.scheduled_for


def known_of(state: State, name: str) -> JobExpectation | None:
    """Since when what is expected of a job counts; None if nothing is."""
    return None if state.expectations is None else state.expectations.jobs.get(name)


def _later(moment: datetime, by_ms: int) -> datetime:
    return moment + timedelta(milliseconds=by_ms)
