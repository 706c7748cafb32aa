"""`ReplicatedStore`: the ledger in a database, with a mirror on this machine.

    append:   compose on the known head ──▶ database: head moves, lines are in ──▶ mirror ──▶ entries
                                              │            │
                                  another's line│          │no answer: in doubt
                                              ▼            ▼
                                           Conflict      the same bytes again, until it is known whose line
                                                         stands at that place; after a while `InDoubt`

    refresh:  mirror's head ──▶ database's head ──▶ what is missing, into the mirror ──▶ known head
                                   │
                                   │ it is behind the mirror, or differs from it
                                   ▼
                                the flag in the database's row ──▶ `Halted`, for everybody

What is read comes from the mirror. Nothing is composed while an append is in doubt, or while the mirror lacks what
was committed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from eventstore.encoder import compose_entries
from eventstore.entry import head_after, tail_of
from eventstore.errors import Conflict, Corrupt, Halted, InDoubt, LedgerError, NoAnswer, Unavailable
from eventstore.replicated.database import FETCHED_MAX, Database
from eventstore.replicated.halting import differs_words, halt, lost_words, require_reached
from eventstore.replicated.mirror import Mirror, NotTheSame
from eventstore.store import Entry, Event, Head

DOUBT_PATIENCE_S = 5.0
"""For so long the same bytes are sent again before an append counts as in doubt."""
_PAUSE_FIRST_S, _PAUSE_MAX_S = 0.01, 0.5


class _Sent(NamedTuple):
    """An append that was sent: the head that it expects, its lines, the head that they make."""

    expected: Head
    lines: list[bytes]
    new: Head


class ReplicatedStore:
    """`EventStore` over a database and a mirror; it belongs to one process and one thread.

    Attributes:
        database: orders and keeps the entries.
        between_batches: called after each batch of entries that the mirror lacked: there may be very many, and
            whoever has something to do in time does it there. It must not call the store; what it raises ends the
            call.
    """

    def __init__(
        self,
        database: Database,
        mirror: Mirror,
        clock: Callable[[], datetime],
        *,
        patience_s: float = DOUBT_PATIENCE_S,
        pause: Callable[[float], None] = time.sleep,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is read before the first call; `open` looks at both sides.

        Args:
            database: the database; the store closes it.
            mirror: of the same ledger, or empty; the store closes it.
            clock: gives the time of entries; aware. On several machines that is the database's.
            patience_s: how long an append may stay in doubt before `InDoubt` is raised.
            pause: waits for some seconds.
            monotonic_s: a clock that is never set, in seconds.
        """
        self.database = database
        self.between_batches: Callable[[], None] = lambda: None
        self._mirror, self._clock = mirror, clock
        self._patience_s, self._pause, self._monotonic_s = patience_s, pause, monotonic_s
        self._head = mirror.head()
        self._pending: _Sent | None = None
        self._lacks = False
        self._closed = False

    @classmethod
    def open(
        cls,
        database: Database,
        folder: Path,
        clock: Callable[[], datetime],
        *,
        patience_s: float = DOUBT_PATIENCE_S,
    ) -> ReplicatedStore:
        """Open the mirror in a folder, repair what a crash left there, and bring it up to date.

        Raises:
            OtherLedger: the mirror is that of another ledger.
            Halted: the database lacks or contradicts entries that were committed.
            Unavailable: the database or the mirror cannot be used now.
            Poisoned, NewerFormat: see `Mirror`.
        """
        mirror = Mirror.open(folder, may_repair=lambda mirror: require_reached(database, mirror))
        try:
            require_reached(database, mirror)
            store = cls(database, mirror, clock, patience_s=patience_s)
            store.refresh()
        except BaseException:
            mirror.close()
            raise
        return store

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger: 32 hex digits."""
        return self.database.ledger_id

    @property
    def files(self) -> Mirror:
        """The mirror: the files in which the entries stand on this machine."""
        return self._mirror

    @property
    def in_doubt(self) -> bool:
        """Whether it is unknown if an append was recorded."""
        return self._pending is not None

    def head(self) -> Head:
        """The last entry that this process knows of; this costs no I/O."""
        return self._head

    def refresh(self) -> Head:
        """The last entry of the database now; all entries up to it are in the mirror.

        Raises:
            Halted: the database lacks or contradicts entries that were committed, or somebody found that it does.
            InDoubt: an append of this store is, still.
            Unavailable: the database cannot be reached, or the mirror cannot be written, now.
            Poisoned: a flush of the mirror failed.
        """
        self._require_certain()
        while True:
            # The mirror is looked at first: what it holds was committed by then, so the database must reach to it.
            mirrored = self._mirrored()
            row = self.database.head()
            if row.halted is not None:
                raise Halted(row.halted)
            if row.head.seq < mirrored.seq:
                halt(self.database, lost_words(row.head.seq, mirrored.seq))
            if self._fill(mirrored, row.head):
                break
        self._head, self._lacks = self._mirror.head(), False
        self._mirror.upkeep()
        return self._head

    def append(self, events: Sequence[Event], expected: Head | None = None) -> list[Entry]:
        """Record the events, all or none; see `EventStore.append`.

        Raises:
            InDoubt: whether they were recorded is unknown; the next call resolves that first.
            Halted: see `refresh`; nothing was recorded.
        """
        if not events:
            raise ValueError("there is nothing to append")
        was_in_doubt = self._pending is not None
        self._require_certain()
        if was_in_doubt or self._lacks or (expected is not None and expected != self._head):
            self.refresh()
        give_up_s = self._monotonic_s() + self._patience_s
        while expected is None or expected == self._head:
            lines, entries = compose_entries(events, self._head, self._head.seq + 1, self._clock())
            sent = _Sent(self._head, lines, head_after(entries))
            if self._record(sent):
                self._take(sent, entries)
                return entries
            self.refresh()
            if self._head == sent.expected and self._monotonic_s() >= give_up_s:
                raise Unavailable(f"{self.database.address}: the head does not move, though nobody moved it")
        raise Conflict(f"the last entry is {self._head.seq}, not {expected.seq}")

    def read(self, first: int, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last`, from the mirror; see `EventStore.read`."""
        return self._mirror.read(first, self._head.seq if last is None else min(last, self._head.seq))

    def read_backwards(self, before: int | None = None) -> Iterator[Entry]:
        """The entries before entry `before`, from the mirror; see `EventStore.read_backwards`."""
        end = self._head.seq + 1
        return self._mirror.read_backwards(end if before is None else min(before, end))

    def follow(self, first: int) -> Iterator[Entry]:
        """Entries from `first` on until there are no more at present; see `EventStore.follow`."""
        while first <= self._head.seq or first <= self.refresh().seq:
            for entry in self.read(first):
                first = entry.seq + 1
                yield entry

    def hint_fd(self) -> int | None:
        """A descriptor that becomes readable when entries may have come; None if there are no hints."""
        return self.database.hint_fd()

    def drain_hints(self) -> None:
        """Take what made the descriptor readable."""
        self.database.drain_hints()

    def close(self) -> None:
        """Close the mirror and the connection. Calling it again does nothing.

        Raises:
            Poisoned: a flush of the mirror failed.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._mirror.close()
        finally:
            self.database.close()

    def _record(self, sent: _Sent) -> bool:
        """Whether the append is in the database, durable; False: another one is in its place, or none may be.

        Raises:
            InDoubt: that is unknown, and stays pending.
            Unavailable: nothing was sent.
        """
        try:
            return self.database.append(*sent)
        except NoAnswer:
            self._pending = sent
        return self._resolve(sent)

    def _require_certain(self) -> None:
        """Resolve the append that is in doubt, if there is one."""
        if self._closed:
            raise LedgerError("the ledger is closed")
        if self._pending is not None and self._resolve(self._pending):
            # Its entries are read from the database, as those of others are.
            self._lacks = True

    def _resolve(self, sent: _Sent) -> bool:
        """Send the same bytes until it is known whose entries stand in their place: ours (True), or not.

        Raises:
            InDoubt: patience ended first.
        """
        give_up_s, pause_s = self._monotonic_s() + self._patience_s, _PAUSE_FIRST_S
        while True:
            ours: bool | None = None
            with suppress(NoAnswer, Unavailable):
                ours = self._is_ours(sent)
            if ours is not None:
                self._pending = None
                return ours
            if self._monotonic_s() >= give_up_s:
                place, first, last = self.database.address, sent.expected.seq + 1, sent.new.seq
                raise InDoubt(f"{place} gives no answer: whether it has entries {first} to {last} is unknown")
            self._pause(pause_s)
            pause_s = min(2 * pause_s, _PAUSE_MAX_S)

    def _is_ours(self, sent: _Sent) -> bool | None:
        """Whether the append is in the database, and durable; None: it is not, and might still be.

        Raises:
            NoAnswer, Unavailable: that could not be found out.
        """
        if self.database.append(*sent):
            return True
        if self._stands(sent):
            # It is there, but that may not be safe on disk. A later commit that is acknowledged makes it safe, if it
            # is that of the same server: what a standby that took over does not have is not there afterwards.
            self.database.confirm()
            return True if self._stands(sent) else None
        row = self.database.head()
        # The head that it expects will not come back: one moved on from it, was set back, or may not be moved.
        return None if row.head == sent.expected and row.halted is None else False

    def _stands(self, sent: _Sent) -> bool:
        return self.database.lines(sent.expected.seq + 1, 1) == sent.lines[:1]

    def _take(self, sent: _Sent, entries: list[Entry]) -> None:
        """Note that entries are committed, and have them in the mirror, if that can be had now.

        They are recorded, whatever becomes of the mirror: what it lacks is fetched before the next append.
        """
        self._head, self._lacks = sent.new, True
        with suppress(LedgerError):
            if not self._mirror.put_own(sent.expected, sent.lines, entries):
                self._mirror.take(sent.lines)
            self._lacks = self._mirror.head().seq < sent.new.seq

    def _mirrored(self) -> Head:
        """The mirror's last entry; what is damaged in it is set aside, to be fetched again."""
        try:
            return self._mirror.refresh()
        except Corrupt as damage:
            require_reached(self.database, self._mirror)
            self._mirror.repair(damage)
            return self._mirror.head()

    def _fill(self, mirrored: Head, end: Head) -> bool:
        """Bring what is missing up to the database's head into the mirror.

        Returns:
            False if the database moved meanwhile, so that it is to be looked at again.
        """
        while mirrored.seq < end.seq:
            lines = self.database.lines(mirrored.seq + 1, FETCHED_MAX)
            if not lines:
                # A standby that took over just now need not have what was never acknowledged.
                if self.database.head().head != end:
                    return False
                missing = mirrored.seq + 1
                halt(
                    self.database, f"the database has no entry {missing}, though it ends with entry {end.seq}"
                )
            try:
                mirrored = self._mirror.take(lines)
            except NotTheSame as other:
                # A line that names another one before it shows that the difference is older.
                next_line = tail_of(lines[0][:-1])
                older = next_line is not None and next_line.prev != mirrored.hash
                halt(self.database, differs_words(mirrored.seq if older else other.seq))
            self.between_batches()
        if mirrored.seq == end.seq and mirrored != end:
            halt(self.database, differs_words(end.seq))
        return True
