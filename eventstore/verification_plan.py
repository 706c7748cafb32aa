"""What a verification looks at: the segments of a ledger as they are at one moment, and what is wanted of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from eventstore.archive.absent_check import ARCHIVED
from eventstore.archive.archived_segments import ArchivedSegment, check_archived
from eventstore.durable import REAL
from eventstore.errors import Corrupt, NoLedger
from eventstore.genesis import read_creation
from eventstore.head import HeadFile, Slot
from eventstore.lock import LOCK_NAME, LOCK_PATIENCE_S, FileLock
from eventstore.seal import check_lengths
from eventstore.segment import (
    SEGMENT_ENTRIES,
    SegmentNames,
    check_names,
    check_seals,
    first_of,
    list_names,
    segment_name,
)
from eventstore.segment_check import SegmentTask
from eventstore.store import GENESIS, Head

RECOVERED = "ledger.recovered"
"""The type of the entries that say that a torn tail was cut."""


class Beginning(NamedTuple):
    """The segments at the beginning of a ledger that are not read, because they were verified before.

    Attributes:
        size: how many entries they hold, a multiple of what one segment holds.
        last_hash: the hash of the last of these entries.
        hashes: the hashes of the whole subtrees that they are in the tree: `Frontier.hashes`.
    """

    size: int
    last_hash: str
    hashes: tuple[bytes, ...]


NOTHING = Beginning(0, GENESIS, ())


class Asked(NamedTuple):
    """What of the ledger is wanted: see `verify`."""

    digests: bool
    expected: Sequence[Head]
    sizes: frozenset[int] | None
    types: frozenset[str]
    since: Beginning
    archives: bool
    tiles: Path | None


class VerificationPlan(msgspec.Struct):
    """The ledger as it was when verification began.

    Attributes:
        ledger_id: from entry 0; empty if that cannot be read.
        tasks: the segments that are to be checked, in order.
        slot: what `HEAD` says.
        segment_entries: how many entries a segment holds.
        asked: what is wanted.
        archived: what is known of those segments that are archived, by their first entries.
        unread: those of them that are not read.
        damage: what is wrong behind the segments of the tasks, which are those before it; None if they are all.
        stray: a file that has a segment's name and can be none, by the number in it; None if there is no such file.
    """

    ledger_id: str
    tasks: list[SegmentTask]
    slot: Slot | None
    segment_entries: int
    asked: Asked
    archived: dict[int, ArchivedSegment] = {}
    unread: set[int] = set()
    damage: Corrupt | None = None
    stray: int | None = None


def plan_verification(folder: Path, asked: Asked) -> VerificationPlan:
    """What is to be checked, and up to where, read at a moment at which no process writes."""
    if not folder.is_dir():
        raise NoLedger(f"{folder}: there is no ledger here")
    lock = FileLock(folder / LOCK_NAME, writable=False)
    head_file = HeadFile(folder, REAL, writable=False)
    try:
        lock.patience_s = LOCK_PATIENCE_S
        lock.share()
        slot = head_file.read()
        found = list_names(folder)
        firsts = found.firsts
        if not firsts and slot is None and not found.seals:
            raise NoLedger(f"{folder}: there is no ledger here")
        if not firsts or firsts[0] != 0:
            raise Corrupt(folder / segment_name(0), 0, 0, "the first segment", "no such file")
        created = read_creation(folder)
        count = created.entries_per_segment if created else SEGMENT_ENTRIES
        if created is None and firsts != list(range(0, len(firsts) * count, count)):
            # What a segment holds is unknown, so any name may be right: what is certain is that entry 0 is not there.
            expected = "entry 0, which says how many entries a segment holds"
            raise Corrupt(folder / segment_name(0), 0, 0, expected, "something else")
        strays = found.strays(count)
        found, known, damage = _sound(folder, found.without(strays), count)
        check_lengths(folder, [first for first in found.segments if first < asked.since.size])
        archived = {first: each for first, each in known.items() if first >= asked.since.size}
        sealed = set(found.seals)
        tasks = [
            _task(folder, first, count, slot, asked, archived.get(first), sealed=first in sealed)
            for first in found.firsts
            if first >= asked.since.size
        ]
        unread = {first for first in archived if not asked.archives and not _is_expected(asked, first, count)}
        ledger_id, stray = created.ledger if created else "", strays[0] if strays else None
        return VerificationPlan(ledger_id, tasks, slot, count, asked, archived, unread, damage, stray)
    finally:
        head_file.close()
        lock.close()


def _sound(
    folder: Path, found: SegmentNames, count: int
) -> tuple[SegmentNames, dict[int, ArchivedSegment], Corrupt | None]:
    """The segments before the first one that is missing or not rightly archived; and what is wrong with that one."""
    damage: Corrupt | None = None
    while True:
        try:
            check_names(folder, found.firsts, count)
            check_seals(folder, found)
            known = check_archived(folder, found, count, whole=damage is None)
        except Corrupt as problem:
            damage = problem
            # A seal without its segment may have any name.
            found = found.without([problem.seq], first_of(problem.seq + count - 1, count))
        else:
            if known and damage is not None:
                # The entry that records what was archived may stand behind the damage, and is not read.
                return found.without([], min(known)), {}, damage
            return found, known, damage


def _task(
    folder: Path,
    first: int,
    count: int,
    slot: Slot | None,
    asked: Asked,
    archived: ArchivedSegment | None,
    *,
    sealed: bool,
) -> SegmentTask:
    size = (folder / segment_name(first)).stat().st_size if archived is None else archived.seal.bytes
    sizes = (
        None
        if asked.sizes is None
        else frozenset(size for size in asked.sizes if first < size <= first + count)
    )
    return SegmentTask(
        folder=str(folder),
        first=first,
        count_max=count,
        size=size,
        slot=slot,
        digests=asked.digests,
        wanted=frozenset(head.seq for head in asked.expected),
        sizes=sizes,
        types=asked.types | {RECOVERED, ARCHIVED},
        sealed=sealed,
    )


def _is_expected(asked: Asked, first: int, count: int) -> bool:
    """Whether a head was given that only the lines of this segment show: the seal knows no hash but the last one."""
    return any(first <= head.seq < first + count - 1 for head in asked.expected)
