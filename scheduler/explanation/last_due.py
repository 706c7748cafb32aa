"""When a job was last due: the instant that a person means who asks why it did not run and names none."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from eventstore.store import EventStore
from scheduler import vocabulary as v
from scheduler.explanation import Explainer
from scheduler.explanation.facts import ScheduleInForce

_EDITS_MAX = 20
"""So many earlier schedules are tried."""
_LOOK_BACK_ENTRIES = 20_000


def last_due(explainer: Explainer, store: EventStore | None, name: str) -> datetime | None:
    """The latest instant up to now that a schedule of the job had while it was in force; None if there was none.

    That of the present schedule may be older than that schedule, or than the job. Then what is on record counts, and
    where that lies far back, the schedules of then.

    Args:
        explainer: of the job.
        store: the ledger; None if there is none yet.
        name: of the job.

    Raises:
        Corrupt: the ledger cannot be trusted.
    """
    instant = explainer.latest_due()
    for edits in range(_EDITS_MAX):
        answer = None if instant is None else explainer.explain(instant)
        if answer is not None and answer.verdict not in ("not_due", "not_defined"):
            return instant
        if edits == 0 and (recorded := _recorded(store, name)) is not None:
            return recorded
        facts = [] if answer is None else answer.facts
        instant = next((fact.before for fact in facts if isinstance(fact, ScheduleInForce)), None)
        if instant is None:
            return None
    return instant


def _recorded(store: EventStore | None, name: str) -> datetime | None:
    """The latest instant that the newest entries know to have fallen due."""
    if store is None:
        return None
    for entry in islice(store.read_backwards(), _LOOK_BACK_ENTRIES):
        if entry.job == name and entry.type in (v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE):
            data = v.payload(entry)
            due: datetime = data.scheduled_for if isinstance(data, v.ScheduleTicked) else data.last
            return due
    return None
