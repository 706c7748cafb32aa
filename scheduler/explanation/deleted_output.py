"""Which retention deleted the captured output of a run."""

from __future__ import annotations

from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v


def deleted_by(store: EventStore, finished: Entry) -> Entry | None:
    """The first `retention.applied` that deleted logs as old as those of a run, which entry `finished` ended."""
    for entry in store.read(finished.seq + 1):
        if entry.type == v.RetentionApplied.TYPE:
            data: v.RetentionApplied = v.payload(entry)
            if data.kind == "logs" and not data.dry_run and data.deleted and data.cutoff > finished.time:
                return entry
    return None
