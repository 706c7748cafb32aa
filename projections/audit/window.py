"""The range of a report: which instants and which entries it is about."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from scheduler.rules.instants_state import RESOLUTION


class Window(NamedTuple):
    """The instants x with begin <= x < end; both aware."""

    begin: datetime
    end: datetime

    def has(self, moment: datetime) -> bool:
        """Whether a moment is in the range."""
        return self.begin <= moment < self.end

    def clip(self, after: datetime, until: datetime) -> tuple[datetime, datetime]:
        """The part of the stretch `after < x <= until` that is in the range, as such a stretch; it may be empty."""
        return max(after, self.begin - RESOLUTION), min(until, self.end - RESOLUTION)

    def overlaps(self, begin: datetime, end: datetime | None) -> bool:
        """Whether something that lasted from `begin` to `end`, or lasts, has a part in the range."""
        return begin < self.end and (end is None or end >= self.begin)

    def part_of(self, moment: datetime, parts: int) -> int:
        """In which of so many equal parts of the range a moment of it is, counted from 0."""
        return (moment - self.begin) * parts // (self.end - self.begin)
