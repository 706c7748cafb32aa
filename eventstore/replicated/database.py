"""`Database`: what a replicated store asks of the database that orders and keeps the entries.

A database holds three things: the lines of the ledger, one row with its head, and a row for each node with a counter.
Everything else (the chain, the mirror, what is done in doubt) is the store's part, so that it is the same for
PostgreSQL and for the database of a simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from eventstore.store import Head

FETCHED_MAX = 2_000
"""At most so many lines are asked for at once: memory stays bounded, however far a mirror is behind."""


class DatabaseHead(NamedTuple):
    """The row of the head.

    Attributes:
        head: the last committed entry.
        halted: why nothing may be appended any more (a node found the database set back or altered); None if all is
            well.
    """

    head: Head
    halted: str | None = None


class NodeIdentity(NamedTuple):
    """Who raises the counter of a node.

    Attributes:
        node: its name, which is unique in a ledger.
        incarnation: of the home that has the name: 32 hex digits, made once for a home, never copied with it.
        host: the machine, for people.
    """

    node: str
    incarnation: str
    host: str


class NodePulse(NamedTuple):
    """The row of a node, as it was read: `counter` was raised since the last reading, or was not."""

    identity: NodeIdentity
    counter: int


class Pulse(NamedTuple):
    """One answer of the database: its clock (aware, UTC), its head and the rows of all nodes."""

    now: datetime
    head: DatabaseHead
    nodes: tuple[NodePulse, ...]


class Database(Protocol):
    """The database behind a replicated store, as one process reaches it.

    Every method ends within a few seconds, whatever becomes of the network. Each raises `Unavailable` if the database
    cannot be reached or refuses, and it is certain that nothing was changed; `NoAnswer` where a statement was sent
    that changes something, and no answer came, or one that does not say that it is safe on disk (a synchronous wait
    was cancelled). After either the next call connects anew.
    """

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger that the database holds: 32 hex digits."""
        ...

    @property
    def address(self) -> str:
        """Where it is, for people: never with a password."""
        ...

    def head(self) -> DatabaseHead:
        """The row of the head, read from the primary."""
        ...

    def append(self, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        """In one autocommitted statement, move the head from `expected` to `new` and insert the lines.

        Args:
            expected: the head as it must be; it must not be halted either.
            lines: the entries from `expected.seq + 1` on, each with its LF.
            new: the head that they make.

        Returns:
            Whether it moved: then the lines are durable. If not, nothing was written.
        """
        ...

    def confirm(self) -> None:
        """Commit something of its own and return once that is durable: so is all that was committed before it."""
        ...

    def lines(self, first: int, count_max: int) -> list[bytes]:
        """The lines from entry `first` on, in their order without gaps, each with its LF.

        At most `count_max`, and fewer where they are long; an empty list only if there is no entry `first`.
        """
        ...

    def halt(self, why: str) -> None:
        """Set the flag in the row of the head that every append compares; the first reason stays."""
        ...

    def claim(self, identity: NodeIdentity, instead_of: NodeIdentity | None) -> bool:
        """Take the row of a node: if there is none, or if it is that of `instead_of`; whether it is ours now."""
        ...

    def renew(self, identity: NodeIdentity) -> Pulse | None:
        """Raise the counter of a node and read all rows; None if the row is another's: its name was taken."""
        ...

    def pulse(self) -> Pulse:
        """Read the clock, the head and all rows; nothing is changed."""
        ...

    def keep_config(self, digest: str, text: bytes) -> None:
        """Keep the text of a config under its digest; keeping it again changes nothing."""
        ...

    def config(self, digest: str) -> bytes | None:
        """The text of a config; None if it is not kept."""
        ...

    def hint_fd(self) -> int | None:
        """A descriptor that becomes readable when entries may have come; None if the database sends no hints."""
        ...

    def drain_hints(self) -> None:
        """Take what made the descriptor readable."""
        ...

    def close(self) -> None:
        """Give up the connection."""
        ...
