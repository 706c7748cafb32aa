"""Snapshots that several nodes share: each keeps its own file of the same states, and only the leader records one.

A state follows from the entries, so its file is the same to the byte wherever it is made. Every node drafts one at
each entry whose number is a multiple of `EVERY_ENTRIES`; when the leader's is on record, whoever drafted the same
gives it its name. Where the bytes differ, for another version folds there, the draft is worth nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.snapshot import EVERY_ENTRIES, publish
from scheduler.ledger.state_file import Draft, draft


class SharedSnapshots:
    """The snapshots of one node.

    Args:
        folder: where they are.
        ledger: of which; listened to.
        every: after how many entries one is made.
    """

    def __init__(self, folder: Path, ledger: Ledger, every: int = EVERY_ENTRIES) -> None:
        self._folder, self._ledger, self._every = folder, ledger, every
        self._draft: Draft | None = None
        ledger.listen(self._notice)

    def record(self, record: Callable[[Event], object]) -> None:
        """Have the draft recorded that is not on record; for the leader alone."""
        if self._draft is not None:
            record(v.event(self._draft.payload, v.SCHEDULER))

    def _notice(self, entry: Entry) -> None:
        if entry.type == v.SnapshotWritten.TYPE:
            self._publish(entry)
        elif entry.seq % self._every == 0 and entry.seq + self._every > self._ledger.store.head().seq:
            # On a full disk there is none: they only save time.
            with suppress(OSError):
                self._draft = draft(self._folder, self._ledger.state)

    def _publish(self, entry: Entry) -> None:
        if self._draft is None or v.payload(entry).entry < self._draft.payload.entry:
            return
        made, self._draft = self._draft, None
        with suppress(OSError):
            if v.payload(entry) == made.payload:
                publish(made, entry.seq)
                self._ledger.kept_seq = made.payload.entry
            else:
                made.discard()
