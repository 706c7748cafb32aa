"""A ledger of small segments, and volumes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from eventstore.archive.manifest import Manifest
from eventstore.archive.volume_writer import VolumeContent, write_volume
from eventstore.durable import Disk
from tests.support.disks import FastDisk
from tests.support.journal import event, open_journal

ENTRIES = 8
"""So many has a segment."""


def sealed_ledger(folder: Path, segments: int) -> Path:
    """A ledger with so many sealed segments, and one that is not full."""
    journal = open_journal(folder, disk=FastDisk(), segment_entries=ENTRIES)
    # Entry 0 is there already.
    for number in range(segments * ENTRIES + 2):
        journal.append([event(number)])
    journal.close()
    journal = open_journal(folder, disk=FastDisk(), segment_entries=ENTRIES)
    while len(list(folder.glob("*.seal"))) < segments:
        journal.tick()
    journal.close()
    return folder


def content_of(
    folder: Path, ledger: str, firsts: Sequence[int], tables: Callable[[Path], None] = lambda _: None
) -> VolumeContent:
    """What is to be written of these segments."""
    return VolumeContent(
        folder=folder,
        ledger=ledger,
        ledger_format=1,
        origin=None,
        software="test 1",
        segment_entries=ENTRIES,
        firsts=firsts,
        checkpoint=None,
        tables=tables,
    )


def volume_of(
    folder: Path, ledger: str, place: Path, firsts: Sequence[int], disk: Disk | None = None
) -> Path:
    """A volume of these segments."""
    place.mkdir(exist_ok=True)
    return write_volume(disk or FastDisk(), place, content_of(folder, ledger, firsts))


def sums_of(manifest: Manifest) -> bytes:
    """What `SHA256SUMS` says where this is the manifest."""
    return manifest.sums(sha256(manifest.raw()).hexdigest())
