"""Why nothing is archived, as types that hold facts."""

from __future__ import annotations

from pathlib import Path


class ArchiveRefused(Exception):
    """What was asked for is not done."""


class UnfitSegments(ArchiveRefused):
    """The ledger's segments are no whole subtrees of its tree, so that one cannot stand for its entries.

    Attributes:
        segment_entries: how many entries a segment holds.
    """

    def __init__(self, segment_entries: int) -> None:
        self.segment_entries = segment_entries
        super().__init__(f"a segment holds {segment_entries:,} entries, which is no power of two")


class ArchiveLocked(ArchiveRefused):
    """Another process archives this ledger, or reattaches its volumes.

    Attributes:
        pid: that process; None if the system does not tell.
    """

    def __init__(self, pid: int | None) -> None:
        self.pid = pid
        super().__init__("another process archives this ledger" + ("" if pid is None else f", pid {pid}"))


class VolumeMissing(ArchiveRefused):
    """The volume that holds archived segments is not where it was looked for.

    Attributes:
        first: the first entry of which it is missed.
        places: the folders in which it was looked for.
    """

    def __init__(self, first: int, places: list[Path]) -> None:
        self.first, self.places = first, places
        super().__init__(f"no volume that holds entry {first:,} is in {' or '.join(map(str, places))}")


class OtherVolume(ArchiveRefused):
    """A volume is not one of what the ledger holds.

    Attributes:
        path: the folder of the volume.
        why: what is different, as a clause.
    """

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class UnknownEntry(ArchiveRefused):
    """A marker names an entry that speaks of no archive.

    Attributes:
        seq: that entry.
    """

    def __init__(self, seq: int) -> None:
        self.seq = seq
        super().__init__(f"a marker beside the ledger names entry {seq}, which speaks of no archive")


class StateNotKept(ArchiveRefused):
    """The state of the ledger cannot be kept, so that each start would have to read what is to be removed.

    Attributes:
        folder: of the snapshots.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"the state of the ledger cannot be kept in {folder}")
