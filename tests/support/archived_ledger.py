"""A ledger whose segments are archived: compressed into a folder, recorded, marked, and removed where they were."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from eventstore.archive.compressed_segment import compress, compressed_name
from eventstore.archive.marker import Marker, read_marker, write_marker
from eventstore.durable import REAL
from eventstore.journal import Journal
from eventstore.proofs.merkle_tree import joined_root, leaf_hashes
from eventstore.seal import read_seal
from eventstore.segment import seal_name, segment_name
from eventstore.store import Event
from tests.support.disks import FastDisk

MANIFEST = sha256(b"the manifest").hexdigest()


def recorded(folder: Path, volume: Path, firsts: Sequence[int]) -> Event:
    """What records that these segments are archived."""
    segments, seals = [], []
    for first in firsts:
        seal = read_seal(folder, first)
        assert seal is not None, "only a sealed segment is archived"
        seals.append(seal)
        segments.append({"first": first, "sha256": seal.sha256, "root": root_of(folder, first)})
    data = {
        "manifest": MANIFEST,
        "place": str(volume),
        "first": firsts[0],
        "last": firsts[-1] + seals[-1].count - 1,
        "count": sum(seal.count for seal in seals),
        "bytes": sum(seal.bytes for seal in seals),
        "segments": segments,
        "local": "removed",
    }
    return Event(type="ledger.archived", actor="user:a@b", data=data)


def root_of(folder: Path, first: int) -> str:
    """The root of the tree over the entries of a segment that is in the folder."""
    return joined_root(leaf_hashes((folder / segment_name(first)).read_bytes().splitlines())).hex()


def pack(folder: Path, volume: Path, firsts: Sequence[int]) -> None:
    """Compress segments into a volume."""
    volume.mkdir(parents=True, exist_ok=True)
    for first in firsts:
        target = volume / compressed_name(first)
        with (folder / segment_name(first)).open("rb") as plain, target.open("wb") as packed:
            compress(REAL, plain.fileno(), packed.fileno())
        shutil.copy(folder / seal_name(first), volume)


def mark(folder: Path, volume: Path, firsts: Sequence[int], entry: int) -> None:
    """Say of segments that are in the folder where they are archived, and which entry records that."""
    for first in firsts:
        lines = (folder / segment_name(first)).read_bytes().splitlines()
        marker = Marker(
            first=first,
            count=len(lines),
            prev=json.loads(lines[0])["prev"],
            root=root_of(folder, first),
            manifest=MANIFEST,
            folder=str(volume),
            entry=entry,
        )
        write_marker(FastDisk(), folder, marker)


def archive(folder: Path, volume: Path, firsts: Sequence[int]) -> int:
    """Archive segments of a ledger that nobody has open, and remove all but the first; the entry that records it."""
    pack(folder, volume, firsts)
    event = recorded(folder, volume, firsts)
    with Journal.open(folder, software="test", disk=FastDisk(), create=False) as journal:
        (entry,) = journal.append([event])
    mark(folder, volume, firsts, entry.seq)
    for first in firsts:
        if first:
            (folder / segment_name(first)).unlink()
    return entry.seq


def remark(ledger: Path, first: int, **changes: Any) -> None:
    """Write a marker anew with other content, as somebody can who may write there."""
    marker = read_marker(ledger, first)
    assert marker is not None
    members = {name: getattr(marker, name) for name in marker.__struct_fields__}
    write_marker(FastDisk(), ledger, Marker(**{**members, **changes}))
