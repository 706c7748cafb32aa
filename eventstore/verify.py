"""Verification of a whole ledger: every byte of every line, the chain through all of them, `HEAD`, seals, the tree.

Each segment is checked by itself, in several processes if the ledger is large. Then the segments are joined: the
first line of each must name the hash of the last line before it. Memory stays bounded: a segment is read in pieces.
Nothing is written, and a scheduler may append meanwhile: the ledger is verified as it was at the beginning.

A segment that is archived is not read, unless that is asked for: its seal stands for it (`archive.absent_check`).

The tree over the entries is computed on the way, if it is wanted, from the same lines and not from any tile.

A ledger that passes is consistent. The ledger alone cannot show that nobody cut entries off its end (and set `HEAD`
back to match), or wrote all of it anew. Heads that were noted elsewhere (`expected`) can show that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from eventstore.archive.absent_check import ARCHIVED, ArchiveRecords, absent_segment
from eventstore.archive.absent_check import misfit as absent_misfit
from eventstore.damage import NOTHING_THERE
from eventstore.entry import BadLine, LineTail
from eventstore.errors import Corrupt, TornTail, Unavailable
from eventstore.head import Slot
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.subtrees import Roots, grow
from eventstore.recovery import judge
from eventstore.segment import (
    SEGMENT_ENTRIES,
    first_of,
    seal_name,
    segment_name,
    stray,
)
from eventstore.segment_check import SegmentCheck, SegmentTask, check_segment
from eventstore.store import EMPTY, Head
from eventstore.verification_plan import (
    NOTHING,
    RECOVERED,
    Asked,
    Beginning,
    VerificationPlan,
    plan_verification,
)
from eventstore.verify_report import ArchivedRange, Expectation, VerifyReport
from eventstore.worker_processes import done_by_processes

Damage = TornTail | Corrupt

Progress = Callable[[int, int], None]
"""Called from time to time with the number of entries and the number of bytes that have been verified."""

_PARALLEL_BYTES_MIN = 48 * 1024 * 1024
"""Below this, starting processes costs more than they save."""


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
    archives: bool = False,
    tiles: Path | None = None,
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
        archives: read archived segments too, where they are. One that holds a head of `expected` is always read.
        tiles: the folder of the tree: it gives the roots at sizes within archived segments that are not read.

    Raises:
        Archived: an archived segment that is to be read cannot be.
        NoLedger: there is none.
        NewerFormat: the ledger is in a format that this version does not know.
        Unavailable: the ledger cannot be read.
    """
    wanted = None if sizes is None else frozenset(sizes)
    asked = Asked(digests, expected, wanted, frozenset(types), since, archives, tiles)
    try:
        return _verify(folder, workers, progress, asked)
    except OSError as error:
        raise Unavailable(f"{error.filename or folder}: {error.strerror or error}") from error


