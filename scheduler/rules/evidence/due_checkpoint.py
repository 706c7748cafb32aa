"""When the next checkpoint is due: a pure rule over what was recorded since the last one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.evidence.settings import CheckpointTimes
from scheduler.rules.evidence.evidence_state import Evidence


class Pending(NamedTuple):
    """What was recorded since the last checkpoint, and how long ago that was.

    Attributes:
        entries: how many of them count; those about checkpoints, and snapshots, do not.
        age: since the last checkpoint; None if there is none.
    """

    entries: int
    age: timedelta | None

    def is_due(self, times: CheckpointTimes, *, last: bool = False) -> bool:
        """Whether the next checkpoint is due.

        Args:
            times: as the config has them.
            last: nothing more will be recorded for now, because the scheduler has stopped.
        """
        if not self.entries:
            return False
        # A clock that was set back would have it wait for as long.
        aged = self.age is None or not timedelta() <= self.age < timedelta(milliseconds=times.interval_ms)
        return last or aged or self.entries >= times.entries


def pending(evidence: Evidence, entries: Iterable[Entry], now: datetime) -> Pending:
    """What is pending.

    Args:
        evidence: what is on record about checkpoints.
        entries: all from the size of the last checkpoint on.
        now: the time.
    """
    count = sum(entry.type not in v.UNCOUNTED for entry in entries)
    return Pending(count, None if evidence.signed is None else now - evidence.signed.time)
