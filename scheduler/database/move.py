"""Moving a home's ledger into a database: the same lines, byte for byte, with the chain unbroken.

Every step may be interrupted, by a kill too, and is gone on with by moving again:

1. The lines are copied in batches into tables in which there is no ledger yet, so that nobody can open it.
2. `ledger.moved` is recorded as the last entry of the old place. From here on nothing is appended there, and the
   move can only be gone on with.
3. The rest is copied, and all lines are compared, byte for byte.
4. The database's head is set: the ledger is there now.
5. The home gets its mirror, of the same files, and is on the database from then on. The old folder stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Literal, NamedTuple, Protocol

from eventstore.durable import REAL, sync_folder
from eventstore.errors import LedgerError, OtherLedger
from eventstore.genesis import read_creation
from eventstore.moved import moved_to, moved_to_database
from eventstore.raw_lines import line_batches, lines_elsewhere, same_lines
from eventstore.store import Entry, Event, Head
from scheduler import vocabulary as v
from scheduler.database.copied_folder import copy_entries
from scheduler.database.origin import Origin, read_origin, write_origin
from scheduler.home import Home
from scheduler.ledger.open import open_ledger, open_ledger_to_read
from scheduler.ownership.actor import claims
from scheduler.processes.recognition.identity import host_name
from scheduler.rules.state import State
from scheduler.store import open_store

OnStep = Callable[[str, int, int], None]
"""Told what is done now, how many lines of it are done, and how many there are."""


MoveProblem = Literal["runs", "elsewhere", "done", "on_database", "differs", "was_there"]


class MoveRefused(LedgerError):
    """The ledger cannot be moved as it is.

    Attributes:
        problem: `runs`: runs are in flight. `elsewhere`: it was moved to another place. `done`, `on_database`: the
            home is on this database, or on another one, already. `differs`: what stands in the database is not what
            was copied. `was_there`: the database holds this ledger as it was when it was moved out of there.
        where: the other place; of `differs`, the first entry that differs.
        runs: the runs that are in flight.
    """

    def __init__(self, problem: MoveProblem, where: str = "", runs: Sequence[int] = ()) -> None:
        self.problem, self.where, self.runs = problem, where, tuple(runs)
        super().__init__(f"the ledger cannot be moved: {problem} {where} {list(runs)}")


class Target(Protocol):
    """A database, as the role that owns its tables: see `eventstore.postgresql.creation.DatabaseOwner`."""

    def ledger_there(self) -> str | None:
        """The identity of the ledger that is there; None if there is none."""
        ...

    def prepare(self) -> None:
        """Have tables for lines, and the role of the nodes."""
        ...

    def copied(self) -> int:
        """How many lines are there, from entry 0 on."""
        ...

    def copy(self, first: int, lines: Sequence[bytes]) -> None:
        """Put lines there, durably; those that are there stay."""
        ...

    def lines(self, first: int, count_max: int) -> list[bytes]:
        """The lines that are there, from one on."""
        ...

    def finish(self, ledger_id: str, head: Head) -> None:
        """Make a ledger of them."""
        ...


class MovedLedger(NamedTuple):
    """What was moved: the identity of the ledger, and how many entries are on the other side."""

    ledger_id: str
    entries: int


def move_to_database(home: Home, target: Target, address: str, actor: str, told: OnStep) -> MovedLedger:
    """Move a home's ledger into a database, or go on with a move; the caller holds the scheduler's lock.

    Args:
        home: the home.
        target: the database.
        address: the same, as the config of the nodes names it.
        actor: who moves it.
        told: called as the work proceeds.

    Raises:
        MoveRefused: it cannot be moved as it is; nothing was changed.
        OtherLedger: another ledger is in the database.
        NoLedger, Corrupt, Unavailable, NoAnswer, Poisoned, OSError: a step failed; moving again goes on with it.
    """
    origin = read_origin(home)
    if origin is not None:
        # The mirror is made last.
        raise MoveRefused("done" if origin.address == address else "on_database", origin.address)
    last = _check(home, address)
    created = read_creation(home.own_ledger)
    assert created is not None, "a ledger that was folded has an entry 0"
    there = target.ledger_there()
    if there is not None and there != created.ledger:
        raise OtherLedger(address, there, created.ledger)
    if there is not None and moved_to(last) != address:
        # It was there once, and went on since it came back.
        raise MoveRefused("was_there", address)
    if there is None:
        target.prepare()
        _copy(home, target, created.entries_per_segment, told)
    head = _record(home, address, actor)
    if there is None:
        _copy(home, target, created.entries_per_segment, told)
    _compare(home, target, created.entries_per_segment, head, told)
    if there is None:
        target.finish(created.ledger, head)
    _make_mirror(home, Origin(address=address, ledger=created.ledger))
    return MovedLedger(created.ledger, head.seq + 1)


def _check(home: Home, address: str) -> Entry:
    """Check that the ledger may be moved there; its last entry.

    Raises:
        MoveRefused: it may not.
    """
    ledger = open_ledger_to_read(home)
    with closing(ledger.store) as store:
        last = next(store.read_backwards())
        where = moved_to_database(last)
        if where not in (None, address):
            raise MoveRefused("elsewhere", where or "")
        going = [number for number, run in ledger.state.runs.items() if run.begun]
        if going:
            raise MoveRefused("runs", runs=going)
        return last


def _record(home: Home, address: str, actor: str) -> Head:
    """Record that the ledger was moved, if that is not on record; its last entry."""
    with closing(open_store(home)) as store:
        last = next(store.read_backwards())
        if moved_to(last) == address:
            return store.head()
    ledger = open_ledger(home, actor)
    with closing(ledger.store):
        said = claims(ledger.state.mark)

        def decide(state: State) -> list[Event]:
            payload = v.LedgerMoved(
                where=address, entries=state.head.seq + 1, host=host_name(), home=str(home.root), claims=said
            )
            return [v.event(payload, actor)]

        ledger.decide(decide)
        return ledger.state.head


def _copy(home: Home, target: Target, segment_entries: int, told: OnStep) -> None:
    """Copy the lines that the database lacks."""
    with closing(open_store(home)) as store:
        head, copied = store.head(), target.copied()
        for batch in line_batches(home.own_ledger, segment_entries, head):
            if batch.head.seq >= copied:
                target.copy(batch.first, batch.lines)
            told("copying", batch.head.seq + 1, head.seq + 1)


def _compare(home: Home, target: Target, segment_entries: int, head: Head, told: OnStep) -> None:
    """Compare all lines, byte for byte.

    Raises:
        MoveRefused: a line differs.
    """
    for batch in line_batches(home.own_ledger, segment_entries, head):
        there = lines_elsewhere(target.lines, batch.first, len(batch.lines))
        if there != batch.lines:
            raise MoveRefused("differs", str(batch.first + same_lines(batch.lines, there)))
        told("comparing", batch.head.seq + 1, head.seq + 1)
    if target.lines(head.seq + 1, 1):
        raise MoveRefused("differs", str(head.seq + 1))


def _make_mirror(home: Home, origin: Origin) -> None:
    """Make the home's mirror of the same files; it appears at once, whole."""
    beside = home.var / ".mirror-moved"
    copy_entries(home.own_ledger, beside)
    write_origin(beside, origin)
    os.sync()
    REAL.rename(beside, home.mirror)
    sync_folder(REAL, home.var)
