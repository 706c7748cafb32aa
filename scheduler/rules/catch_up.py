"""Catch-up: what becomes of the instants that passed while no scheduler watched. Pure rules.

`replay` serves a restart, a suspend, a clock step and a stall alike. It finds a job's instants between its cursor and
now from the ledger alone. One `schedule.misfired` records them, however many there are. Each instant that is to run
gets a `schedule.ticked` in the same append. If a crash cuts off the last of these ticks, the next replay adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import MisfireReason, Trigger
from scheduler.rules.exclusion import exclusion, exclusion_between
from scheduler.rules.instants_state import RESOLUTION, ClosedInterval
from scheduler.rules.job_schedule import local_iso, nominal, schedule_of
from scheduler.rules.state import NEVER, Job, State
from scheduler.schedule.schedule import Schedule


def replay(
    state: State,
    names: Iterable[str],
    now: datetime,
    reason: MisfireReason,
    until: Callable[[Job], datetime] | None = None,
) -> list[Event]:
    """The events that settle the instants of the named jobs that passed unwatched up to `now`.

    Pauses that have ended must be on record (`pauses.pauses_ended`): a job's instants count from the pause's end.

    Args:
        state: as it stands; names: of the jobs; now: the moment; reason: why they were not watched.
        until: up to when a job's instants are settled; None: up to `now`. The later ones count for `catch_up`.
    """
    events: list[Event] = []
    for name in names:
        job = state.jobs[name]
        events += _rest(job, now)
        events += closed_spans(job, now)
        if job.on_schedule:
            end = now if until is None else until(job)
            events += exclusion(job, end)
            events += _missed(job, end, now, reason)
    return events


def _rest(job: Job, now: datetime) -> list[Event]:
    """The ticks that a misfire promised and that a crash cut off: a lost tail of the same append."""
    promised = job.catching_up
    if promised is None:
        return []
    definition = job.definition
    before_first = promised.first - RESOLUTION
    instants = schedule_of(definition).latest(before_first, promised.last, promised.left)
    return [ticked(definition, instant, now, "catch_up") for instant in instants]


def closed_spans(job: Job, now: datetime) -> list[Event]:
    """The misfires that record the instants of schedules that ceased to be in force; these instants are not run.

    Those of a pause that whoever ended it wanted caught up are, as the job's policy wants it.
    """
    events: list[Event] = []
    for span in job.unsettled:
        events += exclusion_between(job, span.definition, span.after, span.until)
        events += _closed_span(span, now)
    return events


def _closed_span(span: ClosedInterval, now: datetime) -> list[Event]:
    count, first, last = summary(schedule_of(span.definition), span.after, span.until)
    if first is None or last is None:
        return []
    to_run = caught_up_of_pause(span, now) if span.reason == "paused" else []
    misfired = v.ScheduleMisfired(
        first=first,
        last=last,
        count=count,
        policy=span.definition.catch_up,
        will_run=len(to_run),
        reason=span.reason,
    )
    misfire = v.event(misfired, v.SCHEDULER, job=span.definition.name)
    return [misfire, *(ticked(span.definition, instant, now, "catch_up") for instant in to_run)]


def caught_up_of_pause(span: ClosedInterval, now: datetime) -> list[datetime]:
    """The instants of a pause that the job's policy wants run, if they are settled at `now`, oldest first."""
    after = _in_window(span.definition, span.after, now)
    limit = _limit(span.definition)
    if limit == 0 or after >= span.until:
        return []
    return schedule_of(span.definition).latest(after, span.until, limit)


def _missed(job: Job, end: datetime, now: datetime, reason: MisfireReason) -> list[Event]:
    stretches = job.open_stretches(job.cursor, end)
    kept = summary(schedule_of(job.definition), end, now)[0] if stretches and end < now else 0
    return [event for after, until in stretches for event in _missed_in(job, after, until, now, reason, kept)]


def _missed_in(
    job: Job, after: datetime, until: datetime, now: datetime, reason: MisfireReason, kept: int
) -> list[Event]:
    definition = job.definition
    schedule = schedule_of(definition)
    count, first, last = summary(schedule, after, until)
    if first is None or last is None:
        return []
    # A job that deletes judges age by the clock. What looks old only because the clock was set ahead must stay.
    ahead_of_itself = reason == "clock_step" and definition.deletes
    to_run = [] if ahead_of_itself else chosen(definition, schedule, after, now, until)
    if kept:
        to_run = to_run[-wanted:] if (wanted := _limit(definition) - kept) > 0 else []
    misfired = v.ScheduleMisfired(
        first=first, last=last, count=count, policy=definition.catch_up, will_run=len(to_run), reason=reason
    )
    events = [v.event(misfired, v.SCHEDULER, job=job.name)]
    events += [ticked(definition, instant, now, "catch_up") for instant in to_run]
    return events


def chosen(
    definition: JobDefinition,
    schedule: Schedule,
    after: datetime,
    now: datetime,
    until: datetime | None = None,
) -> list[datetime]:
    """The instants after `after`, up to `until` or now, that the job's policy wants run, oldest first."""
    limit, begin, end = (
        _limit(definition),
        _in_window(definition, after, now),
        now if until is None else until,
    )
    return schedule.latest(begin, end, limit) if limit and begin < end else []


def wanted_of(definition: JobDefinition, instants: Iterable[datetime], now: datetime) -> list[datetime]:
    """Those of some instants, none of them settled, that the job's policy wants run, oldest first."""
    limit = _limit(definition)
    recent = sorted(each for each in instants if each > _in_window(definition, NEVER, now))
    return recent[-limit:] if limit else []


def _limit(definition: JobDefinition) -> int:
    """At most how many instants of a stretch are caught up."""
    return {"none": 0, "one": 1, "all": definition.catch_up_limit}[definition.catch_up]


def _in_window(definition: JobDefinition, after: datetime, now: datetime) -> datetime:
    """After which moment the instants of a stretch that begins `after` are not too old."""
    if definition.catch_up_window_ms is None:
        return after
    return max(after, now - timedelta(milliseconds=definition.catch_up_window_ms))


def ticked(
    definition: JobDefinition,
    instant: datetime,
    now: datetime,
    trigger: Trigger = "schedule",
    *,
    because_of: int | None = None,
    replaces: int | None = None,
) -> Event:
    """The event that says: this instant fell due and a run is owed."""
    assert trigger != "manual"
    payload = v.ScheduleTicked(
        scheduled_for=instant,
        local_time=local_iso(instant, definition.timezone),
        timezone=definition.timezone,
        lateness_ms=max(0, (now - instant) // timedelta(milliseconds=1)),
        trigger=trigger,
        nominal=nominal(definition, instant),
        because_of=because_of,
        replaces=replaces,
    )
    return v.event(payload, v.SCHEDULER, job=definition.name, run=OWN_SEQ)


@lru_cache(maxsize=16_384)
def summary(
    schedule: Schedule, after: datetime, until: datetime
) -> tuple[int, datetime | None, datetime | None]:
    """Count, first and last of the instants; jobs with the same schedule and the same interval share the counting."""
    found = schedule.summary(after, until)
    return found.count, found.first, found.last
