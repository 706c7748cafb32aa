"""Requests to stop a run that are still to be acted on."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler.clock import Reading
from scheduler.service.supervisor import Supervisor


class Cancellations:
    """They are told the supervisor, which knows whether it watches the run."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._entries: list[Entry] = []

    def note(self, entry: Entry) -> None:
        """A request is on record."""
        self._entries.append(entry)

    def act(self, now: Reading) -> None:
        """Stop what was asked to stop; what cannot be signalled now is tried again."""
        entries, self._entries = self._entries, []
        for entry in entries:
            try:
                self._supervisor.cancel(entry, now)
            except OSError:
                self._entries.append(entry)
