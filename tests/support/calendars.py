"""Calendars of made-up configs."""

from __future__ import annotations

from scheduler.definition import JobCalendars
from scheduler.rules.reconcile import CalendarDefinition
from scheduler.schedule.calendars.calendar_days import CalendarDays, keep


def calendar(name: str, *dates: str, weekdays: tuple[str, ...] = ()) -> CalendarDefinition:
    """A calendar as a config has it: `2026-01-02`, `2026-01-05..2026-01-07`."""
    days = CalendarDays.of(weekdays, dates)
    keep(days)
    return CalendarDefinition(name, days)


def on(
    only: tuple[CalendarDefinition, ...] = (), without: tuple[CalendarDefinition, ...] = ()
) -> JobCalendars:
    """The calendars of a job."""
    return JobCalendars(
        only={each.name: each.days.digest for each in only},
        without={each.name: each.days.digest for each in without},
    )
