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
from scheduler.definition import JobDefinition
from scheduler.rules.approvals.decisions import definition_in_force, took_effect, unwanted, wanted
from scheduler.rules.approvals.pending_change import needs_approval
from scheduler.rules.job_schedule import with_offsets
from scheduler.rules.pauses import pauses_ended
from scheduler.rules.state import State
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
    owner: str = "",
) -> list[Event]:
    """What must be recorded so that the state agrees with a valid config.

    A change that a second person has to approve does not come into force by that: it is asked for.

    Args:
        definitions: every job of the config, by name; those with jitter get their offset here.
        config: digest of the config file.
        now: moment of the decision.
        calendars: those of the config, by name; they stand before the jobs that name their days.
        owner: the user who owns the config file, and alone could write it; empty if that is not known.
    """
    events = pauses_ended(state, now)
    for calendar in (calendars or {}).values():
        events += _define_calendar(state, calendar, config)
    definitions = with_offsets(definitions, state.ledger)
    for definition in definitions.values():
        events += _define(state, definition, config, owner)
    for name, job in state.jobs.items():
        if job.present and name not in definitions:
            events += _change(state, name, job.definition, None, config, owner)
    for name in state.changes:
        if name not in definitions and definition_in_force(state, name) is None:
            events += unwanted(state, name)
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


def _define(state: State, new: JobDefinition, config: str, owner: str) -> list[Event]:
    old = definition_in_force(state, new.name)
    if old == new:
        return unwanted(state, new.name) if state.changes else []
    return _change(state, new.name, old, new, config, owner)


def _change(
    state: State, name: str, old: JobDefinition | None, new: JobDefinition | None, config: str, owner: str
) -> list[Event]:
    """The config has a definition of a job (None: none) that is not the one in force."""
    if needs_approval(old, new):
        return wanted(state, name, new, config, owner)
    return [*unwanted(state, name), *took_effect(old, new, name, config)]
