"""The check of segments that are archived: what stands for their bytes, and how it is held against the entries.

A segment that is not read is held by its seal and its marker. They count for nothing alone, since anybody could have
written them: the entry `ledger.archived` that the marker names is in the chain, and must record the same digest, the
same root and the same manifest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import msgspec

from eventstore.archive.archived_segments import ArchivedSegment
from eventstore.archive.marker import Marker
from eventstore.errors import Corrupt
from eventstore.nesting import decode
from eventstore.proofs.errors import DamagedTiles
from eventstore.proofs.merkle_tree import HASH_BYTES, joined_root
from eventstore.proofs.subtrees import Subtree, subtrees_of
from eventstore.proofs.tiles.tile import TILE_WIDTH, tile_in
from eventstore.proofs.tiles.tile_files import TileFiles
from eventstore.segment import marker_name, seal_name
from eventstore.store import Entry, Head

ARCHIVED = "ledger.archived"


class AbsentSegment(msgspec.Struct, frozen=True):
    """A segment that is not read: what its seal and its marker say.

    Attributes:
        prev: the hash of the entry before its first one.
        head: its last entry.
        count: how many entries it holds.
        subtrees: the subtrees that its entries are in the tree: the whole, or the parts that end at given sizes.
    """

    prev: str
    head: Head
    count: int
    subtrees: list[Subtree]


class _Recorded(msgspec.Struct, frozen=True):
    """What `ledger.archived` says of one segment; it has more members."""

    first: int
    sha256: str
    root: str


class _Payload(msgspec.Struct, frozen=True):
    """The members of `ledger.archived` that are compared."""

    manifest: str
    segments: list[_Recorded]


class ArchiveRecords:
    """What entries record of archived segments.

    Args:
        entries: the entries of the type `ledger.archived` that are here, and are sound.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._payloads: dict[int, _Payload | str] = {}
        self._by_first: dict[int, list[tuple[int, _Recorded]]] = {}
        for entry in entries:
            try:
                payload = decode(bytes(entry.data), _Payload)
            except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
                self._payloads[entry.seq] = str(problem)
                continue
            self._payloads[entry.seq] = payload
            for each in payload.segments:
                self._by_first.setdefault(each.first, []).append((entry.seq, each))

    def said_by(self, seq: int) -> _Payload | str | None:
        """What an entry says; a text of what is wrong with it; None if there is no such entry."""
        return self._payloads.get(seq)

    def contradicting(self, recorded: _Recorded) -> tuple[int, _Recorded] | None:
        """The first entry that says something else of the same segment, and what it says; None if there is none."""
        return next((each for each in self._by_first.get(recorded.first, ()) if each[1] != recorded), None)


def absent_segment(archived: ArchivedSegment, sizes: Collection[int], tiles: Path | None) -> AbsentSegment:
    """What stands for a segment that is not read.

    Args:
        archived: its seal and its marker.
        sizes: the sizes at which the tree's root is wanted.
        tiles: the folder of the tree. It gives the root at sizes within the segment, if the segment's own root is
            that of its tiles; otherwise there is none at these sizes.
    """
    seal, marker = archived
    within = [size for size in sizes if seal.first < size < seal.first + seal.count]
    whole = [Subtree(seal.count.bit_length() - 1, bytes.fromhex(marker.root))]
    leaves = _leaves(marker, tiles) if within and tiles is not None else b""
    return AbsentSegment(
        prev=marker.prev,
        head=Head(seal.first + seal.count - 1, seal.last),
        count=seal.count,
        subtrees=subtrees_of(seal.first, leaves, within) if leaves else whole,
    )


def _leaves(marker: Marker, tiles: Path) -> bytes:
    """The hashes of a segment's leaves, out of tiles that lead to its root; nothing if they do not."""
    files, end = TileFiles(tiles), marker.first + marker.count
    numbers = range(marker.first // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1)
    try:
        head = files.head()
        if head is None or head.size < end:
            return b""
        hashes = b"".join(files.read(tile_in(0, number, head.size)) for number in numbers)
    except (DamagedTiles, OSError, ValueError):
        return b""
    begin = marker.first - numbers.start * TILE_WIDTH
    leaves = hashes[begin * HASH_BYTES : (begin + marker.count) * HASH_BYTES]
    is_theirs = len(leaves) == marker.count * HASH_BYTES and joined_root(leaves).hex() == marker.root
    return leaves if is_theirs else b""


def misfit(folder: Path, archived: ArchivedSegment, records: ArchiveRecords) -> Corrupt | None:
    """What is wrong with the seal and the marker of a segment that is not here; None if nothing is.

    Args:
        folder: the ledger.
        archived: the seal and the marker.
        records: what the entries that are here record.
    """
    seal, marker = archived
    where = folder / marker_name(seal.first)
    if marker.count & (marker.count - 1) or marker.first % marker.count:
        found = f"{marker.count} entries from {marker.first} on"
        return Corrupt(where, 0, seal.first, "a segment that is a whole subtree of the tree", found)
    said = records.said_by(marker.entry)
    if said is None:
        wanted = f"entry {marker.entry}, {ARCHIVED}, which records this segment, in a segment that is here"
        return Corrupt(where, 0, seal.first, wanted, "no such entry")
    if isinstance(said, str):
        return Corrupt(where, 0, seal.first, f"what entry {marker.entry} records", said)
    recorded = next((each for each in said.segments if each.first == seal.first), None)
    if recorded is None:
        return Corrupt(where, 0, seal.first, f"a segment that entry {marker.entry} records", "none of these")
    by_entry = f"(recorded by entry {marker.entry})"
    if recorded.sha256 != seal.sha256:
        wanted = f"sha256 {recorded.sha256} {by_entry}"
        return Corrupt(folder / seal_name(seal.first), 0, seal.first, wanted, f"sha256 {seal.sha256}")
    for name, noted, there in (
        ("root", recorded.root, marker.root),
        ("manifest", said.manifest, marker.manifest),
    ):
        if noted != there:
            return Corrupt(where, 0, seal.first, f"{name} {noted} {by_entry}", f"{name} {there}")
    # If another entry records the same segment as another one, one of the two was made up.
    contradicting = records.contradicting(recorded)
    if contradicting is None:
        return None
    seq, other = contradicting
    wanted = f"what entry {seq} records of it: sha256 {other.sha256}, root {other.root}"
    found = f"sha256 {recorded.sha256}, root {recorded.root} {by_entry}"
    return Corrupt(where, 0, seal.first, wanted, found)
