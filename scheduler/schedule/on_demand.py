"""The schedule of a job that runs only when somebody asks for it: it has no instants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scheduler.schedule.schedule import Schedule, Summary


@dataclass(frozen=True, slots=True)
class OnDemand(Schedule):
    """No instant at all.

    Attributes:
        zone: IANA name of the zone in which the times of such a job's runs are shown.
    """

    zone: str

    def next_after(self, instant: datetime) -> datetime | None:
        """None: nothing comes by itself."""
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

    def describe(self) -> str:
        """That it has no times, in words."""
        return "only when asked for"

    def source(self) -> str:
        """The key, as words."""
        return "on demand"
