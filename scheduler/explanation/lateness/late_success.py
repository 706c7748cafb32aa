"""Whether a job was late at an instant by `success_every`, found by the states of then and after.

A breach is a function of the state, so it is there before an entry tells of it, and where none ever does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import LateSuccess
from scheduler.ledger.past import NEAR_ENTRIES, Past
from scheduler.rules.expectations.expected import key_of, limit_ms
from scheduler.rules.expectations.moments import breached_from
from scheduler.rules.fold.expectations import end_pause
from scheduler.rules.state import State


def late_success(past: Past, name: str, instant: datetime) -> LateSuccess | None:
    """The fact that no success of a job had come within what was expected, at an instant; None if it was not late.

    The entries are those that tell of the breach and its end, and the one that ended it; where none tells of it so
    far, the one that had it expected.

    Args:
        past: the ledger.
        name: of the job.
        instant: which has passed.

    Raises:
        Corrupt: an entry on the way does not stand where the chain says.
    """
    seq = past.seq_at(instant)
    state = None if seq is None else past.state_at(seq)
    since = None if state is None else _late_since(state, name, instant)
    if seq is None or state is None or since is None or since > instant:
        return None
    job = state.jobs[name]
    limit = limit_ms(job.definition, "success_every")
    assert limit is not None, "what is late is expected"
    known = state.expectations and state.expectations.open.get(key_of("success_every", name, None))
    end = past.first_where(lambda later: _late_since(later, name, instant) != since, after=seq)
    told = [] if not known or known.seq is None else [known.seq]
    told += [entry.seq for entry in _told(past, name, since, seq)]
    if end is None:
        return LateSuccess(limit, since, entries=told or [job.defined_seq])
    told += [entry.seq for entry in _told(past, name, since, end.seq)]
    ended = past.state_at(end.seq).expectations
    breach = next(
        (
            each
            for each in (() if ended is None else ended.ended)
            if (each.job, each.expectation, each.since) == (name, "success_every", since)
        ),
        None,
    )
    entries = sorted({*told, end.seq})
    if breach is None or breach.until is None:
        return LateSuccess(limit, since, entries=entries)
    return LateSuccess(limit, since, breach.until, breach.by, entries=entries)


def _late_since(state: State, name: str, instant: datetime) -> datetime | None:
    """From when on no success of a job had come in time, as the state has it at an instant; it is changed."""
    known, job = state.expectations, state.jobs.get(name)
    if known is None or job is None:
        return None
    told = known.open.get(key_of("success_every", name, None))
    if told is not None:
        return told.since
    end_pause(state, job, instant)
    return breached_from(state, "success_every", name, None)


def _told(past: Past, name: str, since: datetime, after: int) -> Iterator[Entry]:
    """The entries near behind an entry that tell of such a breach, or of its end."""
    for entry in past.entries(after + 1, min(past.head_seq, after + NEAR_ENTRIES)):
        if entry.type in v.EXPECTED and entry.job == name:
            data: v.ExpectationBreached | v.ExpectationMet = v.payload(entry)
            if (data.expectation, data.since) == ("success_every", since):
                yield entry
