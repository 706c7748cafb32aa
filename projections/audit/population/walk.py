"""A walk along the instants of a schedule: the next one costs next to nothing, wherever the walk has come to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from scheduler.definition import JobDefinition
from scheduler.rules.job_schedule import schedule_of


class Walk:
    """The instants of one schedule, in order.

    Args:
        definition: of the job whose schedule it is.
        after: they begin behind this moment.
        until: and end with this one.
    """

    def __init__(self, definition: JobDefinition, after: datetime, until: datetime) -> None:
        self.definition, self.at, self._until = definition, after, until
        self.schedule = schedule_of(definition)
        self._ahead: Iterator[datetime] = iter(())
        self._next: datetime | None = None
        self._begin(after)

    def _begin(self, after: datetime) -> None:
        self.at = after
        self._ahead = self.schedule.between(after, self._until)
        self._next = next(self._ahead, None)

    def step(self, after: datetime, instant: datetime) -> bool:
        """Whether an instant is the first one behind `after`; if it is, the walk has come to it."""
        if after != self.at:
            self._begin(after)
        if self._next != instant:
            return False
        self.at, self._next = instant, next(self._ahead, None)
        return True
