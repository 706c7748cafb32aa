"""The coming runs of any number of jobs, merged in order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from scheduler.rules.instants_state import SettledByHand
    from scheduler.rules.state import Job, State
    from scheduler.rules.timetable import Due
    from scheduler.schedule.schedule import Schedule

_AHEAD_MIN = timedelta(seconds=1)
"""A scheduler settles an instant the moment it falls due: another reading of the clock may be a little earlier."""


class UpcomingRun(msgspec.Struct, frozen=True):
    """A run that a schedule will ask for."""

    instant: datetime
    job: Job


class Outlook(msgspec.Struct, frozen=True):
    """What is ahead of a home.

    Attributes:
        jobs: how many it has.
        first: the soonest run; None if none is due.
        settled_ahead: see `jobs_settled_ahead`.
    """

    jobs: int
    first: UpcomingRun | None
    settled_ahead: Mapping[str, datetime]


def outlook(state: State, due: Due | None, now: datetime) -> Outlook:
    """What is ahead.

    Args:
        state: as it stands; now: the moment.
        due: what a timetable of the jobs has next: then no schedule is asked anew but those of paused jobs, which are
            on none. None: there is no timetable, or nothing on it, and all are asked.
    """
    jobs = state.present_jobs()
    return Outlook(len(jobs), _soonest(state, jobs, due, now), jobs_settled_ahead(state, now))


def _soonest(state: State, jobs: list[Job], due: Due | None, now: datetime) -> UpcomingRun | None:
    if due is None or due.instant <= now or state.jobs[due.job].is_settled(due.instant):
        return next(upcoming(jobs, now), None)
    paused = [job for job in jobs if not job.on_schedule]
    runs = [UpcomingRun(due.instant, state.jobs[due.job]), *islice(upcoming(paused, now), 1)]
    return min(runs, key=lambda run: run.instant)


def schedule_begins_at(job: Job, now: datetime) -> datetime | None:
    """From when on a job runs on its schedule: now, the end of its pause, or never (None).

    A settled instant does not come again, even if it was settled while the clock was ahead of `now`.
    """
    if not job.present:
        return None
    begin = now if job.on_schedule else job.enablement.until
    return None if begin is None else max(begin, now, job.cursor)


def settled_ahead(job: Job, now: datetime) -> datetime | None:
    """The moment up to which a job's instants are settled, if it is after `now` because the clock was set back."""
    if not job.present or not job.definition.has_times:
        return None
    return job.cursor if job.cursor > now else None


def jobs_settled_ahead(state: State, now: datetime) -> dict[str, datetime]:
    """The jobs whose instants are settled up to one that is still to come, and that one: the clock was ahead then.

    Those of which a person settled them are left out.
    """
    moment = now + _AHEAD_MIN
    return {
        job.name: job.cursor
        for job in state.jobs.values()
        if job.cursor > moment
        and settled_ahead(job, moment) is not None
        and (job.settled_by_hand is None or job.settled_by_hand.until < job.cursor)
    }


def settled_by_hand(job: Job, now: datetime) -> SettledByHand | None:
    """What a person settled of a job's instants that are still to come; None if nothing."""
    settled = job.settled_by_hand
    return settled if job.present and settled is not None and now < settled.until <= job.cursor else None


def next_run(job: Job, now: datetime) -> datetime | None:
    """The next instant at which a job will run by itself; None if there is none."""
    from scheduler.rules.job_schedule import schedule_of

    begin = schedule_begins_at(job, now)
    # The end of a pause is the last moment that still belongs to the pause.
    if begin is None:
        return None
    schedule = schedule_of(job.definition)
    instant = schedule.next_after(begin)
    if instant is not None and job.ahead is not None and job.is_settled(instant):
        return schedule.next_after(job.ahead.until)
    return instant


def upcoming(jobs: Iterable[Job], now: datetime) -> Iterator[UpcomingRun]:
    """The coming runs, soonest first; the iterator ends only where no schedule has a further instant.

    Jobs that share a schedule share its arithmetic.
    """
    import heapq

    from scheduler.rules.job_schedule import schedule_of

    groups: dict[tuple[Schedule, datetime], list[Job]] = {}
    for job in jobs:
        begin = schedule_begins_at(job, now)
        if begin is not None:
            groups.setdefault((schedule_of(job.definition), begin), []).append(job)
    order = 0
    heap: list[tuple[datetime, int, Schedule, list[Job]]] = []
    for (schedule, begin), group in groups.items():
        instant = schedule.next_after(begin)
        if instant is not None:
            heap.append((instant, order, schedule, group))
            order += 1
    heapq.heapify(heap)
    while heap:
        instant, order, schedule, group = heap[0]
        for job in group:
            if job.ahead is None or not job.is_settled(instant):
                yield UpcomingRun(instant, job)
        following = schedule.next_after(instant)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (following, order, schedule, group))
