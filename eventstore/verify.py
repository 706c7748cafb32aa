"""Verification of a whole ledger: every byte of every line, the chain through all of them, `HEAD`, the seals.

Each segment is checked by itself, in several processes if the ledger is large. Then the segments are joined: the
first line of each must name the hash of the last line before it. Memory stays bounded: a segment is read in pieces.
Nothing is written, and a scheduler may append meanwhile: the ledger is verified as it was at the beginning.

A ledger that passes is consistent. The ledger alone cannot show that nobody cut entries off its end (and set `HEAD`
back to match), or wrote all of it anew. Heads that were noted elsewhere (`expected`) can show that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from eventstore.durable import REAL
from eventstore.entry import BadLine, Line, LineTail, check_lines, head_after, shown, tail_of
from eventstore.errors import Corrupt, NoLedger, TornTail, Unavailable
from eventstore.genesis import read_creation
from eventstore.head import HeadFile, Slot
from eventstore.lock import LOCK_NAME, LOCK_PATIENCE_S, FileLock
from eventstore.recovery import has_arrived, judge, later_lines
from eventstore.regular_file import open_regular
from eventstore.seal import Seal, check_owners, read_seal
from eventstore.segment import (
    SEGMENT_ENTRIES,
    LineBlock,
    check_names,
    first_lines,
    first_of,
    line_blocks,
    list_seals,
    list_segments,
    seal_name,
    segment_name,
)
from eventstore.store import EMPTY, GENESIS, Head
from eventstore.verify_report import Expectation, VerifyReport
from eventstore.worker_processes import done_by_processes

Damage = TornTail | Corrupt

Progress = Callable[[int, int], None]
"""Called from time to time with the number of entries and the number of bytes that have been verified."""

_PARALLEL_BYTES_MIN = 48 * 1024 * 1024
"""Below this, starting processes costs more than they save."""


class _Task(msgspec.Struct, frozen=True):
    """One segment to check: its folder, its first entry, how many entries it may hold, how many bytes to check."""

    folder: str
    first: int
    count_max: int
    size: int
    slot: Slot | None
    digests: bool
    wanted: frozenset[int]


class _SegmentCheck(msgspec.Struct):
    """The result of the check of one segment by itself, without the `prev` of its first line.

    Attributes:
        prev: the `prev` of its first line, which is not checked here.
        head: its last sound entry.
        count: how many entries are sound.
        bytes: how many bytes the sound entries take.
        recoveries: the sound entries that are `ledger.recovered`.
        head_place: the hash of the entry that `HEAD` names, and where its line ends, if that entry is sound.
        hashes: the hashes of the sound entries that were asked for.
        bad: the first bad line: seq, offset, expected, found.
        bad_arrived: whether the bad line has arrived whole.
        later_durable_max: the greatest `durable` of the lines behind the bad one that speak for themselves.
        sealed: whether it has a seal that could be read.
        seal_misfit: what the seal should say, and what it says, if these differ.
    """

    prev: str = GENESIS
    head: Head = EMPTY
    count: int = 0
    bytes: int = 0
    recoveries: list[int] = []
    head_place: tuple[str, int] | None = None
    hashes: dict[int, str] = {}
    bad: tuple[int, int, str, str] | None = None
    bad_arrived: bool = False
    later_durable_max: int = 0
    sealed: bool = False
    seal_misfit: tuple[str, str] | None = None


def verify(
    folder: Path,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    digests: bool = False,
    expected: Sequence[Head] = (),
) -> VerifyReport:
    """Verify the ledger in a folder.

    Args:
        folder: where the ledger is.
        workers: how many processes; by default one for each processor, or none if the ledger is small.
        progress: called as the verification proceeds.
        digests: whether to compare the digest in each seal with its file too. The chain proves the file, and the
            seal's own hash proves that the seal is as it was written; this finds a seal that was forged as a whole.
        expected: heads that were noted elsewhere; the ledger is compared with them.

    Raises:
        NoLedger: there is none.
        NewerFormat: the ledger is in a format that this version does not know.
        Unavailable: the ledger cannot be read.
    """
    try:
        return _verify(folder, workers, progress, expected, digests=digests)
    except OSError as error:
        raise Unavailable(f"{error.filename or folder}: {error.strerror or error}") from error


class _Plan(msgspec.Struct):
    """The ledger as it was when verification began."""

    ledger_id: str
    tasks: list[_Task]
    slot: Slot | None
    segment_entries: int
    expected: Sequence[Head]


def _verify(
    folder: Path,
    workers: int | None,
    progress: Progress | None,
    expected: Sequence[Head],
    *,
    digests: bool,
) -> VerifyReport:
    try:
        plan = _plan(folder, expected, digests=digests)
    except Corrupt as damage:
        return _report(_Plan("", [], None, SEGMENT_ENTRIES, expected), [], damage)
    done: list[_SegmentCheck] = []
    head, sound_bytes = EMPTY, 0
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


def _plan(folder: Path, expected: Sequence[Head], *, digests: bool) -> _Plan:
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
        check_names(folder, firsts, count)
        check_owners(folder, firsts)
        wanted = frozenset(head.seq for head in expected)
        tasks = [
            _Task(
                str(folder),
                first,
                count,
                (folder / segment_name(first)).stat().st_size,
                slot,
                digests,
                wanted,
            )
            for first in firsts
        ]
        return _Plan(created.ledger if created else "", tasks, slot, count, expected)
    finally:
        head_file.close()
        lock.close()


def _check_all(plan: _Plan, workers: int | None) -> Iterator[_SegmentCheck]:
    """The results of the segments, in order."""
    is_much = sum(task.size for task in plan.tasks) >= _PARALLEL_BYTES_MIN
    return done_by_processes(_check_segment, plan.tasks, workers, is_much=is_much)


def _check_segment(task: _Task) -> _SegmentCheck:
    """Check one segment by itself."""
    folder = Path(task.folder)
    found = _SegmentCheck()
    seal = _seal_of(folder, task.first)
    found.sealed = isinstance(seal, Seal)
    digest = sha256()
    with open(open_regular(folder / segment_name(task.first)), "rb") as segment:
        fd = segment.fileno()
        for block in line_blocks(fd, 0, task.size):
            if found.count == 0:
                opening = tail_of(block.raw.partition(b"\n")[0])
                found.prev = opening.prev if opening else GENESIS
                found.head = Head(task.first - 1, found.prev)
            try:
                _check_block(task, found, block)
            except BadLine as bad:
                found.bad = (bad.seq, bad.offset, bad.expected, bad.found)
                full = found.count == task.count_max
                found.bad_arrived = not full and has_arrived(fd, bad.offset, task.size)
                found.later_durable_max = max(
                    (t.durable for t in later_lines(fd, bad.offset, task.size)), default=0
                )
                return found
            if task.digests:
                digest.update(block.raw)
    found.seal_misfit = _seal_misfit(task, found, seal, digest.hexdigest() if task.digests else None)
    return found


def _check_block(task: _Task, found: _SegmentCheck, block: LineBlock) -> None:
    """Check consecutive bytes of a segment, and count the sound entries.

    Raises:
        BadLine: a line is bad; the error's `offset` counts from the beginning of the file.
    """
    seq, prev = task.first + found.count, found.head.hash
    if not block.whole:
        raise BadLine(seq, block.offset, "a whole line", shown(block.raw))
    sound = first_lines(block.raw, task.count_max - found.count)
    try:
        lines = check_lines(sound, seq, prev) if sound else []
    except BadLine as bad:
        if bad.offset:
            good = block.raw[: bad.offset]
            _count(task, found, check_lines(good, seq, prev), good, block.offset)
        raise BadLine(bad.seq, block.offset + bad.offset, bad.expected, bad.found) from None
    if lines:
        _count(task, found, lines, sound, block.offset)
    if len(sound) < len(block.raw):
        rest = block.raw[len(sound) :]
        raise BadLine(
            task.first + found.count, block.offset + len(sound), "the end of a full segment", shown(rest)
        )


def _count(task: _Task, found: _SegmentCheck, lines: list[Line], block: bytes, offset: int) -> None:
    """Count these lines as sound; their bytes are `block`, which begins at `offset` in the segment."""
    slot = task.slot
    if slot is not None and lines[0].seq <= slot.seq <= lines[-1].seq:
        at = slot.seq - lines[0].seq
        found.head_place = lines[at].hash, offset + len(first_lines(block, at + 1))
    if task.wanted:
        found.hashes.update({line.seq: line.hash for line in lines if line.seq in task.wanted})
    found.recoveries.extend([line.seq for line in lines if line.type == "ledger.recovered"])
    found.head = head_after(lines)
    found.count += len(lines)
    found.bytes = offset + len(block)


def _misfit(folder: Path, plan: _Plan, task: _Task, found: _SegmentCheck) -> Damage | None:
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


def _head_misfit(folder: Path, plan: _Plan, done: list[_SegmentCheck], head: Head) -> Corrupt | None:
    """What is wrong with `HEAD`, in a ledger whose entries are sound up to `head`."""
    slot = plan.slot
    if slot is None:
        return None
    first = first_of(slot.seq, plan.segment_entries)
    path = folder / segment_name(first)
    named = f"the entry that HEAD names, {slot.hash}"
    if slot.seq > head.seq:
        return Corrupt(path, slot.offset, slot.seq, named, "nothing")
    place = done[first // plan.segment_entries].head_place
    assert place is not None, "the entry is among those that were checked"
    if place[0] != slot.hash:
        return Corrupt(path, slot.offset, slot.seq, named, f"hash {place[0]}")
    if place[1] != slot.offset:
        ends = f"its end at byte {slot.offset}, where HEAD says"
        return Corrupt(path, place[1], slot.seq, ends, f"its end at byte {place[1]}")
    return None


def _seal_of(folder: Path, first: int) -> Seal | str | None:
    """A segment's seal, or what is wrong with it."""
    try:
        return read_seal(folder, first)
    except ValueError as error:
        return str(error)


