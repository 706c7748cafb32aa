"""The check of one segment by itself: every line, the seal, and what the segment adds to the tree.

It needs no other segment, so several processes check several at once; `verify` joins what they found.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec

from eventstore.entry import BadLine, Line, check_lines, head_after, lines_of, shown, tail_of
from eventstore.head import Slot
from eventstore.nesting import decode
from eventstore.proofs.merkle_tree import leaf_hashes
from eventstore.proofs.subtrees import Subtree, subtrees_of
from eventstore.recovery import has_arrived, later_lines
from eventstore.seal import Seal, read_seal
from eventstore.segment import LineBlock, first_lines, line_blocks, segment_name
from eventstore.segment_access import open_segment_file
from eventstore.store import EMPTY, GENESIS, Entry, Head


class SegmentTask(msgspec.Struct, frozen=True):
    """One segment to check.

    Attributes:
        folder: the ledger.
        first: the segment's first entry.
        count_max: how many entries it may hold.
        size: how many bytes of it to check.
        slot: what `HEAD` says.
        digests: whether to compare the digest in its seal.
        wanted: the entries whose hashes are wanted.
        sizes: the sizes at which the tree's root is wanted; None if nothing of the tree is.
        types: the types of the entries that are wanted themselves.
        sealed: whether it had a seal when `size` was looked at. One that is made later is about more bytes.
    """

    folder: str
    first: int
    count_max: int
    size: int
    slot: Slot | None
    digests: bool
    wanted: frozenset[int]
    sizes: frozenset[int] | None
    types: frozenset[str]
    sealed: bool = True


class SegmentCheck(msgspec.Struct):
    """The result of the check of one segment by itself, without the `prev` of its first line.

    Attributes:
        prev: the `prev` of its first line, which is not checked here.
        head: its last sound entry.
        count: how many entries are sound.
        bytes: how many bytes the sound entries take.
        collected: the sound entries of the types that were asked for.
        head_place: the hash of the entry that `HEAD` names, and where its line ends, if that entry is sound.
        hashes: the hashes of the sound entries that were asked for.
        bad: the first bad line: seq, offset, expected, found.
        bad_arrived: whether the bad line has arrived whole.
        later_durable_max: the greatest `durable` of the lines behind the bad one that speak for themselves.
        sealed: whether it has a seal that could be read.
        seal_misfit: what the seal should say, and what it says, if these differ.
        subtrees: the subtrees that the sound entries are in the tree, if that was asked for.
    """

    prev: str = GENESIS
    head: Head = EMPTY
    count: int = 0
    bytes: int = 0
    collected: list[Entry] = []
    head_place: tuple[str, int] | None = None
    hashes: dict[int, str] = {}
    bad: tuple[int, int, str, str] | None = None
    bad_arrived: bool = False
    later_durable_max: int = 0
    sealed: bool = False
    seal_misfit: tuple[str, str] | None = None
    subtrees: list[Subtree] = []


def check_segment(task: SegmentTask) -> SegmentCheck:
    """Check one segment by itself."""
    found = SegmentCheck()
    leaves = bytearray()
    _check_bytes(task, found, leaves)
    if task.sizes is not None:
        found.subtrees = subtrees_of(task.first, bytes(leaves), task.sizes)
    return found


def _check_bytes(task: SegmentTask, found: SegmentCheck, leaves: bytearray) -> None:
    """Check all bytes of a segment, and gather the hashes of its leaves, if they are wanted."""
    folder = Path(task.folder)
    seal = _seal_of(folder, task.first) if task.sealed else None
    found.sealed = isinstance(seal, Seal)
    digest = sha256()
    with open(open_segment_file(folder / segment_name(task.first)), "rb") as segment:
        fd = segment.fileno()
        for block in line_blocks(fd, 0, task.size):
            if found.count == 0:
                opening = tail_of(block.raw.partition(b"\n")[0])
                found.prev = opening.prev if opening else GENESIS
                found.head = Head(task.first - 1, found.prev)
            try:
                _check_block(task, found, leaves, block)
            except BadLine as bad:
                found.bad = (bad.seq, bad.offset, bad.expected, bad.found)
                full = found.count == task.count_max
                found.bad_arrived = not full and has_arrived(fd, bad.offset, task.size)
                found.later_durable_max = max(
                    (t.durable for t in later_lines(fd, bad.offset, task.size)), default=0
                )
                return
            if task.digests:
                digest.update(block.raw)
    found.seal_misfit = _seal_misfit(task, found, seal, digest.hexdigest() if task.digests else None)


def _check_block(task: SegmentTask, found: SegmentCheck, leaves: bytearray, block: LineBlock) -> None:
    """Check consecutive bytes of a segment, and count the sound entries.

    Raises:
        BadLine: a line is bad; the error's `offset` counts from the beginning of the file.
    """
    seq, prev = task.first + found.count, found.head.hash
    if not block.whole:
        raise BadLine(seq, block.offset, "a whole line", shown(block.raw))
    sound = first_lines(block.raw, task.count_max - found.count)
    raw = lines_of(sound) if sound else []
    try:
        lines = check_lines(sound, seq, prev, raw) if sound else []
    except BadLine as bad:
        if bad.offset:
            good = block.raw[: bad.offset]
            _count(task, found, leaves, check_lines(good, seq, prev), raw, good, block.offset)
        raise BadLine(bad.seq, block.offset + bad.offset, bad.expected, bad.found) from None
    if lines:
        _count(task, found, leaves, lines, raw, sound, block.offset)
    if len(sound) < len(block.raw):
        rest = block.raw[len(sound) :]
        raise BadLine(
            task.first + found.count, block.offset + len(sound), "the end of a full segment", shown(rest)
        )


def _count(
    task: SegmentTask,
    found: SegmentCheck,
    leaves: bytearray,
    lines: list[Line],
    raw: list[bytes],
    block: bytes,
    offset: int,
) -> None:
    """Count these lines as sound.

    Args:
        task: the segment.
        found: what was found before.
        leaves: the hashes of the leaves before.
        lines: the lines.
        raw: their bytes, without LF; there may be more behind them.
        block: the bytes of these lines, with LF.
        offset: where `block` begins in the segment.
    """
    slot = task.slot
    if slot is not None and lines[0].seq <= slot.seq <= lines[-1].seq:
        at = slot.seq - lines[0].seq
        found.head_place = lines[at].hash, offset + len(first_lines(block, at + 1))
    if task.wanted:
        found.hashes.update({line.seq: line.hash for line in lines if line.seq in task.wanted})
    if task.sizes is not None:
        leaves += leaf_hashes(raw[: len(lines)])
    collected = [at for at, line in enumerate(lines) if line.type in task.types]
    found.collected.extend([decode(raw[at], Entry) for at in collected])
    found.head = head_after(lines)
    found.count += len(lines)
    found.bytes = offset + len(block)


def _seal_of(folder: Path, first: int) -> Seal | str | None:
    """A segment's seal, or what is wrong with it."""
    try:
        return read_seal(folder, first)
    except ValueError as error:
        return str(error)


def _seal_misfit(
    task: SegmentTask, found: SegmentCheck, seal: Seal | str | None, digest: str | None
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
