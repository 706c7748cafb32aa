"""What a report finds and lists: instants that nothing explains, and lists that do not grow without bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

LISTED_MAX = 10_000
"""A list of a report holds at most so many rows, the first ones; what is left out is counted."""

Row = TypeVar("Row")


class Listed(Generic[Row]):
    """The first rows of a kind, and how many there are in all."""

    def __init__(self, most: int = LISTED_MAX) -> None:
        self.rows: list[Row] = []
        self.total = 0
        self._most = most

    def add(self, row: Row) -> None:
        """Take in one more."""
        self.total += 1
        if len(self.rows) < self._most:
            self.rows.append(row)

    @property
    def left_out(self) -> int:
        """How many rows are counted and not listed."""
        return self.total - len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return self.total


FindingKind = Literal[
    "no_disposition", "second_disposition", "not_implied", "wrong_count", "promise_broken", "no_exclusion"
]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the entries do not explain.

    Attributes:
        kind: `no_disposition`: the schedule implied these instants, and nothing is on record about them though later
            entries had to be; `second_disposition`: what had its entry got another one; `not_implied`: an entry is
            about instants that no schedule in force had; `wrong_count`: the entry's first, last and count are not
            those of the schedule; `promise_broken`: a misfire said that it would be run, and nothing says that it
            was; `no_exclusion`: a calendar excluded these, and no entry says so though later ones are on record.
        job: the job.
        first, last, count: the instants.
        seq: the entry that shows it, or the first one behind the place where one is missing; None: the end of the
            ledger does.
        expected: of a count that is wrong, the right one.
    """

    kind: FindingKind
    job: str
    first: datetime
    last: datetime
    count: int
    seq: int | None = None
    expected: int | None = None


class Findings(Listed[Finding]):
    """All findings: the first of them, and how many instants they are about altogether."""

    def __init__(self) -> None:
        super().__init__()
        self.instants = 0

    def add(self, row: Finding) -> None:
        """Take in one more."""
        super().add(row)
        self.instants += row.count


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An instant that versions of then put elsewhere than those of today.

    Attributes:
        job: the job.
        recorded: the instant as it was recorded, by entry `seq`.
        recomputed: the instant of the same local time, as the versions of today have it; of a misfire, its first.
        count: how many there are; versions: those of then, of the parts that are others today.
    """

    job: str
    recorded: datetime
    recomputed: datetime
    seq: int
    versions: dict[str, str]
    count: int = 1
