"""Moving a ledger out of its database, into the home that goes on with it: the chain goes on there without a break.

    refuse unless at rest ──▶ flag: nobody appends ──▶ at rest still? ──▶ `ledger.moved`, the last entry there
         ──▶ mirror and database are the same, byte for byte ──▶ var/ledger of the mirror's files ──▶ mirror aside

Every step may be interrupted, by a kill too, and is gone on with by moving again. The flag in the row of the
database's head stays: each append there compares it, so that no two places take entries. Until the mirror has another
name, the home is on the database, and is refused as all others are; from then on it appends in `var/ledger`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from eventstore.durable import REAL, sync_folder
from eventstore.encoder import compose
from eventstore.entry import decode_own, head_after
from eventstore.errors import Halted, LedgerError, NoAnswer, NoLedger, Unavailable
from eventstore.moved import moved_to_database, moved_to_folder, moved_words
from eventstore.replicated.comparison import compare
from eventstore.replicated.halting import require_reached
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.refill import RefillableDatabase, clear_flag, fill, set_flag
from eventstore.store import Entry, Head
from scheduler import vocabulary as v
from scheduler.database.copied_folder import copy_entries
from scheduler.database.move import OnStep
from scheduler.home import Home
from scheduler.ledger.open import open_files_to_read
from scheduler.ownership.actor import claims
from scheduler.processes.recognition.identity import host_name
from scheduler.rules.state import State
from scheduler.store import open_folder

LOOKED_S = 3.5
"""A process that raises the counter of a node each second does so within this time."""
_LOOK_S = 0.25
_TRIES = 5


MoveBackProblem = Literal["nodes", "alive", "runs", "elsewhere", "differs", "in_the_way"]


class MoveBackRefused(LedgerError):
    """The ledger cannot be moved out of the database as it is.

    Attributes:
        problem: `nodes`: nodes serve it, by what is on record. `alive`: processes of nodes are at work there all the
            same. `runs`: runs are in flight. `elsewhere`: it was moved to another folder. `differs`: mirror and
            database are not the same. `in_the_way`: what stands in the home's own folder is no beginning of this
            ledger.
        what: the nodes, the runs, the other place or the folder.
    """

    def __init__(self, problem: MoveBackProblem, what: Sequence[str] = ()) -> None:
        self.problem, self.what = problem, tuple(what)
        super().__init__(f"the ledger cannot be moved back: {problem} {', '.join(what)}")


class MovedBack(NamedTuple):
    """What was moved.

    Attributes:
        entries: how many entries the ledger has.
        mirror: where the mirror is kept now.
        before: where the ledger is kept that the home had before it was moved to the database; None if it had none.
    """

    entries: int
    mirror: Path
    before: Path | None


def move_back(
    home: Home,
    database: RefillableDatabase,
    actor: str,
    told: OnStep,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> MovedBack:
    """Move the ledger that a home shares with others into its `var/ledger`, or go on with that.

    Args:
        home: a home on this database; the caller holds its scheduler's lock.
        database: the database.
        actor: who moves it.
        told: called as the work proceeds.
        pause: waits for some seconds.

    Raises:
        MoveBackRefused: it cannot be moved as it is; everybody goes on as before, unless `ledger.moved` is on record.
        Halted: the database is halted for another reason.
        NoLedger, Corrupt, Unavailable, NoAnswer, OSError: a step failed; moving again goes on with it.
    """
    words = moved_words(home.own_ledger, host_name())
    _require_beginning(home, _filled(home, database))
    if not _is_recorded(home, words):
        try:
            if not _is_flagged(database, words):
                _require_rest(home)
                _require_silence(database, pause)
                set_flag(database, words)
                if not _is_flagged(database, words):
                    raise Unavailable(f"{database.address}: somebody took the flag away")
                _filled(home, database)
            _require_rest(home)
        except MoveBackRefused:
            _give_up(database, words)
            raise
        _record(home, database, actor)
        _filled(home, database)
    # What was not acknowledged as safe on disk is, from here on.
    database.confirm()
    with closing(Mirror.open(home.mirror)) as mirror:
        found = compare(database, mirror, lambda done, total: told("comparing", done, total))
    if found.relation != "equal":
        raise MoveBackRefused("differs", [found.words or found.relation])
    return _place(home, found.mirror)


def last_entry(folder: Path) -> Entry | None:
    """The last entry of the ledger in a folder; None if there is none.

    Raises:
        Corrupt, NewerFormat, Unavailable: it cannot be read.
    """
    try:
        with closing(open_folder(folder)) as store:
            return next(store.read_backwards(), None)
    except NoLedger:
        return None


def _filled(home: Home, database: RefillableDatabase) -> Head:
    """Bring the mirror up to the end of the database, halted or not; its last entry.

    Raises:
        MoveBackRefused: the mirror goes on where the database ends.
    """
    with closing(
        Mirror.open(home.mirror, may_repair=lambda mirror: require_reached(database, mirror))
    ) as mirror:
        require_reached(database, mirror)
        end = database.head().head
        fill(database, mirror, end)
        if mirror.head() != end:
            raise MoveBackRefused(
                "differs", [f"the mirror ends with entry {mirror.head().seq}, not {end.seq}"]
            )
        return end


def _is_recorded(home: Home, words: str) -> bool:
    """Whether it is on record that the ledger was moved here.

    Raises:
        MoveBackRefused: it was moved to another folder.
    """
    last = last_entry(home.mirror)
    if last is None or moved_to_folder(last) is None:
        return False
    payload = v.payload(last)
    assert isinstance(payload, v.LedgerMoved), "its type says so"
    there = moved_words(Path(payload.where), payload.host)
    if there != words:
        raise MoveBackRefused("elsewhere", [f"{payload.where} on {payload.host}"])
    return True


def _require_beginning(home: Home, end: Head) -> None:
    """Check that what the home's own folder holds is the beginning of this ledger, or nothing.

    Raises:
        MoveBackRefused: it is something else.
    """
    folder = home.own_ledger
    if not folder.exists() or not any(folder.iterdir()):
        return
    last = last_entry(folder)
    if last is not None and last.seq <= end.seq:
        with closing(open_folder(home.mirror)) as store:
            there = next(iter(store.read(last.seq, last.seq)), None)
        moved = moved_to_database(last) is not None or last.seq == end.seq
        if there is not None and there.hash == last.hash and moved:
            return
    raise MoveBackRefused("in_the_way", [str(folder)])


def _is_flagged(database: RefillableDatabase, words: str) -> bool:
    """Whether nobody appends since the ledger is moved here.

    Raises:
        Halted: nobody does for another reason.
    """
    halted = database.head().halted
    if halted not in (None, words):
        raise Halted(halted or "")
    return halted is not None


def _require_rest(home: Home) -> None:
    """Check, by what is on record, that no node serves and no run is in flight.

    Raises:
        MoveBackRefused: one does, or is.
    """
    state = _state(home)
    if nodes := sorted(name for name, node in state.nodes.items() if node.serves):
        raise MoveBackRefused("nodes", nodes)
    if runs := [str(number) for number, run in state.runs.items() if run.begun]:
        raise MoveBackRefused("runs", runs)


def _require_silence(database: RefillableDatabase, pause: Callable[[float], None]) -> None:
    """Check that no process of a node is at work, whatever is on record of it.

    Raises:
        MoveBackRefused: the counter of a node was raised.
    """
    before = database.pulse().nodes
    for _ in range(round(LOOKED_S / _LOOK_S) if before else 0):
        pause(_LOOK_S)
        now = database.pulse().nodes
        if alive := sorted(row.identity.node for row in now if row not in before):
            raise MoveBackRefused("alive", alive)


def _give_up(database: RefillableDatabase, words: str) -> None:
    """Let everybody go on, if it was this move that halted them."""
    row = database.head()
    if row.halted == words:
        clear_flag(database, row.head)


def _record(home: Home, database: RefillableDatabase, actor: str) -> None:
    """Record `ledger.moved` as the last entry of the database, which is halted.

    Raises:
        Unavailable, NoAnswer: that could not be done, or it is unknown whether it was.
    """
    state = _state(home)
    head = state.head
    payload = v.LedgerMoved(
        where=str(home.own_ledger),
        entries=head.seq + 1,
        host=host_name(),
        home=str(home.root),
        claims=claims(state.mark),
    )
    lines = compose([v.event(payload, actor)], head, head.seq + 1, database.pulse().now)
    new = head_after(decode_own(lines[0]))
    for _ in range(_TRIES):
        # Without an answer the same line is sent again: only one of them can follow the head.
        with suppress(NoAnswer):
            database.refill(head, lines, new)
        if database.lines(new.seq, 1) == lines:
            return
    raise Unavailable(f"{database.address}: ledger.moved could not be recorded")


def _place(home: Home, head: Head) -> MovedBack:
    """Give the home its own folder again, of the mirror's files, and take the mirror out of its way."""
    folder, before = home.own_ledger, None
    last = last_entry(folder)
    if last is None or last.hash != head.hash:
        beside = home.var / ".ledger-moved"
        copy_entries(home.mirror, beside)
        os.sync()
        if last is not None:
            before = _aside_of(home, last)
            REAL.rename(folder, before)
        REAL.rename(beside, folder)
        sync_folder(REAL, home.var)
    mirror = home.var / f"mirror-until-{head.seq}"
    REAL.rename(home.mirror, mirror)
    sync_folder(REAL, home.var)
    return MovedBack(head.seq + 1, mirror, before)


def _aside_of(home: Home, last: Entry) -> Path:
    return home.var / f"ledger-until-{last.seq}"


def _state(home: Home) -> State:
    ledger = open_files_to_read(home)
    ledger.store.close()
    return ledger.state
