"""Backfilling: which instants a person may ask for, and how the request is recorded. Pure rules.

The schedule disposes of an instant once. A backfill adds runs for instants of which none was made: it moves no cursor
and settles nothing. What is still open is the schedule's, and is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import BackfillPart, Claims
from scheduler.rules.instants_state import Backfill
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.state import Job, State
from scheduler.schedule.schedule import Schedule

BACKFILL_MAX = 10_000
"""At most so many instants are asked for at once."""


class Wanted(NamedTuple):
    """An instant that is to be backfilled, and the entry that had disposed of it, if one had."""

    instant: datetime
    replaces: int | None


def under_way(state: State, name: str) -> Backfill | None:
    """The backfill of a job of which something is still to come; None if there is none."""
    backfill = state.backfills.get(name)
    return backfill if backfill is not None and backfill.left > 0 else None


def range_end(job: Job, now: datetime) -> datetime:
    """Up to when instants can be backfilled: what is later is the schedule's."""
    return min(job.cursor, now)


def is_open(job: Job, instant: datetime) -> bool:
    """Whether the schedule, or an earlier one, has not disposed of an instant yet that its cursor has passed."""
    promised = job.catching_up
    if promised is not None and promised.has(instant):
        return True
    return any(span.has(instant) for span in job.unsettled)


def backfilling(
    state: State,
    job: Job,
    wanted: Sequence[Wanted],
    actor: str,
    *,
    reason: str = "",
    missed_only: bool = False,
    with_dependents: bool = False,
    claims: Claims | None = None,
) -> Event:
    """The event that asks for these instants of a job, which are in order."""
    known = state.backfills.get(job.name)
    payload = v.BackfillRequested(
        first=wanted[0].instant,
        last=wanted[-1].instant,
        count=len(wanted),
        parts=parts(schedule_of(job.definition), wanted),
        missed_only=missed_only,
        reason=reason,
        previous=None if known is None else known.seq,
        claims=claims,
        with_dependents=with_dependents,
    )
    return v.event(payload, actor, job=job.name)


def ending(state: State, name: str, actor: str, reason: str, claims: Claims | None = None) -> list[Event]:
    """The event that ends what is under way of a job's backfill, at a person's wish; none if nothing is."""
    backfill = under_way(state, name)
    if backfill is None:
        return []
    payload = v.BackfillEnded(request=backfill.seq, left=backfill.left, reason=reason, claims=claims)
    return [v.event(payload, actor, job=name)]


def parts(schedule: Schedule, wanted: Sequence[Wanted]) -> list[BackfillPart]:
    """The same instants, those together that follow each other in the schedule."""
    found: list[list[Wanted]] = []
    for each in wanted:
        stretch = found[-1] if found else []
        if stretch and schedule.next_after(stretch[-1].instant) == each.instant and _fits(stretch, each):
            stretch.append(each)
        else:
            found.append([each])
    return [_part(stretch) for stretch in found]


def _fits(stretch: Sequence[Wanted], new: Wanted) -> bool:
    """Whether one more can be told with these: all have one entry, or none, or each has an entry of its own."""
    first, last = stretch[0].replaces, stretch[-1].replaces
    if len(stretch) == 1:
        return first == new.replaces or None not in (first, new.replaces)
    return new.replaces == last if first == last else new.replaces not in (None, last)


def _part(stretch: Sequence[Wanted]) -> BackfillPart:
    replaces = [each.replaces for each in stretch if each.replaces is not None]
    return BackfillPart(
        first=stretch[0].instant,
        last=stretch[-1].instant,
        count=len(stretch),
        replaces=replaces[:1] if len(set(replaces)) == 1 else replaces,
    )
