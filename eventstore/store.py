"""`EventStore`: the contract that every implementation of the ledger keeps.

One contract suite (`tests/eventstore/`) runs against each implementation.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

GENESIS = "0" * 64
"""The `prev` of entry 0, before which there is no entry."""


class Head(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The last entry: its position (-1 in an empty ledger) and its hash (`GENESIS` in an empty ledger)."""

    seq: int
    hash: str


EMPTY = Head(-1, GENESIS)


class PlainPayload(msgspec.Struct, frozen=True, gc=False):
    """Base of payloads that are an object in JSON; no member of one, at any depth, holds `msgspec.Raw` or `Any`.

    msgspec writes all of such a payload itself, so it is valid JSON on one line, and is not checked for that.
    """


class Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A fact that is to be recorded.

    Attributes:
        type: a fact in the past tense, `noun.verb`.
        actor: who did it: `scheduler`, `config` or `user:NAME@HOST`.
        data: the payload: a msgspec Struct (best a `PlainPayload`) or a dict, encoded as a JSON object.
        job: the name of the job that it is about, if any.
        run: the number of the run that it is about, if any; `OWN_SEQ` for the entry's own `seq`.
    """

    type: str
    actor: str
    data: Any
    job: str | None = None
    run: int | None = None


OWN_SEQ = -1
"""As an event's `run`: the run's number is the `seq` that the entry itself gets (a tick causes a run)."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A fact that is recorded: one line of the ledger, decoded.

    `data` holds the payload's raw JSON bytes: each reader decodes it with the type it knows.
    `time` is an aware UTC datetime.
    """

    seq: int
    time: datetime
    type: str
    actor: str
    data: msgspec.Raw
    durable: int
    prev: str
    hash: str
    job: str | None = None
    run: int | None = None


class LedgerFiles(Protocol):
    """The part of a store that only a ledger in files has: the folder, and the upkeep of its files.

    A process that keeps such a store open must call `tick` about once a second.
    """

    @property
    def folder(self) -> Path:
        """The folder of the segments; a watch on it sees every entry that is appended."""
        ...

    @property
    def segment_entries(self) -> int:
        """How many entries a segment holds."""
        ...

    def tick(self) -> None:
        """Do what is due about once a second: flush what waits to be flushed, seal a segment that is full.

        Raises:
            Poisoned: a flush failed.
            Unavailable: the files are no longer where they were.
        """
        ...

    def release_reserve(self) -> None:
        """Release the reserved room, so that entries can be recorded on a full disk."""
        ...

    def restore_reserve(self) -> bool:
        """Reserve the room again; False if there is none."""
        ...


class EventStore(Protocol):
    """An append-only, hash-chained sequence of entries that many processes share."""

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger: 32 hex digits, from entry 0."""
        ...

    @property
    def files(self) -> LedgerFiles | None:
        """The files in which its entries are on this machine; None if there are none."""
        ...

    def head(self) -> Head:
        """The last entry that this process knows of; this costs no I/O."""
        ...

    def refresh(self) -> Head:
        """The last entry now, after looking at what other processes have appended."""
        ...

    def append(self, events: Sequence[Event], expected: Head | None = None) -> list[Entry]:
        """Record the events, in order, all or none, and return their entries once they are durable.

        Any process may call this at any time; the writer lock serialises the calls. All entries of one call have
        the same `time`.

        Args:
            events: at least one.
            expected: if given, the append happens only if this is still the last entry.

        Raises:
            Conflict: the last entry is not `expected`; nothing was written.
            Unavailable: the ledger cannot be written now; nothing was written; a later try may succeed.
            Poisoned: a flush failed; the process must stop.
            EventTooLarge: an entry exceeds 65,535 bytes; nothing was written.
            EventTooDeep: a payload nests deeper than 200 levels; nothing was written.
            Corrupt: the ledger is damaged; nothing was written.
        """
        ...

    def read(self, first: int, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last` (inclusive; default: the end as of the call), checked against the chain.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says.
        """
        ...

    def read_backwards(self, before: int | None = None) -> Iterator[Entry]:
        """The entries before entry `before` (default: all up to `head` as of the call), the newest one first.

        The newest entries cost the same however long the ledger is.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says; all newer ones were yielded.
        """
        ...

    def follow(self, first: int) -> Iterator[Entry]:
        """Entries from `first` on, including those of other processes, until there are no more at present.

        This never waits; call it again (with the next `first`) after a notification.
        """
        ...

    def close(self) -> None:
        """Close all files and locks; what was acknowledged is durable already."""
        ...
