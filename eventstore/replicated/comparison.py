"""Comparing a mirror with its database, byte for byte, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from eventstore.entry import BadLine, block_of, check_lines, head_after
from eventstore.errors import Unavailable
from eventstore.raw_lines import line_batches, lines_elsewhere, same_lines
from eventstore.replicated.database import FETCHED_MAX, Database
from eventstore.replicated.mirror import Mirror
from eventstore.store import Head

OnCompared = Callable[[int, int], None]
"""Told how many entries were compared, and how many there are."""

Relation = Literal["equal", "mirror_longer", "database_longer", "differ"]


class Comparison(NamedTuple):
    """What a mirror and its database have in common.

    Attributes:
        relation: `equal`; `mirror_longer`, `database_longer`: the one goes on where the other ends; `differ`: they
            have different lines of entry `same`, or the database lacks it and has later ones.
        same: how many entries, from 0 on, are the same, byte for byte.
        mirror: the mirror's last entry.
        database: the database's last entry, as the row of its head says.
        halted: why nothing may be appended there; None if all is well.
        words: what is wrong with entry `same` in the database; empty unless they differ.
    """

    relation: Relation
    same: int
    mirror: Head
    database: Head
    halted: str | None
    words: str = ""


def compare(database: Database, mirror: Mirror, told: OnCompared | None = None) -> Comparison:
    """Compare all entries; those that only the database has are checked against the chain.

    Raises:
        Corrupt: the mirror is damaged; what the database has cannot be compared with it.
        Unavailable, NoAnswer: the database cannot be read now.
    """
    mirrored, row = mirror.head(), database.head()
    end = max(mirrored.seq, row.head.seq) + 1
    same, words = 0, ""
    for first, here, there in _pairs(database, mirror, mirrored, row.head.seq):
        same = first + same_lines(here, there)
        if same < first + len(here):
            break
        if told is not None:
            told(same, end)
    reach = min(mirrored.seq, row.head.seq) + 1
    if same < reach:
        words = f"entry {same} in the database is not the one in the mirror"
        return Comparison("differ", same, mirrored, row.head, row.halted, words)
    words = _wrong_behind(database, mirror, mirrored, row.head, told)
    if words:
        return Comparison("differ", same, mirrored, row.head, row.halted, words)
    relation: Relation = "equal"
    if mirrored.seq != row.head.seq:
        relation = "mirror_longer" if mirrored.seq > row.head.seq else "database_longer"
    return Comparison(relation, same, mirrored, row.head, row.halted)


def _pairs(
    database: Database, mirror: Mirror, mirrored: Head, last: int
) -> Iterator[tuple[int, list[bytes], list[bytes]]]:
    """Lines of the mirror, and those that the database has in their places, up to the end of the shorter one."""
    for batch in line_batches(mirror.folder, mirror.segment_entries, mirrored):
        here = batch.lines[: last + 1 - batch.first]
        if here:
            yield batch.first, here, lines_elsewhere(database.lines, batch.first, len(here))


def _wrong_behind(
    database: Database, mirror: Mirror, mirrored: Head, end: Head, told: OnCompared | None
) -> str:
    """What is wrong with the entries of the database behind the end of the mirror, or with the row of its head."""
    if end.seq <= mirrored.seq:
        known = end.seq < 0 or mirror.hash_of(end.seq) == end.hash
        return "" if known else f"the head says that entry {end.seq} has another hash than it has"
    reached = mirrored
    while reached.seq < end.seq:
        lines = database.lines(reached.seq + 1, FETCHED_MAX)
        if not lines:
            return f"there is no entry {reached.seq + 1}, though the head says that the last one is {end.seq}"
        try:
            reached = head_after(check_lines(block_of(lines, reached.seq + 1), reached.seq + 1, reached.hash))
        except BadLine as bad:
            return f"entry {bad.seq} is not what the chain says: expected {bad.expected}, found {bad.found}"
        if told is not None:
            told(reached.seq + 1, end.seq + 1)
    if reached.seq == end.seq and reached != end:
        return f"the head says that entry {end.seq} has another hash than it has"
    return ""


def require_same_ledger(database: Database, mirror: Mirror) -> None:
    """Check that a mirror is one of this database.

    Raises:
        OtherLedger: it is of another ledger.
        Unavailable: it is empty: there is nothing to compare.
    """
    if mirror.is_empty:
        raise Unavailable(f"{mirror.folder}: the mirror is empty")
    mirror.require_ledger(database.ledger_id)
