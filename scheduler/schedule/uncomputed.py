"""Schedules whose instants come from no arithmetic: they have none that could be computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from scheduler.schedule.schedule import Schedule, Summary


class Uncomputed(Schedule, frozen=True):
    """No instant that is known before it comes; in the zone the times of such runs are shown."""

    def next_after(self, instant: datetime) -> datetime | None:
        """None: nothing that can be told."""
        del instant
        return None

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """Nothing."""
        del after, until, limit
        return iter(())

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """Nothing."""
        del after, until, n
        return []

    def summary(self, after: datetime, until: datetime) -> Summary:
        """No first, no last, none."""
        del after, until
        return Summary(None, None, 0)


class OnDemand(Uncomputed, frozen=True):
    """The schedule of a job that runs only when somebody asks for it."""

    def describe(self) -> str:
        """That it has no times, in words."""
        return "only when asked for"

    def source(self) -> str:
        """The key, as words."""
        return "on demand"


REBOOT = "@reboot"
"""The one expression that is no time."""


class AtReboot(Uncomputed, frozen=True):
    """The schedule of a job that runs once for each boot of the machine: when a scheduler first sees that boot."""

    def describe(self) -> str:
        """When, in words."""
        return "once for each boot of the machine"

    def source(self) -> str:
        """The expression."""
        return REBOOT


def is_reboot(expression: str) -> bool:
    """Whether an expression asks for a run for each boot."""
    return expression.strip().lower() == REBOOT
