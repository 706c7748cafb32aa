"""Archiving a ledger: volumes are written and verified, that is recorded, and only then are local files removed.

Whoever archives holds a lock of the home. After a crash at any point the ledger is sound, and archiving again
finishes what was begun: a whole volume is taken as it is, one that is not whole is begun anew, and files that were to
be removed are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec import structs

from eventstore.archive.errors import BadVolume
from eventstore.archive.manifest import ReadManifest, SegmentRecord, named_first, volume_name
from eventstore.archive.marker import write_marker
from eventstore.archive.removal import check_against_ledger, markers_that_name, remove_local
from eventstore.archive.segment_roots import flush_tiles, segment_roots
from eventstore.archive.signed_segments import CoveringCheckpoint, segment_proofs
from eventstore.archive.volume_check import check_is_there, check_volume, manifest_of_volume
from eventstore.archive.volume_writer import VolumeContent, flush_volume, write_volume
from eventstore.durable import REAL, Disk
from eventstore.genesis import FORMAT
from eventstore.lock import FileLock
from eventstore.lock_holder import lock_holder
from eventstore.proofs.kept_checkpoints import Kept
from eventstore.segment import segment_name
from scheduler.archive.candidates import Candidates, candidates
from scheduler.archive.errors import ArchiveLocked, OtherVolume, StateNotKept, VolumeMissing
from scheduler.archive.records import Archivist, record_again, record_archived
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.segment_states import keep_all
from scheduler.ledger.tree import tiles_folder, tree_of
from scheduler.version import VERSION

LOCK_NAME = "archive.lock"

Tables = Callable[[Path, Sequence[int]], None]
"""Makes tables of the entries of segments, in folders below the folder that it is given."""


class ArchivingStep(NamedTuple):
    """How far the work is: what is done now, and how many bytes of segments are dealt with."""

    step: str
    done_bytes: int
    total_bytes: int


class Plan(NamedTuple):
    """What is wanted.

    Attributes:
        place: the folder in which the volumes are.
        before: segments whose last entry is older are archived.
        remove_local: whether local files are removed behind that.
        archivist: who does it.
        tables: makes the tables of a volume.
        signature: gives the checkpoint that covers so many entries; None if there is none.
        told: called as the work proceeds.
        derive: makes what is derived of all entries, called before local files go.
        disk: the system calls.
    """

    place: Path
    before: datetime
    remove_local: bool
    archivist: Archivist
    tables: Tables
    signature: Callable[[int], Kept | None]
    told: Callable[[ArchivingStep], None] = lambda _: None
    derive: Callable[[], None] = lambda: None
    disk: Disk = REAL


class ArchivedVolume(NamedTuple):
    """A volume that was dealt with.

    Attributes:
        folder: where it is.
        read: its manifest.
        is_new: whether it was written just now.
        seq: the newest entry that was recorded about it.
        removed: how many local segments were removed.
        removed_bytes: how long they were together.
    """

    folder: Path
    read: ReadManifest
    is_new: bool
    seq: int
    removed: int
    removed_bytes: int


class Archived(NamedTuple):
    """What was done: the volumes, and what was known before of what may be archived."""

    volumes: list[ArchivedVolume]
    candidates: Candidates


def archive(home: Home, ledger: Ledger, plan: Plan) -> Archived:
    """Archive what may be archived.

    Args:
        home: the home.
        ledger: its ledger, open to append.
        plan: what is wanted.

    Raises:
        ArchiveRefused: it is not done, see `scheduler.archive.errors`.
        BadVolume: a volume that is there is damaged, or something else.
        VolumeBusy: another process writes the same volume.
        DamagedTiles: the ledger is not the one that was signed.
        Corrupt: the ledger is damaged.
        ValueError: the path of the place is one that no marker can hold.
        Archived, Unavailable, Poisoned, LockHeld, OSError: files cannot be read or written.
    """
    with archive_lock(home):
        ledger.refresh()
        return _Archiving(home, ledger, plan).run()


@contextmanager
def archive_lock(home: Home) -> Iterator[None]:
    """Hold the lock of whoever archives or reattaches while the context lasts.

    Raises:
        ArchiveLocked: another process holds it.
        OSError: the file cannot be made.
    """
    path = home.var / LOCK_NAME
    with closing(FileLock(path)) as lock:
        if not lock.try_take():
            holder = lock_holder(path)
            raise ArchiveLocked(holder.pid if holder is not None else None)
        yield


class _Archiving:
    """One archiving, under its lock."""

    def __init__(self, home: Home, ledger: Ledger, plan: Plan) -> None:
        files = ledger.store.files
        assert files is not None, "a ledger that is archived is kept in files"
        self._home, self._ledger, self._plan = home, ledger, plan
        self._folder, self._count = files.folder, files.segment_entries
        self._volumes: list[ArchivedVolume] = []

    def run(self) -> Archived:
        found = candidates(self._ledger, self._plan.before)
        if self._plan.remove_local:
            self._remove_older(found.older)
        left = list(found.firsts)
        while left:
            folder = self._plan.place / volume_name(self._ledger.store.ledger_id, left[0])
            is_new = not os.path.lexists(folder)
            if is_new:
                self._write(left)
            read = self._verified(folder)
            segments = self._taken(folder, read, left)
            self._dealt_with(folder, read, segments, is_new=is_new)
            del left[: len(segments)]
        return Archived(self._volumes, found)

    def _write(self, firsts: list[int]) -> None:
        plan = self._plan
        signature = plan.signature(firsts[-1] + self._count)
        evidence = self._ledger.state.evidence
        total_bytes = sum(os.stat(self._folder / segment_name(first)).st_size for first in firsts)
        content = VolumeContent(
            folder=self._folder,
            ledger=self._ledger.store.ledger_id,
            ledger_format=FORMAT,
            origin=None if evidence is None else evidence.origin,
            software=f"cronledger {VERSION}",
            segment_entries=self._count,
            firsts=firsts,
            checkpoint=None if signature is None else self._covering(signature, firsts),
            tables=lambda staging: plan.tables(staging, firsts),
        )
        write_volume(
            plan.disk,
            plan.place,
            content,
            lambda done: plan.told(ArchivingStep("compressing", done, total_bytes)),
        )

    def _covering(self, kept: Kept, firsts: list[int]) -> CoveringCheckpoint:
        with tiles_folder(self._home) as tiles:
            tree = tree_of(self._ledger.store, tiles)
            proofs = segment_proofs(tree, firsts, self._count, kept.checkpoint.head)
        return CoveringCheckpoint(kept.note.raw, kept.checkpoint.head, proofs)

    def _verified(self, folder: Path) -> ReadManifest:
        """The manifest of a volume whose files fit together, and to the ledger.

        Raises:
            BadVolume: they do not.
        """
        read = check_volume(
            folder,
            self._ledger.store.ledger_id,
            lambda done, total: self._plan.told(ArchivingStep("verifying", done, total)),
        )
        manifest = read.manifest
        if manifest.segment_entries != self._count or manifest.last > self._ledger.state.head.seq:
            raise BadVolume(folder, "its segments are not those of this ledger")
        expected = {segment.first: segment.root for segment in manifest.segments}
        with tiles_folder(self._home) as tiles:
            tree = tree_of(self._ledger.store, tiles)
            roots = segment_roots(tree, list(expected), self._count, expected)
            flush_tiles(tiles, manifest.first, manifest.last + 1, self._plan.disk)
        check_against_ledger(self._folder, folder, manifest.segments, roots)
        return read

    def _taken(self, folder: Path, read: ReadManifest, left: list[int]) -> list[SegmentRecord]:
        """The segments of a volume that begins with the first one that is left, and ends with one that may leave."""
        firsts = [segment.first for segment in read.manifest.segments]
        if firsts != left[: len(firsts)]:
            why = f"it reaches up to entry {read.manifest.last:,}, and not all of that may be archived now"
            raise OtherVolume(folder, why)
        return read.manifest.segments

    def _dealt_with(
        self, folder: Path, read: ReadManifest, segments: list[SegmentRecord], *, is_new: bool
    ) -> None:
        """Record a verified volume, and remove local files if that is wanted."""
        plan = self._plan
        if not is_new:
            flush_volume(plan.disk, folder, read.manifest)
        removed = [segment for segment in segments if segment.first] if plan.remove_local else []
        local: Literal["removed", "kept"] = "removed" if removed else "kept"
        entries = record_archived(self._ledger, read, folder, segments, local, plan.archivist)
        removed_bytes = 0
        if removed:
            self._keep_state(removed[-1].first + self._count - 1)
            self._move_records([segment.first for segment in removed])
            # To keep all that may have taken long.
            check_is_there(folder, read)
            removed_bytes = remove_local(plan.disk, self._folder, folder, read, removed, entries)
        self._volumes.append(
            ArchivedVolume(folder, read, is_new, max(entries.values()), len(removed), removed_bytes)
        )

    def _keep_state(self, last: int) -> None:
        """See to it that a home opens, and answers for what comes behind `last`, without the entries up to there.

        The state at the end of each segment is kept, a snapshot of the state behind them, and what else is derived.

        Raises:
            StateNotKept: they cannot be written.
        """
        try:
            keep_all(self._home)
        except OSError as problem:
            raise StateNotKept(self._home.segment_states) from problem
        self._plan.derive()
        self._ledger.refresh()
        if self._ledger.kept_seq < last:
            snapshot.write(self._home.snapshots, self._ledger, self._plan.archivist.actor)
        if self._ledger.kept_seq < last:
            raise StateNotKept(self._home.snapshots)

    def _move_records(self, firsts: Sequence[int]) -> None:
        """Record again what stands in segments that leave and that markers name: it must be read without them."""
        moved: dict[int, int] = {}
        for marker in markers_that_name(self._folder, firsts, self._count):
            if marker.entry not in moved:
                moved[marker.entry] = record_again(self._ledger, marker.entry, self._plan.archivist)
            new = structs.replace(marker, entry=moved[marker.entry])
            write_marker(self._plan.disk, self._folder, new)

    def _remove_older(self, older: list[int]) -> None:
        """Remove the local files of segments that were archived before, volume by volume."""
        left = list(older)
        while left:
            folder = self._holding(left[0])
            read = self._verified(folder)
            wanted = set(left)
            segments = [segment for segment in read.manifest.segments if segment.first in wanted]
            self._dealt_with(folder, read, segments, is_new=False)
            gone = {segment.first for segment in segments}
            left = [first for first in left if first not in gone]

    def _holding(self, first: int) -> Path:
        """The volume that holds a segment: in the place, or where the newest one was recorded.

        Raises:
            VolumeMissing: there is none.
        """
        places = [self._plan.place]
        if self._ledger.state.archive is not None:
            recorded = Path(self._ledger.state.archive.place)
            # What anybody wrote there may be no path.
            if recorded.is_absolute() and "\0" not in str(recorded) and recorded.parent not in places:
                places.append(recorded.parent)
        for place in places:
            found = volume_in(place, self._ledger.store.ledger_id, first)
            if found is not None:
                return found
        raise VolumeMissing(first, places)


def volume_in(place: Path, ledger: str, first: int) -> Path | None:
    """The volume in a folder that holds the segment which begins with entry `first`; None if there is none.

    Raises:
        BadVolume: the one that should hold it is none.
        OSError: the folder cannot be listed.
    """
    try:
        names = os.listdir(place)
    except FileNotFoundError:
        return None
    begins = [(begin, name) for name in names if (begin := named_first(name, ledger)) is not None]
    nearest = max((each for each in begins if each[0] <= first), default=None)
    if nearest is None:
        return None
    folder = place / nearest[1]
    return folder if first <= manifest_of_volume(folder).manifest.last else None
