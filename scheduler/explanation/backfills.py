"""Instants that a person asked to have backfilled: what became of that."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property, partial
from typing import NamedTuple

from msgspec import structs

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import Backfilling, Fact, Verdict
from scheduler.explanation.repeated_instants import is_due
from scheduler.explanation.runs import RunFacts, run_owed
from scheduler.ledger.past import Past
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.state import State


class _Request(NamedTuple):
    entry: Entry
    data: v.BackfillRequested

    def has(self, instant: datetime) -> bool:
        """Whether the instant may be one of those that were asked for: it is, if the schedule of then has it."""
        return any(part.first <= instant <= part.last for part in self.data.parts)


class Backfills:
    """The backfills of one job.

    Args:
        past: the ledger; present: its state now.
        name: the name of the job; run_facts: tells what became of a run.
    """

    def __init__(self, past: Past, present: State, name: str, run_facts: RunFacts) -> None:
        self._past, self._present, self._name = past, present, name
        self._run_facts = run_facts

    @cached_property
    def _requests(self) -> list[_Request]:
        """What was asked for, the newest first: each request names the one before it."""
        known = self._present.backfills.get(self._name)
        found: list[_Request] = []
        seq = None if known is None else known.seq
        while seq is not None:
            entry = self._past.entry(seq)
            found.append(_Request(entry, v.payload(entry)))
            seq = found[-1].data.previous
        return found

    def instants(self, begin: datetime, until: datetime) -> set[datetime]:
        """The instants x with begin <= x < until that were asked for."""
        found: set[datetime] = set()
        for request in self._requests:
            for part in request.data.parts:
                first, last = max(begin, part.first), min(until - RESOLUTION, part.last)
                if first <= last:
                    job = self._past.state_at(request.entry.seq).jobs[self._name]
                    found.update(schedule_of(job.definition).between(first - RESOLUTION, last))
        return found

    def about(self, instant: datetime) -> tuple[Verdict | None, list[Fact]]:
        """What became of an instant by the newest request that has it; nothing if none has.

        Returns:
            The verdict, if a run was owed by that, and the facts.
        """
        for request in self._requests:
            if request.has(instant):
                job = self._past.state_at(request.entry.seq).jobs[self._name]
                if is_due(job.definition, instant):
                    return self._turn(request, instant)
        return None, []

    def _turn(self, request: _Request, instant: datetime) -> tuple[Verdict | None, list[Fact]]:
        asked = request.entry
        over = partial(_is_over, name=self._name, request=asked.seq, instant=instant)
        entry = self._past.first_where(over, after=asked.seq)
        wish = Backfilling(
            entries=[asked.seq],
            actor=asked.actor,
            time=asked.time,
            reason=request.data.reason,
            turn="to_come",
        )
        if entry is None:
            return None, [wish]
        data = v.payload(entry)
        if isinstance(data, v.ScheduleTicked) and data.scheduled_for == instant:
            verdict, facts = self._run_facts(entry.seq)
            return verdict, [structs.replace(wish, turn="had"), run_owed(entry, data), *facts]
        entries = [asked.seq, entry.seq]
        return None, [
            structs.replace(wish, entries=entries, turn="ended", ended=entry.time, ended_by=entry.actor)
        ]


def _is_over(state: State, name: str, request: int, instant: datetime) -> bool:
    """Whether an instant of a backfill has had its turn, or will have none."""
    backfill = state.backfills[name]
    if backfill.seq != request or backfill.left <= 0:
        return True
    return backfill.until is not None and backfill.until >= instant
