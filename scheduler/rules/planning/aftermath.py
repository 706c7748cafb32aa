"""What a scheduler records right after an edit, foreseen by the rules by which it does. Pure rules.

It is what follows for instants that have passed, for runs that wait, and for what is expected of jobs: misfires and
what of them is caught up, skips, requests to stop, breaches that end or begin. When the runs that may start do so
depends on what else runs, and is not foreseen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from eventstore.store import Event
from scheduler.rules.boots import boot_events
from scheduler.rules.catch_up import replay
from scheduler.rules.expectations.due_moments import Subject
from scheduler.rules.expectations.judgement import judged
from scheduler.rules.requests.preview import preview
from scheduler.rules.runs.orphans import late_run_skips, late_runs
from scheduler.rules.runs.replacement import left_by_edit
from scheduler.rules.state import Job, State


def aftermath(state: State, names: Sequence[str], now: datetime, *, served: bool) -> list[Event]:
    """What is recorded of some jobs once an edit of them is on record; it is folded into the state.

    Args:
        state: as it is with the edit; where no scheduler serves the home, also with the start of one.
        names: of the jobs.
        now: the moment.
        served: whether a scheduler takes the edit up; if not, it is the next one that starts, as if it did so now.
    """
    events: list[Event] = []

    def take(found: list[Event]) -> None:
        events.extend(found)
        preview(state, found, now)

    known = [name for name in names if name in state.jobs]
    subjects = [subject for name in known for subject in _subjects(state, name, served=served)]
    if not served:
        late, concerned = late_runs(state), set(known)
        take(replay(state, sorted(known), now, "scheduler_down"))
        take([event for event in late_run_skips(state, late, now) if event.job in concerned])
        take([event for event in boot_events(state, now) if event.job in concerned])
    for name in known:
        job = state.jobs[name]
        if job.live or (served and job.unsettled):
            take(left_by_edit(state, name, now))
    take(_expectations(state, set(known), subjects, now))
    return events


def _subjects(state: State, name: str, *, served: bool) -> Iterator[Subject]:
    """What of a job may not hold right after the edit, as far as it does not depend on what else runs.

    A run that nobody watches may have ended, with or without success.
    """
    live = [state.runs[number] for number in state.jobs[name].live]
    if served or all(run.started is None for run in live):
        yield Subject("success_every", name)
    for run in live:
        if served or run.started is None:
            yield Subject("finish_within", name, run.number)


def _expectations(
    state: State, names: Collection[str], subjects: Sequence[Subject], now: datetime
) -> list[Event]:
    """What is told of what is expected of some jobs: what ended by the edit, and what does not hold by it."""
    if state.expectations is None:
        return []
    return [event for event in judged(state, subjects, now) if event.job in names]


def missed_without_edit(job: Job, now: datetime) -> list[Event]:
    """What a scheduler that starts would record of the instants that a job missed, if it had not been edited."""
    return replay(State(jobs={job.name: job}), [job.name], now, "scheduler_down")
