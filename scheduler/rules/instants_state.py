"""What the state holds about instants of a job beside its cursor: what is open, promised or settled ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from scheduler.definition import JobDefinition
from scheduler.entry_members import BackfillPart, MisfireReason

RESOLUTION = timedelta(microseconds=1)
"""The least time between two moments."""


class ClosedInterval(msgspec.Struct, gc=False):
    """The interval `after < instant <= until`: its instants are open, and their schedule is no longer in force.

    Or, of reason `paused`: the job was disabled meanwhile, and they go through its catch-up policy.
    """

    definition: JobDefinition
    after: datetime
    until: datetime
    reason: MisfireReason

    def has(self, instant: datetime) -> bool:
        """Whether an instant is in the interval."""
        return self.after < instant <= self.until


class CatchingUp(msgspec.Struct, gc=False):
    """A misfire of the instants `first` to `last`: the latest `left` of them do not have their tick yet."""

    first: datetime
    last: datetime
    left: int

    def has(self, instant: datetime) -> bool:
        """Whether an instant is between the first and the last."""
        return self.first <= instant <= self.last


class Backfill(msgspec.Struct, gc=False, omit_defaults=True):
    """The newest backfill of a job: what of it is still to get its ticks, oldest first.

    Attributes:
        seq: the entry by which a person asked for it.
        definition: whose instants these are; None once there is nothing to come.
        parts: the instants, and which entries had disposed of them.
        left: how many do not have their tick yet; until: the last one that has.
        run: the run of that one; or of an earlier backfill of the job.
        with_dependents: the jobs that run after this one follow.
    """

    seq: int
    definition: JobDefinition | None = None
    parts: list[BackfillPart] = []
    left: int = 0
    until: datetime | None = None
    run: int | None = None
    with_dependents: bool = False

    def end(self) -> None:
        """Nothing more of it is to come."""
        self.definition, self.parts, self.left = None, [], 0


class SettledByHand(msgspec.Struct, frozen=True, gc=False):
    """A person settled a job's instants up to `until`, by entry `seq`."""

    seq: int
    until: datetime


class SettledAhead(msgspec.Struct, frozen=True, gc=False):
    """The instants `first` to `until` are settled, though the cursor is before them: a reopening left them so."""

    first: datetime
    until: datetime
