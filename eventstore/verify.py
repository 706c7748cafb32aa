"""Verification of a whole ledger: every byte of every line, the chain through all of them, `HEAD`, seals, the tree.

Each segment is checked by itself, in several processes if the ledger is large. Then the segments are joined: the
first line of each must name the hash of the last line before it. Memory stays bounded: a segment is read in pieces.
Nothing is written, and a scheduler may append meanwhile: the ledger is verified as it was at the beginning.

The tree over the entries is computed on the way, if it is wanted, from the same lines and not from any tile.

A ledger that passes is consistent. The ledger alone cannot show that nobody cut entries off its end (and set `HEAD`
back to match), or wrote all of it anew. Heads that were noted elsewhere (`expected`) can show that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from eventstore.damage import NOTHING_THERE
from eventstore.durable import REAL
from eventstore.entry import BadLine, LineTail
from eventstore.errors import Corrupt, NoLedger, TornTail, Unavailable
from eventstore.genesis import read_creation
from eventstore.head import HeadFile, Slot
from eventstore.lock import LOCK_NAME, LOCK_PATIENCE_S, FileLock
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.subtrees import Roots, grow
from eventstore.recovery import judge
from eventstore.seal import check_lengths, check_owners
from eventstore.segment import (
    SEGMENT_ENTRIES,
    check_names,
    first_of,
    list_seals,
    list_segments,
    seal_name,
    segment_name,
)
from eventstore.segment_check import SegmentCheck, SegmentTask, check_segment
from eventstore.store import EMPTY, GENESIS, Head
from eventstore.verify_report import Expectation, VerifyReport
from eventstore.worker_processes import done_by_processes

Damage = TornTail | Corrupt

Progress = Callable[[int, int], None]
"""Called from time to time with the number of entries and the number of bytes that have been verified."""

_PARALLEL_BYTES_MIN = 48 * 1024 * 1024
"""Below this, starting processes costs more than they save."""


_RECOVERED = "ledger.recovered"


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


class _Asked(NamedTuple):
    """What of the ledger is wanted: see `verify`."""

    digests: bool
    expected: Sequence[Head]
    sizes: frozenset[int] | None
    types: frozenset[str]
    since: Beginning


def verify(
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    digests: bool = False,
    expected: Sequence[Head] = (),
    sizes: Collection[int] | None = None,
    types: Collection[str] = (),
    since: Beginning = NOTHING,
) -> VerifyReport:
    """Verify the ledger in a folder.

    Args:
        folder: where the ledger is.
        workers: how many processes; by default one for each processor, or none if the ledger is small.
        progress: called as the verification proceeds.
        digests: whether to compare the digest in each seal with its file too. The chain proves the file, and the
            seal's own hash proves that the seal is as it was written; this finds a seal that was forged as a whole.
        expected: heads that were noted elsewhere; the ledger is compared with them.
        sizes: compute the tree too, and its root at these sizes and at the end; None: nothing of the tree.
        types: the types of the entries that are wanted themselves.
        since: which segments are not read. Their names and lengths are looked at all the same.

    Raises:
        NoLedger: there is none.
        NewerFormat: the ledger is in a format that this version does not know.
        Unavailable: the ledger cannot be read.
    """
    wanted = None if sizes is None else frozenset(sizes)
    asked = _Asked(digests, expected, wanted, frozenset([*types, _RECOVERED]), since)
    try:
        return _verify(folder, workers, progress, asked)
    except OSError as error:
        raise Unavailable(f"{error.filename or folder}: {error.strerror or error}") from error


class _Plan(msgspec.Struct):
    """The ledger as it was when verification began."""

    ledger_id: str
    tasks: list[SegmentTask]
    slot: Slot | None
    segment_entries: int
    asked: _Asked


def _verify(folder: Path, workers: int | None, progress: Progress | None, asked: _Asked) -> VerifyReport:
    try:
        plan = _plan(folder, asked)
    except Corrupt as damage:
        return _report(_Plan("", [], None, SEGMENT_ENTRIES, asked), [], damage)
    done: list[SegmentCheck] = []
    head, sound_bytes = _head_of(asked.since), 0
    torn: TornTail | None = None
    for task, found in zip(plan.tasks, _check_all(plan, workers), strict=True):
        if found.count and found.prev != head.hash:
            wanted = f"prev {head.hash} (hash of entry {head.seq})"
            foreign = Corrupt(folder / segment_name(task.first), 0, task.first, wanted, f"prev {found.prev}")
            return _report(plan, done, foreign)
        done.append(found)
        misfit = _misfit(folder, plan, task, found)
        if isinstance(misfit, Corrupt):
            return _report(plan, done, misfit)
        torn = misfit
        head = found.head if found.count else head
        sound_bytes += found.bytes
        if progress is not None:
            progress(head.seq + 1, sound_bytes)
    return _report(plan, done, _head_misfit(folder, plan, done, head) or torn)


def _head_of(since: Beginning) -> Head:
    """The last entry of what is not read."""
    return Head(since.size - 1, since.last_hash) if since.size else EMPTY


def _plan(folder: Path, asked: _Asked) -> _Plan:
    """What is to be checked, and up to where, read at a moment at which no process writes."""
    if not folder.is_dir():
        raise NoLedger(f"{folder}: there is no ledger here")
    lock = FileLock(folder / LOCK_NAME, writable=False)
    head_file = HeadFile(folder, REAL, writable=False)
    try:
        lock.patience_s = LOCK_PATIENCE_S
        lock.share()
        slot = head_file.read()
        firsts = list_segments(folder)
        if not firsts and slot is None and not list_seals(folder):
            raise NoLedger(f"{folder}: there is no ledger here")
        if not firsts or firsts[0] != 0:
            raise Corrupt(folder / segment_name(0), 0, 0, "the first segment", "no such file")
        created = read_creation(folder)
        count = created.entries_per_segment if created else SEGMENT_ENTRIES
        try:
            check_names(folder, firsts, count)
        except Corrupt:
            if created is not None:
                raise
            # What a segment holds is unknown, so any name may be right: what is certain is that entry 0 is not there.
            expected = "entry 0, which says how many entries a segment holds"
            raise Corrupt(folder / segment_name(0), 0, 0, expected, "something else") from None
        check_owners(folder, firsts)
        check_lengths(folder, [first for first in firsts if first < asked.since.size])
        wanted = frozenset(head.seq for head in asked.expected)
        tasks = [
            SegmentTask(
                folder=str(folder),
                first=first,
                count_max=count,
                size=(folder / segment_name(first)).stat().st_size,
                slot=slot,
                digests=asked.digests,
                wanted=wanted,
                sizes=None
                if asked.sizes is None
                else frozenset(size for size in asked.sizes if first < size <= first + count),
                types=asked.types,
            )
            for first in firsts
            if first >= asked.since.size
        ]
        return _Plan(created.ledger if created else "", tasks, slot, count, asked)
    finally:
        head_file.close()
        lock.close()


def _check_all(plan: _Plan, workers: int | None) -> Iterator[SegmentCheck]:
    """The results of the segments, in order."""
    is_much = sum(task.size for task in plan.tasks) >= _PARALLEL_BYTES_MIN
    return done_by_processes(check_segment, plan.tasks, workers, is_much=is_much)


def _misfit(folder: Path, plan: _Plan, task: SegmentTask, found: SegmentCheck) -> Damage | None:
    """What is wrong with a segment, apart from its link to the one before; None if nothing is."""
    path = folder / segment_name(task.first)
    last_segment = task is plan.tasks[-1]
    if found.bad is not None:
        seq, offset, expected, what = found.bad
        later = [LineTail(-1, found.later_durable_max, "", "")]
        reached = plan.slot.seq if plan.slot else -1
        open_segment = last_segment and not found.sealed
        return judge(
            path,
            BadLine(seq, offset, expected, what),
            later,
            reached,
            arrived=found.bad_arrived,
            open_segment=open_segment,
        )
    if not last_segment and found.count < plan.segment_entries:
        seq = task.first + found.count
        return Corrupt(path, found.bytes, seq, "this entry", "the end of the file")
    if found.seal_misfit is not None:
        expected, what = found.seal_misfit
        return Corrupt(folder / seal_name(task.first), 0, task.first, expected, what)
    return None


def _head_misfit(folder: Path, plan: _Plan, done: list[SegmentCheck], head: Head) -> Corrupt | None:
    """What is wrong with `HEAD`, in a ledger whose entries are sound up to `head`."""
    slot = plan.slot
    if slot is None or slot.seq < plan.asked.since.size:
        return None
    first = first_of(slot.seq, plan.segment_entries)
    path = folder / segment_name(first)
    named = f"the entry that HEAD names, {slot.hash}"
    if slot.seq > head.seq:
        return _cut_off(folder, plan, done, head, slot)
    place = done[(first - plan.asked.since.size) // plan.segment_entries].head_place
    assert place is not None, "the entry is among those that were checked"
    if place[0] != slot.hash:
        return Corrupt(path, slot.offset, slot.seq, named, f"hash {place[0]}")
    if place[1] != slot.offset:
        ends = f"its end at byte {slot.offset}, where HEAD says"
        return Corrupt(path, place[1], slot.seq, ends, f"its end at byte {place[1]}")
    return None


def _cut_off(folder: Path, plan: _Plan, done: list[SegmentCheck], head: Head, slot: Slot) -> Corrupt:
    """The damage where a ledger ends before the entry that `HEAD` names: it begins at the first one that is gone."""
    gone = head.seq + 1
    first = first_of(gone, plan.segment_entries)
    ends_there = bool(plan.tasks) and plan.tasks[-1].first == first
    named = f"an entry, for HEAD names entry {slot.seq}, {slot.hash}"
    return Corrupt(
        folder / segment_name(first), done[-1].bytes if ends_there else 0, gone, named, NOTHING_THERE
    )


def _report(plan: _Plan, done: list[SegmentCheck], damage: Damage | None) -> VerifyReport:
    sound = [found for found in done if found.count]
    hashes = {seq: own_hash for found in sound for seq, own_hash in found.hashes.items()}
    collected = [entry for found in sound for entry in found.collected]
    asked = plan.asked
    tree, roots = _tree(asked, sound)
    return VerifyReport(
        ledger_id=plan.ledger_id,
        entries=asked.since.size + sum(found.count for found in sound),
        segments=len(plan.tasks),
        sealed=sum(found.sealed for found in done),
        bytes=sum(found.bytes for found in sound),
        head=sound[-1].head if sound else _head_of(asked.since),
        recoveries=[entry.seq for entry in collected if entry.type == _RECOVERED],
        torn=damage if isinstance(damage, TornTail) else None,
        first_damage=damage if isinstance(damage, Corrupt) else None,
        head_missing=bool(plan.tasks) and plan.slot is None,
        unsealed=[
            task.first
            for task, found in zip(plan.tasks, done, strict=False)
            if found.count == plan.segment_entries and not found.sealed
        ],
        expectations=[Expectation(head, hashes.get(head.seq)) for head in asked.expected],
        first=asked.since.size,
        tree=tree,
        roots=roots,
        collected=[entry for entry in collected if entry.type != _RECOVERED],
    )


def _tree(asked: _Asked, sound: list[SegmentCheck]) -> tuple[TreeHead | None, Roots]:
    """The tree of the sound entries, and its roots on the way to there."""
    if asked.sizes is None:
        return None, {}
    frontier = Frontier(asked.since.size, asked.since.hashes)
    roots = {frontier.size: frontier.root()}
    for found in sound:
        roots |= grow(frontier, found.subtrees, asked.sizes)
    return TreeHead(frontier.size, frontier.root()), {
        size: root for size, root in roots.items() if size in asked.sizes
    }
