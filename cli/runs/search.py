"""The runs of the past, newest first: from the end of the ledger, or, if what is asked for lies far back, by SQL."""
# ruff: noqa: S608 - only constants are put together; what people type goes in as parameters

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from cli.runs.settled_run import SETTLING, SettledRun
from eventstore.store import Entry, EventStore
from scheduler.home import Home

LOOK_BACK_ENTRIES = 50_000
"""After so many entries SQL over the sealed segments is quicker."""
_CLOCK_SLACK = timedelta(days=1)
"""The clock may have been set back: an entry this much older than `since` may still follow one that is not."""


class Filter(NamedTuple):
    """Which runs are asked for; None does not restrict.

    Attributes:
        job: of this job.
        status: an outcome, or `skipped`.
        trigger: of this trigger.
        since: settled at this time or later; until: settled before it.
    """

    job: str | None = None
    status: str | None = None
    trigger: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def admits(self, entry: Entry) -> SettledRun | None:
        """The row of an entry that settles a run and is asked for."""
        if entry.type not in SETTLING or (self.job is not None and entry.job != self.job):
            return None
        if self.since is not None and entry.time < self.since:
            return None
        if self.until is not None and entry.time >= self.until:
            return None
        run = SettledRun.of(entry)
        if self.status is not None and self.status not in (run.outcome, run.status):
            return None
        if self.trigger is not None and self.trigger != run.trigger:
            return None
        return run


def past_runs(home: Home, store: EventStore, wanted: Filter, limit: int) -> list[SettledRun]:
    """The newest runs that are asked for, in the reverse of the order in which they were settled.

    Raises:
        Corrupt: the ledger is damaged on the way.
        Unavailable: it cannot be read.
    """
    found: list[SettledRun] = []
    for seen, entry in enumerate(store.read_backwards()):
        if wanted.since is not None and entry.time < wanted.since - _CLOCK_SLACK:
            return found
        if seen >= LOOK_BACK_ENTRIES:
            return found + _far_back(home, store, wanted, entry.seq + 1, limit - len(found))
        run = wanted.admits(entry)
        if run is not None:
            found.append(run)
            if len(found) == limit:
                return found
    return found


def _far_back(home: Home, store: EventStore, wanted: Filter, before: int, limit: int) -> list[SettledRun]:
    """The same for entries before `before`: SQL finds them, the ledger tells them."""
    rows: Iterator[SettledRun | None] = (
        wanted.admits(next(store.read(seq, seq))) for seq in _found_by_sql(home, wanted, before, limit)
    )
    return [run for run in islice(rows, limit) if run is not None]


def _found_by_sql(home: Home, wanted: Filter, before: int, limit: int) -> list[int]:
    """The `seq` of the entries that settle the runs asked for."""
    from cli.home.views import open_views

    conditions = {
        "settled_seq < $before": ("before", before),
        "job = $job": ("job", wanted.job),
        "(outcome = $status OR status = $status)": ("status", wanted.status),
        '"trigger" = $trigger': ("trigger", wanted.trigger),
    }
    parameters: dict[str, Any] = {name: value for name, value in conditions.values() if value is not None}
    where = [condition for condition, (_, value) in conditions.items() if value is not None]
    span = []
    for name, sign, instant in (("since", ">=", wanted.since), ("until", "<", wanted.until)):
        if instant is not None:
            span.append(f"time {sign} ${name}::TIMESTAMPTZ")
            parameters[name] = instant.isoformat()
    if span:
        where.append(f"settled_seq IN (SELECT seq FROM events WHERE {' AND '.join(span)})")
    query = (
        f"SELECT settled_seq FROM runs WHERE {' AND '.join(where)} ORDER BY settled_seq DESC LIMIT {limit:d}"
    )
    with open_views(home) as sql:
        return [row[0] for row in sql.execute(query, parameters).rows]
