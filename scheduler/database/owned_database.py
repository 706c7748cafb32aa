"""The database to which a ledger is moved, as the role that owns its tables."""

from __future__ import annotations

from collections.abc import Sequence

from eventstore.store import Head
from scheduler.database.connection import connect_as_owner


class OwnedDatabase:
    """A `Target` of a move.

    Args:
        address: the URL that the nodes have, with the role that they connect as.
        owner: the role that owns the tables, or is to own them.
        writer: the nodes' role.

    Raises:
        BadAddress: the address is none.
        DriverMissing: the driver is not installed.
    """

    def __init__(self, address: str, owner: str, writer: str) -> None:
        self._owner = connect_as_owner(address, owner)
        self._writer = writer

    def ledger_there(self) -> str | None:
        """The identity of the ledger that is there; None if there is none."""
        found = self._owner.found()
        return None if found is None else found.ledger_id

    def prepare(self) -> None:
        """Have tables for lines, and the role of the nodes."""
        if not self._owner.has_role(self._writer):
            self._owner.create_role(self._writer)
        if not self._owner.is_prepared():
            self._owner.prepare(self._writer)

    def copied(self) -> int:
        """How many lines are there, from entry 0 on."""
        return self._owner.copied()

    def copy(self, first: int, lines: Sequence[bytes]) -> None:
        """Put lines there, durably; those that are there stay."""
        self._owner.copy(first, lines)

    def lines(self, first: int, count_max: int) -> list[bytes]:
        """The lines that are there, from one on."""
        return self._owner.lines(first, count_max)

    def finish(self, ledger_id: str, head: Head) -> None:
        """Make a ledger of them."""
        self._owner.finish(ledger_id, head)

    def close(self) -> None:
        """Give up the connection."""
        self._owner.close()
