"""The upkeep of a home's projections: making what is missing, merging what is due, and saying how they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from eventstore import Journal
from projections.build.builder import ensure_sealed, seal_anew, with_beginning
from projections.build.compaction import Sizes, due, merge
from projections.files.database import refresh_database
from projections.files.fingerprint import stamp
from projections.files.manifest import KINDS, Folder, Manifest
from projections.files.parquet import version
from projections.files.segments import Source
from projections.files.validation import Progress, discard_damaged, find_damaged, valid_projections
from scheduler.home import Home
from scheduler.home_owner import is_foreign


class Steps(Protocol):
    """Is told which step of the work begins, and gives what is to be told how far it is."""

    def __call__(self, step: str) -> Progress:
        """`step` is `sealing`, `merging` or `checking`."""


class MaintenanceReport(msgspec.Struct, kw_only=True):
    """What was there or was made.

    Attributes:
        entries: how many the ledger holds.
        segments: how many of its segments are full.
        parts: into how many files of each kind those were made.
    """

    entries: int
    segments: int
    parts: int


class KindStatus(msgspec.Struct, kw_only=True):
    """The files of one kind: how many, and their size in bytes."""

    files: int
    bytes: int


class Status(msgspec.Struct, kw_only=True):
    """How the projections of a home are.

    Attributes:
        folder: where they are.
        entries: how many entries the ledger holds.
        segments: how many of its segments are full.
        projected: how many of those have projections that are believed; the next question sees to the others.
        refused: where the ledger is damaged, if that is why those are not projected; else empty.
        recent_entries: how many entries are read from the ledger itself until then.
        kinds: the files, by kind.
        superseded: files that were merged into others, kept for a day for those who still read them.
        merges_due: how many merges the next upkeep makes.
        current: whether they were made by this version; others are made anew.
        verified: whether the files were digested.
        damaged: files that are missing or cut, and if they were digested, those that were altered.
        discarded: whether those were removed, so that the next question makes them anew.
        touched: how many files were copied or touched since, and not digested; the next question does that.
    """

    folder: str
    entries: int
    segments: int
    projected: int
    refused: str
    recent_entries: int
    kinds: dict[str, KindStatus]
    superseded: KindStatus
    merges_due: int
    current: bool
    verified: bool
    damaged: list[str]
    discarded: bool
    touched: int


def maintain(home: Home, sizes: Sizes | None = None, steps: Steps | None = None) -> MaintenanceReport:
    """Make what is missing and merge what is due; nothing if there is no ledger to make it of.

    Raises:
        NoLedger: there is none.
        Corrupt: the ledger is damaged.
        Unavailable: it cannot be read.
        OSError: the folder cannot be written.
    """
    return _upkeep(home, sizes, steps, anew=False)


def rebuild(home: Home, sizes: Sizes | None = None, steps: Steps | None = None) -> MaintenanceReport:
    """Make everything anew, whatever is there.

    Raises:
        NoLedger, Corrupt, Unavailable, OSError: see `maintain`.
    """
    return _upkeep(home, sizes, steps, anew=True)


def status(home: Home, *, verify: bool = False, steps: Steps | None = None) -> Status:
    """How the projections are; nothing is changed, but for what turns out to be damaged.

    Args:
        home: the home.
        verify: digest every file, and remove those that are damaged, where that may be done.
        steps: is told how far that is.

    Raises:
        NoLedger, Unavailable, Corrupt: the ledger cannot be looked at.
        OSError: a file cannot be read.
    """
    folder = Folder(home.projections.resolve())
    with _source_of(home) as source:
        checked = None
        if verify:
            told = None if steps is None else steps("checking")
            checked = _verified(folder, source, told, writable=not is_foreign(home))
        manifest = folder.load(version(source.segment_entries))
        sealed = valid_projections(folder, source, manifest)
        files = {path: kind for kind, path, _ in manifest.files(folder)}
        stamps = {path: (stamp(path), file.stamp) for _, path, file in manifest.files(folder)}
        odd = [path for path, (now, then) in stamps.items() if not now or now.bytes != then.bytes]
        damaged, discarded = (odd, False) if checked is None else checked
        touched = 0 if checked else sum(now != then for now, then in stamps.values()) - len(odd)
        entries = source.head.seq + 1
        return Status(
            folder=str(folder.root),
            entries=entries,
            segments=len(source.firsts),
            projected=len(sealed.segments),
            refused=_refused(manifest, source) if len(sealed.segments) < len(source.firsts) else "",
            recent_entries=entries - (sealed.head.seq + 1),
            kinds={kind: _sizes([path for path, of in files.items() if of == kind]) for kind in KINDS},
            superseded=_sizes([folder.root / name for name in manifest.superseded]),
            merges_due=len(due(manifest.parts, manifest.segments, Sizes())),
            current=bool(manifest.segments) or not source.firsts,
            verified=verify,
            damaged=[str(path) for path in damaged],
            discarded=discarded,
            touched=touched,
        )


def _verified(
    folder: Folder, source: Source, progress: Progress | None, *, writable: bool
) -> tuple[list[Path], bool]:
    """The damaged files, and whether they are gone now."""
    if not writable:
        return find_damaged(folder, source.segment_entries, progress), False
    try:
        damaged = discard_damaged(folder, source.segment_entries, progress)
    except OSError:  # they may be read, and no more
        return find_damaged(folder, source.segment_entries), False
    return damaged, bool(damaged)


def _refused(manifest: Manifest, source: Source) -> str:
    """Why a segment could not be projected, if it is still the one that was refused."""
    refused = manifest.refused
    if refused is None or stamp(source.ledger / refused.segment) != refused.source:
        return ""
    return refused.why


def _upkeep(home: Home, sizes: Sizes | None, steps: Steps | None, *, anew: bool) -> MaintenanceReport:
    folder = Folder(home.projections.resolve())
    with _source_of(home) as source:
        make = seal_anew if anew else ensure_sealed
        make(folder, source, None if steps is None else steps("sealing"))
        if source.firsts:
            merge(folder, source.segment_entries, sizes, None if steps is None else steps("merging"))
        sealed = with_beginning(ensure_sealed(folder, source), source)
        refresh_database(sealed.full, source, home.logs.resolve())
        return MaintenanceReport(
            entries=source.head.seq + 1, segments=len(sealed.segments), parts=len(sealed.parts)
        )


@contextmanager
def _source_of(home: Home) -> Iterator[Source]:
    with Journal.open(home.ledger, software="", create=False, read_only=True) as journal:
        yield Source(home.ledger.resolve(), journal.refresh(), journal.segment_entries)


def _sizes(paths: list[Path]) -> KindStatus:
    found = [path.stat().st_size for path in paths if path.exists()]
    return KindStatus(files=len(found), bytes=sum(found))
