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

    Of a job that has no schedule now, what is on record of it counts too: when it was asked for, the jobs before it
    ran, or the machine booted. A clock that was set back may leave an instant that was none; then the latest on
    record counts, or if that lies too far back, the one before by the schedule that was in force.

    Args:
        explainer: the explainer of the job.
        store: the ledger; None if there is none yet.
        name: the name of the job.

    Raises:
        Corrupt: the ledger cannot be trusted.
    """
    instant = explainer.latest_due()
    if not explainer.has_times:
        recorded = _recorded(store, name, asked=explainer.on_demand)
        instant = max(filter(None, (instant, recorded)), default=None)
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
            if isinstance(data, v.ScheduleMisfired):
                return data.last
            if (
                isinstance(data, v.ScheduleTicked) and data.trigger != "backfill"
            ):  # that is of any time at all
                return data.scheduled_for
    return None
