"""Bringing the ledger in line with the config: pure rules.

The last entry that enabled or disabled a job decides whether the job runs on its schedule. The config decides only
when it first names a job and when the job's `enabled` changes; another edit does not undo what a person decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, changed_members, revision
from scheduler.rules.job_schedule import with_offsets
from scheduler.rules.state import Job, State
from scheduler.schedule.calendars.calendar_days import CalendarDays


class CalendarDefinition(NamedTuple):
    """A calendar of a config: its days, and the digest of the iCalendar file that some of them come from."""

    name: str
    days: CalendarDays
    ical_sha256: str | None = None


def reconcile(
    state: State,
    definitions: Mapping[str, JobDefinition],
    config: str,
    now: datetime,
    calendars: Mapping[str, CalendarDefinition] | None = None,
) -> list[Event]:
    """What must be recorded so that the state agrees with a valid config.

    Args:
        definitions: every job of the config, by name; those with jitter get their offset here.
        config: digest of the config file.
        now: moment of the decision.
        calendars: those of the config, by name; they stand before the jobs that name their days.
    """
    events = pauses_ended(state, now)
    for calendar in (calendars or {}).values():
        events += _define_calendar(state, calendar, config)
    definitions = with_offsets(definitions, state.ledger)
    for name, definition in definitions.items():
        events += _define(state.jobs.get(name), definition, config)
    for name, job in state.jobs.items():
        if job.present and name not in definitions:
            events.append(v.event(v.JobRemoved(config=config), v.CONFIG, job=name))
    if events or state.config != config or state.rejection is not None:
        events.append(v.event(v.ConfigAccepted(config=config, jobs=len(definitions)), v.CONFIG))
    return events


def _define_calendar(state: State, new: CalendarDefinition, config: str) -> list[Event]:
    known = state.calendars.get(new.name)
    days = new.days.digest
    if known is not None and (known.days, known.ical_sha256) == (days, new.ical_sha256):
        return []
    defined = v.CalendarDefined(
        name=new.name,
        days=days,
        config=config,
        weekdays=new.days.weekday_names,
        dates=new.days.dates,
        ical_sha256=new.ical_sha256,
    )
    return [v.event(defined, v.CONFIG)]


def _define(job: Job | None, new: JobDefinition, config: str) -> list[Event]:
    if job is not None and job.present and job.definition == new:
        return []
    old = job.definition if job is not None and job.present else None
    changed = [] if old is None else changed_members(old, new)
    defined = v.JobDefined(definition=new, revision=revision(new), config=config, changed=changed)
    events = [v.event(defined, v.CONFIG, job=new.name)]
    was_enabled = True if old is None else old.enabled
    if new.enabled != was_enabled:
        enablement = v.JobEnabled() if new.enabled else v.JobDisabled()
        events.append(v.event(enablement, v.CONFIG, job=new.name))
    return events


def pauses_ended(state: State, now: datetime) -> list[Event]:
    """A pause that has ended is recorded as such, effective from the moment at which it ended."""
    return [
        v.event(v.JobEnabled(reason="the pause ended", effective_at=until), v.SCHEDULER, job=name)
        for name, job in state.jobs.items()
        if job.present and (until := job.enablement.until) is not None and until <= now
    ]
