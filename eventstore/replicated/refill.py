"""Refilling a database that was set back: mirrors hold committed lines alone, so putting them back rewrites nothing.

    compare ──▶ equal ─────────────▶ take the flag away, if it was set
       │  ├───▶ mirror is longer ──▶ set the flag, insert what is missing in batches, take the flag away
       │  └───▶ database is longer, or they differ ──▶ refuse: a person has to look

Each batch moves the head from where it is, and only while the flag is set; so an interrupted refill is gone on with
by refilling again, and two who refill at once do each other no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, NamedTuple, Protocol

from eventstore.entry import decode_own
from eventstore.errors import LedgerError, NoAnswer, Unavailable
from eventstore.moved import moved_to_folder
from eventstore.raw_lines import line_batches
from eventstore.replicated.comparison import Comparison, OnCompared, compare
from eventstore.replicated.database import FETCHED_MAX, Database
from eventstore.replicated.halting import longest_mirror, lost_words
from eventstore.replicated.mirror import Mirror
from eventstore.store import Head

_TRIES = 5


class RefillableDatabase(Database, Protocol):
    """A database into which lines can be put back."""

    def refill(self, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        """As `append`, while the database is halted, and only then."""
        ...

    def resume(self, head: Head) -> bool:
        """Take the flag away, if this is the head; whether it was."""
        ...


RefillProblem = Literal["differ", "not_longest", "moving", "moved"]


class RefillRefused(LedgerError):
    """A person has to look before anything is put back.

    Attributes:
        problem: `differ`: both sides have other entries. `not_longest`: another mirror knows more. `moving`: somebody
            else appended or refilled meanwhile. `moved`: the ledger was moved out of this database.
        comparison: what both sides have.
        longest: of `not_longest`, the last entry of the longest mirror that is known.
    """

    def __init__(self, problem: RefillProblem, comparison: Comparison, longest: int = -1) -> None:
        self.problem, self.comparison, self.longest = problem, comparison, longest
        super().__init__(f"not refilled ({problem}): {comparison}")


class Refilled(NamedTuple):
    """What was done: how many entries were put back, from which on, and whether the database goes on."""

    first: int
    entries: int
    resumed: bool


def refill(
    database: RefillableDatabase, mirror: Mirror, found: Comparison, told: OnCompared | None = None
) -> Refilled:
    """Put back what a database lost, and let it go on.

    Args:
        database: the database.
        mirror: whose lines are put back; all of them were checked against the chain by the comparison.
        found: what `compare` said.
        told: called with how many entries are there again, and how many there will be.

    Raises:
        RefillRefused: nothing was put back.
        Unavailable, NoAnswer: the database does not answer; refilling again goes on.
        Corrupt: the mirror is damaged.
    """
    require_here(database, found)
    if found.relation == "differ":
        raise RefillRefused("differ", found)
    longest = longest_mirror(found.halted)
    if longest > max(found.mirror.seq, found.database.seq):
        raise RefillRefused("not_longest", found, longest)
    count = max(0, found.mirror.seq - found.database.seq)
    if count:
        if found.halted is None:
            set_flag(database, lost_words(found.database.seq, found.mirror.seq))
        _put_back(database, mirror, found, told)
        found = compare(database, mirror)
        if found.relation != "equal":
            raise RefillRefused("moving", found)
    resumed = False
    if found.halted is not None:
        if found.relation != "equal":
            raise RefillRefused("moving", found)
        resumed = clear_flag(database, found.database)
    return Refilled(found.mirror.seq + 1 - count, count, resumed)


def require_here(database: Database, found: Comparison) -> None:
    """Check that the ledger was not moved out of a database, which is never to be appended to again then.

    A move that was interrupted before that is on record may be given up: then everybody goes on.

    Raises:
        RefillRefused: it was.
        Unavailable: the database cannot be read.
    """
    last = database.lines(found.database.seq, 1)
    if last and moved_to_folder(decode_own(last[0])[0]) is not None:
        raise RefillRefused("moved", found)


def fill(database: Database, mirror: Mirror, end: Head) -> None:
    """Bring a mirror up to an entry of the database, whether that is halted or not.

    Raises:
        NotTheSame: what the database has does not follow what the mirror has.
        Unavailable: the database cannot be read, or has no such entry.
    """
    while (mirrored := mirror.head()).seq < end.seq:
        lines = database.lines(mirrored.seq + 1, FETCHED_MAX)
        if not lines:
            raise Unavailable(f"{database.address}: there is no entry {mirrored.seq + 1}")
        mirror.take(lines)


def _put_back(
    database: RefillableDatabase, mirror: Mirror, found: Comparison, told: OnCompared | None
) -> None:
    for batch in line_batches(mirror.folder, mirror.segment_entries, found.mirror):
        tries = 0
        while (head := database.head().head).seq < batch.head.seq:
            tries += 1
            if tries > _TRIES or head.seq + 1 < batch.first or mirror.hash_of(head.seq) != head.hash:
                raise RefillRefused("moving", found)
            # Without an answer it is looked whether it was done; if not, the same lines are sent again.
            with suppress(NoAnswer):
                database.refill(head, batch.lines[head.seq + 1 - batch.first :], batch.head)
        if told is not None:
            told(batch.head.seq + 1, found.mirror.seq + 1)


def set_flag(database: Database, why: str) -> None:
    """Set the flag, and make sure of that: only then nobody appends meanwhile."""
    for _ in range(_TRIES):
        with suppress(NoAnswer):
            database.halt(why)
        if database.head().halted is not None:
            return
    raise Unavailable(f"{database.address}: the flag that halts everybody could not be set")


def clear_flag(database: RefillableDatabase, head: Head) -> bool:
    """Take the flag away, and make sure of that."""
    for _ in range(_TRIES):
        with suppress(NoAnswer):
            database.resume(head)
        if database.head().halted is None:
            return True
    raise Unavailable(f"{database.address}: the flag that halts everybody could not be taken away")
