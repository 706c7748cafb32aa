"""Reattaching: volumes that were moved are checked, and the ledger knows where they are from then on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from eventstore.archive.manifest import MANIFEST_NAME, ReadManifest, named_first
from eventstore.archive.reattachment import bring_back, markers_of, point_to
from eventstore.archive.volume_check import check_volume
from eventstore.durable import REAL, Disk
from eventstore.errors import NoLedger
from eventstore.genesis import read_creation
from eventstore.segment import list_names
from scheduler.archive.archiving import ArchivingStep, archive_lock
from scheduler.archive.errors import VolumeMissing
from scheduler.home import Home


class ReattachedVolume(NamedTuple):
    """A volume that was checked.

    Attributes:
        folder: where it is.
        read: its manifest.
        segments: how many of its segments the ledger has there.
        moved: how many of them it looked for elsewhere before.
        copied: how many were put back beside the ledger.
        copied_bytes: how long these are together.
    """

    folder: Path
    read: ReadManifest
    segments: int
    moved: int
    copied: int
    copied_bytes: int


class Reattached(NamedTuple):
    """The volumes that were checked, and how many segments are archived in other volumes still."""

    volumes: list[ReattachedVolume]
    elsewhere: int


def reattach(
    home: Home,
    place: Path,
    *,
    copy: bool = False,
    told: Callable[[ArchivingStep], None] = lambda _: None,
    disk: Disk = REAL,
) -> Reattached:
    """Have the ledger know that volumes are in a folder.

    Args:
        home: the home.
        place: the folder of a volume, or one in which volumes are.
        copy: whether the segments are put back beside the ledger.
        told: called as the work proceeds.
        disk: the system calls.

    Raises:
        ArchiveLocked: another process archives or reattaches.
        VolumeMissing: no volume of this ledger is there.
        BadVolume: one is damaged, or holds other entries than the ledger's seals say.
        NoLedger, Corrupt, LockHeld: the ledger cannot be read, or is locked.
        ValueError: the path of the place is one that no marker can hold.
        OSError: files cannot be read or written.
    """
    created = read_creation(home.ledger)
    if created is None:
        raise NoLedger(f"{home.ledger}: there is no ledger here")
    with archive_lock(home):
        volumes = [
            _reattached(home, folder, created.ledger, copy, told, disk)
            for folder in _volumes(place, created.ledger)
        ]
        held = {segment.first for each in volumes for segment in each.read.manifest.segments}
        return Reattached(volumes, len(set(list_names(home.ledger).markers) - held))


def _volumes(place: Path, ledger: str) -> list[Path]:
    if os.path.lexists(place / MANIFEST_NAME):
        return [place]
    found = sorted(name for name in os.listdir(place) if named_first(name, ledger) is not None)
    if not found:
        raise VolumeMissing(0, [place])
    return [place / name for name in found]


def _reattached(
    home: Home, folder: Path, ledger: str, copy: bool, told: Callable[[ArchivingStep], None], disk: Disk
) -> ReattachedVolume:
    read = check_volume(folder, ledger, lambda done, total: told(ArchivingStep("verifying", done, total)))
    markers = markers_of(home.ledger, folder, read)
    moved = point_to(disk, home.ledger, folder, [marker for marker, _ in markers])
    copied, copied_bytes = 0, 0
    total_bytes = sum(record.bytes for _, record in markers)
    for _, record in markers if copy else ():
        if bring_back(disk, home.ledger, folder, record):
            copied, copied_bytes = copied + 1, copied_bytes + record.bytes
        told(ArchivingStep("putting back", copied_bytes, total_bytes))
    return ReattachedVolume(folder, read, len(markers), moved, copied, copied_bytes)
