"""Instants on days that a job's calendars exclude: which calendars these are, and the entries that say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from msgspec import structs

from scheduler import vocabulary as v
from scheduler.explanation.facts import DaylightSaving, ExcludedDay, Fact, ScheduleInForce
from scheduler.ledger.past import Past
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import excluded, nominal, offset_of
from scheduler.rules.state import Job, State
from scheduler.schedule.zones import load_zone


def without_due(
    past: Past, job: Job, instant: datetime, facts: Sequence[Fact]
) -> tuple[Literal["not_due", "excluded"], list[Fact]]:
    """The verdict about an instant that a job's schedule does not have: its calendars exclude it, or nothing had it.

    Args:
        past: the ledger.
        job: as it was at the instant.
        instant: the instant.
        facts: what else is known of it.
    """
    if instant.microsecond or not excluded(job.definition, instant - RESOLUTION, instant).count:
        return "not_due", list(facts)
    # Its schedule has the instant, and what clocks do near it does not matter.
    told = [_having(fact, job, instant) for fact in facts if not isinstance(fact, DaylightSaving)]
    return "excluded", [*told, _excluded_day(past, job, instant)]


def _having(fact: Fact, job: Job, instant: datetime) -> Fact:
    """A fact about the schedule in force, which has the instant."""
    if not isinstance(fact, ScheduleInForce):
        return fact
    return structs.replace(fact, due=True, before=None, after=None, nominal=nominal(job.definition, instant))


def _excluded_day(past: Past, job: Job, instant: datetime) -> ExcludedDay:
    calendars = job.definition.calendars
    assert calendars is not None, "without calendars nothing is excluded"
    zone = load_zone(job.definition.timezone)
    day = (instant - offset_of(job.definition)).astimezone(zone).date()
    without = [name for name, digest in calendars.without.items() if _has(digest, day)]
    names = without or list(calendars.only)
    defined = past.state_at(job.defined_seq).calendars
    recorded = _recorded(past, job.name, instant)
    proof = {defined[name].seq for name in names if name in defined}
    return ExcludedDay(
        entries=[*sorted(proof), *([] if recorded is None else [recorded])],
        day=day.isoformat(),
        names=names,
        only=not without,
        recorded=recorded is not None,
    )


def _has(digest: str, day: date) -> bool:
    from scheduler.schedule.calendars.calendar_days import days_of

    return day in days_of(digest)


def _recorded(past: Past, name: str, instant: datetime) -> int | None:
    """The `schedule.excluded` that tells of an instant; None if there is none yet, or a person settled it before."""

    def told(state: State) -> bool:
        job = state.jobs.get(name)
        return job is not None and job.excluded_until is not None and job.excluded_until >= instant

    entry = past.first_where(told) if told(past.state_at(past.head_seq)) else None
    return entry.seq if entry is not None and v.payload(entry).first <= instant else None
