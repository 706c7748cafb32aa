"""Settled runs, the newest first: read from the end of the ledger, or found by SQL if they lie far back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from cli.runs.settled_run import SettledRun
from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.home import Home

LOOK_BACK_ENTRIES = 50_000
"""Beyond this many entries, SQL over the sealed segments is quicker."""
NEAR_ENTRIES = 5_000
"""So many are looked at in some 50 ms."""
CLOCK_SLACK = timedelta(days=1)
"""The clock may have been set back: an entry this much older than `since` may still follow one that is not."""


class RunFilter(NamedTuple):
    """Which runs are wanted; a member that is None does not restrict.

    Attributes:
        job: runs of this job.
        among: runs of one of these jobs.
        status: runs with this outcome, or `skipped`.
        trigger: runs with this trigger.
        node: runs whose last attempt this node made.
        longer_ms: runs whose last attempt took longer, in milliseconds.
        error: runs of whose error this is a part, whatever the case.
        since: runs settled at this time or later; until: runs settled before this time.
        attempts: each attempt of a run that ended, in place of the runs.
    """

    job: str | None = None
    among: frozenset[str] | None = None
    status: str | None = None
    trigger: str | None = None
    node: str | None = None
    longer_ms: int | None = None
    error: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    attempts: bool = False

    def admits(self, entry: Entry) -> SettledRun | None:
        """The row of an entry that settles a wanted run, or ends a wanted attempt; None for any other entry."""
        if entry.type not in v.ENDINGS or (self.job is not None and entry.job != self.job):
            return None
        if self.among is not None and entry.job not in self.among:
            return None
        if self.since is not None and entry.time < self.since:
            return None
        if self.until is not None and entry.time >= self.until:
            return None
        run = SettledRun.of(entry)
        if (run.closes if self.attempts else run.retry_at) is not None:
            return None
        if self.status is not None and self.status not in (run.outcome, run.status):
            return None
        if self.trigger is not None and self.trigger != run.trigger:
            return None
        if self.node is not None and self.node != run.node:
            return None
        if self.longer_ms is not None and (run.duration_ms is None or run.duration_ms <= self.longer_ms):
            return None
        if self.error is not None and self.error.lower() not in (run.error or "").lower():
            return None
        return run


def past_runs(home: Home, store: EventStore, wanted: RunFilter, limit: int) -> list[SettledRun]:
    """The newest wanted runs, in reverse of the order in which they were settled.

    Raises:
        Corrupt: the ledger is damaged.
        Unavailable: the ledger cannot be read.
    """
    found, before = runs_near(store, wanted, limit, entries_max=LOOK_BACK_ENTRIES)
    if before == 0 or len(found) == limit:
        return found
    return found + _far_back(home, store, wanted, before, limit - len(found))


def runs_near(
    store: EventStore,
    wanted: RunFilter,
    limit: int,
    before: int | None = None,
    entries_max: int | None = None,
) -> tuple[list[SettledRun], int]:
    """The newest wanted runs that were settled shortly before an entry, at a bounded cost.

    Args:
        store: the ledger.
        wanted: which runs.
        limit: at most so many.
        before: settled by an entry before this one; None: by any.
        entries_max: so many entries are looked at; None: `NEAR_ENTRIES`.

    Returns:
        The runs, and the entry before which more of them may have been settled: 0 if there is none.
    """
    found: list[SettledRun] = []
    looked_to = store.head().seq + 1 if before is None else before
    for entry in islice(store.read_backwards(before), entries_max or NEAR_ENTRIES):
        if wanted.since is not None and entry.time < wanted.since - CLOCK_SLACK:
            return found, 0
        if len(found) == limit:
            return found, looked_to
        looked_to = entry.seq
        run = wanted.admits(entry)
        if run is not None:
            found.append(run)
    return found, looked_to


def _far_back(home: Home, store: EventStore, wanted: RunFilter, before: int, limit: int) -> list[SettledRun]:
    """The same for entries before `before`: SQL finds their numbers, and they are read from the ledger."""
    rows: Iterator[SettledRun | None] = (
        wanted.admits(next(store.read(seq, seq))) for seq in _found_by_sql(home, wanted, before, limit)
    )
    return [run for run in islice(rows, limit) if run is not None]


def _found_by_sql(home: Home, wanted: RunFilter, before: int, limit: int) -> list[int]:
    """The `seq` of the entries that settle the wanted runs."""
    from cli.home.views import open_views
    from projections.reports.run_search import settling_entries

    with open_views(home) as sql:
        return settling_entries(sql, before_seq=before, limit=limit, **wanted._asdict())
