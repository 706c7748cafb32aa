"""The laws of what people were told: each entry tells of entries before it, and its numbers fit."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.state import State


def notified(state: State, entry: Entry, data: v.NotificationSent | v.NotificationFailed) -> str:  # noqa: ARG001
    """What is wrong with a `notification.sent` or a `notification.failed`; empty if nothing is."""
    if not 0 <= data.first <= data.last:
        return "its numbers contradict one another"
    if data.last >= entry.seq:
        return f"entry {data.last}, of which it tells, stands behind it"
    whole = data.about == sorted(set(data.about)) and (
        not data.about
        or (data.about[0], data.about[-1], len(data.about)) == (data.first, data.last, data.count)
    )
    if not whole or data.count < 1 or sum(data.kinds.values()) != data.count:
        return "its numbers contradict one another"
    return ""
