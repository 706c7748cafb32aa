"""An auditor of backfills: checks from the entries alone that what a person asked for was run, once, in turn.

It knows what each instant had come to by itself: it shares nothing with the rules that choose and tick them.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition

Instants = Callable[[JobDefinition, datetime, datetime], list[datetime]]


class BackfillAuditor:
    """What is known of the backfills of one job.

    Args:
        instants: lists the instants of a definition between two moments.
    """

    def __init__(self, instants: Instants) -> None:
        self._instants = instants
        self._request: int | None = None
        self._to_come: list[datetime] = []
        self._replaces: dict[datetime, int | None] = {}
        self._runs: dict[int, datetime] = {}
        self._with_run: set[datetime] = set()
        self._backfilled: set[datetime] = set()
        self._misfires: dict[int, tuple[datetime, datetime]] = {}
        self._skipped: dict[int, datetime] = {}
        self._going: int | None = None

    @property
    def claimed(self) -> set[datetime]:
        """The instants that were backfilled, and those that are still to be."""
        return self._backfilled.union(self._to_come)

    def look(self, entry: Entry, data: object) -> None:
        """Take in an entry about the job that is none of a backfill."""
        match data:
            case v.JobRemoved() | v.JobDisabled():
                self._to_come = []
            case v.JobDefined() if not data.definition.enabled and "enabled" in data.changed:
                self._to_come = []
            case v.ScheduleTicked(trigger="backfill"):
                self._tick(entry, data)
            case v.ScheduleTicked():
                self._runs[entry.seq] = data.scheduled_for
                self._with_run.add(data.scheduled_for)
            case v.ScheduleMisfired() | v.ScheduleExcluded():
                self._misfires[entry.seq] = data.first, data.last
            case v.ScheduleSettled(first=datetime() as first, last=datetime() as last):
                self._misfires[entry.seq] = first, last
            case v.RunSkipped():
                self._skip(-1 if entry.run is None else entry.run)
            case v.RunFinished(retry_at=None) if entry.run == self._going:
                self._going = None
            case v.BackfillEnded():
                assert self._request == data.request
                assert len(self._to_come) == data.left, f"{len(self._to_come)} were to come"
                self._to_come = []
            case _:
                pass

    def _skip(self, run: int) -> None:
        if run == self._going:
            self._going = None
        elif run in self._runs:
            self._skipped[run] = self._runs[run]
            self._with_run.discard(self._runs[run])

    def request(
        self,
        entry: Entry,
        data: v.BackfillRequested,
        definition: JobDefinition,
        still_open: Container[datetime],
    ) -> None:
        """A person asks for instants of a definition; what is still open is not to be asked for."""
        assert not self._to_come, f"{entry.job}: the backfill before it is not over"
        assert data.previous == self._request
        wanted: list[datetime] = []
        for part in data.parts:
            found = self._instants(definition, part.first - timedelta(microseconds=1), part.last)
            assert (found[0], found[-1], len(found)) == (part.first, part.last, part.count), f"{part}"
            wanted += found
            each: list[int | None] = [*part.replaces] or [None]
            self._replaces.update(zip(found, each * part.count if len(each) == 1 else each, strict=True))
        assert (wanted[0], wanted[-1], len(wanted)) == (data.first, data.last, data.count)
        assert wanted == sorted(set(wanted))
        for instant in wanted:
            assert instant <= entry.time, f"{entry.job}: {instant} is to come"
            assert instant not in still_open, f"{entry.job}: {instant} is open"
            assert instant not in self._with_run, f"{entry.job}: {instant} has a run"
            assert instant not in self._backfilled, f"{entry.job}: {instant} was backfilled"
            self._check_replaced(instant, self._replaces[instant])
        self._request, self._to_come = entry.seq, wanted

    def _check_replaced(self, instant: datetime, replaced: int | None) -> None:
        if replaced is None:
            skips = set(self._skipped.values())
            assert instant not in skips, f"{instant} was skipped, and that is not replaced"
        elif replaced in self._skipped:
            assert self._skipped[replaced] == instant
        else:
            first, last = self._misfires[replaced]
            assert first <= instant <= last, f"{instant} is not of entry {replaced}"

    def _tick(self, entry: Entry, data: v.ScheduleTicked) -> None:
        assert self._going is None, f"{entry.job}: run {self._going} had not ended"
        assert data.because_of == self._request
        assert self._to_come, f"{entry.job}: nobody asked for {data.scheduled_for}"
        assert self._to_come.pop(0) == data.scheduled_for, f"{entry.job}: {data.scheduled_for} out of turn"
        assert data.replaces == self._replaces[data.scheduled_for]
        self._backfilled.add(data.scheduled_for)
        self._going = entry.seq

    def at_rest(self) -> None:
        """Nothing is to come, of a scheduler that has had its turns.

        Raises:
            AssertionError: something is, though no run of the backfill is in flight.
        """
        assert not self._to_come or self._going is not None, f"{self._to_come[:3]} had no turn"
