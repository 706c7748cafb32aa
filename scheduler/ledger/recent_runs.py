"""The recent runs of a job, read backwards from the end of the ledger, at a bounded cost.

Older runs need a search through the whole history.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from scheduler.entry_members import Outcome, Trigger
from scheduler.rules.runs.attempts import settles
from scheduler.vocabulary import RunFinished, payload

if TYPE_CHECKING:
    from scheduler.ledger.view import View

_CHUNK_ENTRIES = 2_000
_LOOKED_AT_MAX = 20_000
"""At most this many entries are looked at, so that the cost does not grow with the ledger."""


class EndedRun(msgspec.Struct, frozen=True):
    """A run that has ended, as entry `entry` says."""

    run: int
    trigger: Trigger
    scheduled_for: datetime | None
    started: datetime
    finished: datetime
    duration_ms: int | None
    outcome: Outcome
    exit_code: int | None
    signal: int | None
    error: str | None
    attempt: int
    entry: int


def recent_runs(view: View, job: str, count: int) -> list[EndedRun]:
    """The last runs of a job that ended, the newest first: at most `count`, and only those near the ledger's end.

    Raises:
        Corrupt: an entry on the way does not stand where the chain says.
    """
    found: list[EndedRun] = []
    if view.ledger is None:
        return found
    end = view.ledger.store.head().seq
    oldest = max(0, end - _LOOKED_AT_MAX + 1)
    while end >= oldest and len(found) < count:
        first = max(oldest, end - _CHUNK_ENTRIES + 1)
        chunk = [
            entry
            for entry in view.ledger.store.read(first, end)
            if entry.type == RunFinished.TYPE
            and entry.job == job
            and entry.run is not None
            and settles(entry)
        ]
        for entry in reversed(chunk):
            data: RunFinished = payload(entry)
            ended = EndedRun(
                entry.run or 0, data.trigger, data.scheduled_for, data.started, entry.time, data.duration_ms,
                data.outcome, data.exit_code, data.signal, data.error, data.attempt, entry.seq,
            )  # fmt: skip
            found.append(ended)
        end = first - 1
    return found[:count]
