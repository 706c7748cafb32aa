"""When a job was last due: the instant that is explained if a person asks why a job did not run and names none."""

from __future__ import annotations

from datetime import datetime
from itertools import islice

from eventstore.store import EventStore
from scheduler import vocabulary as v
from scheduler.explanation import Explainer
from scheduler.explanation.facts import ScheduleInForce

_EDITS_MAX = 20
"""At most this many earlier schedules are tried."""
_LOOK_BACK_ENTRIES = 20_000


def last_due(explainer: Explainer, store: EventStore | None, name: str) -> datetime | None:
    """The latest instant up to now that a schedule of the job had while it was in force; None if there was none.

    Of a job that runs on demand, when it was asked for last.

    The latest instant of the present schedule may be older than the schedule itself, or than the job. Then the latest
    instant on record counts. If that lies too far back, earlier schedules are tried.

    Args:
        explainer: the explainer of the job.
        store: the ledger; None if there is none yet.
        name: the name of the job.

    Raises:
        Corrupt: the ledger cannot be trusted.
    """
    instant = explainer.latest_due()
    for edits in range(_EDITS_MAX):
        answer = None if instant is None else explainer.explain(instant)
        if answer is not None and answer.verdict not in ("not_due", "not_defined"):
            return instant
        if edits == 0 and (recorded := _recorded(store, name, asked=explainer.on_demand)) is not None:
            return recorded
        facts = [] if answer is None else answer.facts
        instant = next((fact.before for fact in facts if isinstance(fact, ScheduleInForce)), None)
        if instant is None:
            return None
    return instant


def _recorded(store: EventStore | None, name: str, *, asked: bool) -> datetime | None:
    """The latest instant of a job that fell due, or at which it was asked for, according to the newest entries."""
    if store is None:
        return None
    for entry in islice(store.read_backwards(), _LOOK_BACK_ENTRIES):
        if asked and entry.job == name and entry.type == v.RunRequested.TYPE:
            return entry.time
        if entry.job == name and entry.type in (v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE):
            data = v.payload(entry)
            due: datetime = data.scheduled_for if isinstance(data, v.ScheduleTicked) else data.last
            return due
    return None