def _seal_misfit(
    task: _Task, found: _SegmentCheck, seal: Seal | str | None, digest: str | None
) -> tuple[str, str] | None:
    """What a seal should say, and what it says instead; None if it is right or missing."""
    if seal is None:
        return None
    if isinstance(seal, str):
        return "a seal", seal
    for name, said, there in (
        ("first entry", seal.first, task.first),
        ("entries", seal.count, found.count),
        ("bytes", seal.bytes, found.bytes),
        ("sha256", seal.sha256, seal.sha256 if digest is None else digest),
        ("last hash", seal.last, found.head.hash),
    ):
        if said != there:
            return f"{name} {there} (of the segment)", f"{name} {said}"
    return None


def _report(plan: _Plan, done: list[_SegmentCheck], damage: Damage | None) -> VerifyReport:
    sound = [found for found in done if found.count]
    hashes = {seq: own_hash for found in sound for seq, own_hash in found.hashes.items()}
    return VerifyReport(
        ledger_id=plan.ledger_id,
        entries=sum(found.count for found in sound),
        segments=len(plan.tasks),
        sealed=sum(found.sealed for found in done),
        bytes=sum(found.bytes for found in sound),
        head=sound[-1].head if sound else EMPTY,
        recoveries=[seq for found in sound for seq in found.recoveries],
        torn=damage if isinstance(damage, TornTail) else None,
        first_damage=damage if isinstance(damage, Corrupt) else None,
        head_missing=bool(plan.tasks) and plan.slot is None,
        unsealed=[
            task.first
            for task, found in zip(plan.tasks, done, strict=False)
            if found.count == plan.segment_entries and not found.sealed
        ],
        expectations=[Expectation(head, hashes.get(head.seq)) for head in plan.expected],
    )
