"""The tally: how many instants of each job and revision have which disposition, in all and in parts of the range."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from projections.audit.window import Window
from scheduler.definition import JobDefinition

Disposition = Literal[
    "succeeded", "failed", "timed_out", "cancelled", "lost", "unknown",
    "in_flight", "skipped", "missed", "excluded", "disabled", "settled", "undecided", "not_due", "unexplained",
]  # fmt: skip
DISPOSITIONS: tuple[Disposition, ...] = get_args(Disposition)
"""What becomes of an instant: exactly one of these.

The first six: its run came out so. `in_flight`: its run is owed, is going, or waits. `skipped`: a run was owed and
deliberately not made. `missed`: nobody watched, and it was not caught up. `excluded`: by a calendar. `disabled`: its
job was. `settled`: by a person. `undecided`: no scheduler has come to it, and none had to. `not_due`: it is to come.
`unexplained`: nothing is on record, and something had to be.
"""
RAN: Final = DISPOSITIONS[:6]
"""Those of instants whose run has ended."""

PARTS = 120
"""Into so many parts of the same length the range is divided, for the timeline."""
_LISTED_INSTANTS_MAX = 500
"""So many instants of a stretch are put into their parts one by one; of more, all parts between get a mark."""
_WORST: Final[dict[Disposition, int]] = {
    "not_due": 1, "disabled": 2, "excluded": 3, "settled": 4, "succeeded": 5, "in_flight": 6, "undecided": 7,
    "cancelled": 8, "unknown": 8, "skipped": 9, "missed": 10, "timed_out": 11, "lost": 11, "failed": 11,
    "unexplained": 12,
}  # fmt: skip
_BY_WEIGHT: Final[dict[int, Disposition]] = {
    **{weight: disposition for disposition, weight in _WORST.items()}, 8: "cancelled", 11: "failed",
}  # fmt: skip


class RevisionKey(NamedTuple):
    """A job, and one of its revisions."""

    job: str
    revision: str


class RevisionTally:
    """What became of the instants that one revision of a job implied.

    Attributes:
        definition: it.
        counts: how many instants have which disposition.
        reasons: of those that were skipped or missed, how many for which reason.
    """

    def __init__(self, definition: JobDefinition) -> None:
        self.definition = definition
        self.counts: dict[Disposition, int] = {}
        self.reasons: dict[str, int] = {}

    @property
    def implied(self) -> int:
        """How many instants it implied in the range."""
        return sum(self.counts.values())


class Tally:
    """Counts of all jobs, over one range."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.revisions: dict[RevisionKey, RevisionTally] = {}
        self._marks: dict[str, bytearray] = {}

    def of(self, key: RevisionKey, definition: JobDefinition) -> RevisionTally:
        """The counts of a revision, which may have none yet."""
        found = self.revisions.get(key)
        if found is None:
            found = self.revisions[key] = RevisionTally(definition)
        return found

    def add(
        self,
        key: RevisionKey,
        definition: JobDefinition,
        disposition: Disposition,
        count: int,
        reason: str | None = None,
    ) -> None:
        """So many more instants of a revision have this disposition; fewer, if `count` is negative."""
        found = self.of(key, definition)
        found.counts[disposition] = found.counts.get(disposition, 0) + count
        if reason is not None:
            found.reasons[reason] = found.reasons.get(reason, 0) + count

    def mark(self, job: str, disposition: Disposition, instants: Iterable[datetime]) -> None:
        """Put instants of the range into their parts."""
        marks = self._marks.get(job)
        if marks is None:
            marks = self._marks[job] = bytearray(PARTS)
        weight = _WORST[disposition]
        for instant in instants:
            part = self.window.part_of(instant, PARTS)
            if marks[part] < weight:
                marks[part] = weight

    def mark_stretch(
        self,
        job: str,
        disposition: Disposition,
        first: datetime,
        last: datetime,
        instants: Iterable[datetime],
    ) -> None:
        """The same of a stretch that may have very many: then all parts from the first to the last get the mark."""
        listed: list[datetime] = []
        for instant in instants:
            listed.append(instant)
            if len(listed) > _LISTED_INSTANTS_MAX:
                begin, end = (self.window.part_of(each, PARTS) for each in (first, last))
                step = (self.window.end - self.window.begin) / PARTS
                listed = [self.window.begin + step * (part + 0.5) for part in range(begin, end + 1)]
                break
        self.mark(job, disposition, listed)

    def parts(self, job: str) -> list[Disposition | None]:
        """The gravest disposition in each part of the range; None in a part without instants."""
        return [_BY_WEIGHT.get(weight) for weight in self._marks.get(job, bytes(PARTS))]

    @property
    def totals(self) -> dict[Disposition, int]:
        """The counts of all jobs together, in the order in which dispositions are told; also those of zero."""
        return {
            disposition: sum(each.counts.get(disposition, 0) for each in self.revisions.values())
            for disposition in DISPOSITIONS
        }