def _verify(folder: Path, workers: int | None, progress: Progress | None, asked: Asked) -> VerifyReport:
    try:
        plan = plan_verification(folder, asked)
    except Corrupt as damage:
        return _report(VerificationPlan("", [], None, SEGMENT_ENTRIES, asked), [], damage)
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
    if plan.archived:
        recorded = (entry for each in done for entry in each.collected if entry.type == ARCHIVED)
        records = ArchiveRecords(recorded)
        for first, archived in plan.archived.items():
            forged = absent_misfit(folder, archived, records)
            if forged is not None:
                return _report(plan, done[: (first - asked.since.size) // plan.segment_entries], forged)
    return _report(plan, done, plan.damage or _end_misfit(folder, plan, done, head) or torn)


def _head_of(since: Beginning) -> Head:
    """The last entry of what is not read."""
    return Head(since.size - 1, since.last_hash) if since.size else EMPTY


def _check_all(plan: VerificationPlan, workers: int | None) -> Iterator[SegmentCheck]:
    """The results of the segments, in order."""
    read = [task for task in plan.tasks if task.first not in plan.unread]
    is_much = sum(task.size for task in read) >= _PARALLEL_BYTES_MIN
    checked = done_by_processes(check_segment, read, workers, is_much=is_much)
    for task in plan.tasks:
        yield _unread(plan, task) if task.first in plan.unread else next(checked)


def _unread(plan: VerificationPlan, task: SegmentTask) -> SegmentCheck:
    """What stands for a segment that is not read."""
    held = absent_segment(plan.archived[task.first], task.sizes or (), plan.asked.tiles)
    return SegmentCheck(
        prev=held.prev,
        head=held.head,
        count=held.count,
        hashes={held.head.seq: held.head.hash},
        sealed=True,
        subtrees=[] if task.sizes is None else held.subtrees,
    )


def _misfit(folder: Path, plan: VerificationPlan, task: SegmentTask, found: SegmentCheck) -> Damage | None:
    """What is wrong with a segment, apart from its link to the one before; None if nothing is."""
    path = folder / segment_name(task.first)
    last_segment = task is plan.tasks[-1] and plan.damage is None
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


def _end_misfit(folder: Path, plan: VerificationPlan, done: list[SegmentCheck], head: Head) -> Corrupt | None:
    """What is wrong behind the last entry, in a ledger whose entries are sound up to `head`."""
    if plan.stray is not None:
        return stray(folder, plan.stray, head.seq + 1, plan.segment_entries)
    return _head_misfit(folder, plan, done, head)


def _head_misfit(
    folder: Path, plan: VerificationPlan, done: list[SegmentCheck], head: Head
) -> Corrupt | None:
    """What is wrong with `HEAD`, in a ledger whose entries are sound up to `head`."""
    slot = plan.slot
    if slot is None or slot.seq < plan.asked.since.size:
        return None
    first = first_of(slot.seq, plan.segment_entries)
    if first in plan.unread:
        # As in a copy that was put together: what `HEAD` says of an entry that is not read cannot be compared.
        return None
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


def _cut_off(
    folder: Path, plan: VerificationPlan, done: list[SegmentCheck], head: Head, slot: Slot
) -> Corrupt:
    """The damage where a ledger ends before the entry that `HEAD` names: it begins at the first one that is gone."""
    gone = head.seq + 1
    first = first_of(gone, plan.segment_entries)
    ends_there = bool(plan.tasks) and plan.tasks[-1].first == first
    named = f"an entry, for HEAD names entry {slot.seq}, {slot.hash}"
    return Corrupt(
        folder / segment_name(first), done[-1].bytes if ends_there else 0, gone, named, NOTHING_THERE
    )


def _report(plan: VerificationPlan, done: list[SegmentCheck], damage: Damage | None) -> VerifyReport:
    sound = [found for found in done if found.count]
    hashes = {seq: own_hash for found in sound for seq, own_hash in found.hashes.items()}
    collected = [entry for found in sound for entry in found.collected]
    asked = plan.asked
    tree, roots = _tree(asked, sound)
    return VerifyReport(
        ledger_id=plan.ledger_id,
        entries=asked.since.size + sum(found.count for found in sound),
        segments=len(plan.tasks),
        sealed=sum(
            found.sealed
            for task, found in zip(plan.tasks, done, strict=False)
            if task.first not in plan.unread
        ),
        bytes=sum(found.bytes for found in sound),
        head=sound[-1].head if sound else _head_of(asked.since),
        recoveries=[entry.seq for entry in collected if entry.type == RECOVERED],
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
        collected=[entry for entry in collected if entry.type in asked.types],
        archived=_ranges(plan, done),
    )


def _ranges(plan: VerificationPlan, done: list[SegmentCheck]) -> list[ArchivedRange]:
    """The archived segments among those that were checked; neighbours of one place are one range."""
    ranges: list[ArchivedRange] = []
    for task, _ in zip(plan.tasks, done, strict=False):
        if task.first not in plan.archived:
            continue
        last = task.first + plan.segment_entries - 1
        new = ArchivedRange(
            task.first, last, plan.archived[task.first].marker.folder, task.first not in plan.unread
        )
        before = ranges[-1] if ranges else None
        if before and (before.last + 1, before.place, before.read) == (new.first, new.place, new.read):
            new = ArchivedRange(before.first, new.last, new.place, new.read)
            ranges.pop()
        ranges.append(new)
    return ranges


def _tree(asked: Asked, sound: list[SegmentCheck]) -> tuple[TreeHead | None, Roots]:
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
