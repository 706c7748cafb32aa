"""What was expected of jobs and did not hold: the breaches that entries tell of, from beginning to end."""

from __future__ import annotations

from datetime import datetime

import msgspec

from eventstore.store import Entry
from projections.audit.findings import Listed
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.entry_members import BreachEnd, Expectation
from scheduler.rules.expectations.expected import Expectations
from scheduler.rules.state import State


class ToldBreach(msgspec.Struct, kw_only=True):
    """Something that was expected of a job did not hold from `since` on.

    Attributes:
        job, expectation, run, limit_ms, scheduled_for, since: as `expectation.breached` has them.
        seq: that entry.
        until, by: when it ended, and by what; None while it goes on, as far as the ledger tells.
        because_of: the entry that ended it; ended_seq: the `expectation.met` that tells of that. No scheduler may
            have served since it ended: then there is only the first.
    """

    job: str
    expectation: Expectation
    run: int | None
    limit_ms: int
    scheduled_for: datetime | None
    since: datetime
    seq: int
    until: datetime | None = None
    by: BreachEnd | None = None
    because_of: int | None = None
    ended_seq: int | None = None


class Breaches:
    """The breaches that have a part in a range: those that ended in the order of their ends, then those that go on.

    Attributes:
        listed: they.
        going: how many of them go on.

    Args:
        window: the range.
        state: the state before the first entry.
        jobs: only these; None: all.
    """

    def __init__(self, window: Window, state: State, jobs: frozenset[str] | None) -> None:
        self._window, self._jobs = window, jobs
        self.listed: Listed[ToldBreach] = Listed()
        self.going = 0
        self._open: dict[int, ToldBreach] = {}
        known = state.expectations or Expectations()
        for breach in (*known.ended, *known.open.values()):
            if breach.seq is not None and self._wanted(breach.job):
                self._open[breach.seq] = ToldBreach(
                    job=breach.job, expectation=breach.expectation, run=breach.run, limit_ms=breach.limit_ms,
                    scheduled_for=breach.scheduled_for, since=breach.since, seq=breach.seq,
                )  # fmt: skip

    def _wanted(self, name: str) -> bool:
        return self._jobs is None or name in self._jobs

    def told(self, entry: Entry) -> None:
        """A breach is on record, or its end."""
        data = v.payload(entry)
        if isinstance(data, v.ExpectationBreached) and self._wanted(entry.job or ""):
            self._open[entry.seq] = ToldBreach(
                job=entry.job or "", expectation=data.expectation, run=entry.run, limit_ms=data.limit_ms,
                scheduled_for=data.scheduled_for, since=data.since, seq=entry.seq,
            )  # fmt: skip
        elif isinstance(data, v.ExpectationMet) and (row := self._open.pop(data.breach, None)) is not None:
            row.until, row.by, row.because_of, row.ended_seq = (
                data.until, data.by, data.because_of, entry.seq
            )  # fmt: skip
            self._list(row)

    def at_end(self, state: State) -> None:
        """What had ended when the ledger ends, and was not told of as ended, and what goes on."""
        for breach in () if state.expectations is None else state.expectations.ended:
            row = self._open.pop(-1 if breach.seq is None else breach.seq, None)
            if row is not None:
                row.until, row.by, row.because_of = breach.until, breach.by, breach.because_of
                self._list(row)
        for row in self._open.values():
            self.going += self._list(row)

    def _list(self, row: ToldBreach) -> bool:
        has_part = self._window.overlaps(row.since, row.until)
        if has_part:
            self.listed.add(row)
        return has_part
