"""Maintenance of a home's projections: making what is missing, merging what is due, and reporting their state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import msgspec

from eventstore.errors import Corrupt, NoLedger
from projections.build.builder import ensure_projected, project_anew, with_active_segment
from projections.build.compaction import Sizes, due, merge
from projections.build.rederivation import find_contradicted
from projections.files.database import refresh_database
from projections.files.fingerprint import stamp
from projections.files.manifest import KINDS, Manifest, ProjectionFolder
from projections.files.parquet import version
from projections.files.segments import LedgerSegments
from projections.files.validation import ProgressCallback, discard_damaged, find_damaged, valid_projections
from scheduler.home import Home
from scheduler.ownership.home_owner import is_foreign
from scheduler.store import open_store


class StepProgress(Protocol):
    """Called when a step of the work begins; returns the callback for the progress of that step."""

    def __call__(self, step: str) -> ProgressCallback:
        """`step` is `sealing`, `merging`, `deriving` or `checking`."""


class MaintenanceReport(msgspec.Struct, kw_only=True):
    """The result of maintenance.

    Attributes:
        entries: how many entries the ledger holds.
        segments: how many of its segments are full.
        parts: how many files of each kind hold the projections of these segments.
    """

    entries: int
    segments: int
    parts: int


class KindStatus(msgspec.Struct, kw_only=True):
    """The files of one kind: how many, and their size in bytes."""

    files: int
    bytes: int


class ProjectionStatus(msgspec.Struct, kw_only=True):
    """The state of a home's projections.

    Attributes:
        folder: where they are.
        entries: how many entries the ledger holds.
        segments: how many of its segments are full.
        projected: how many of the full segments have valid projections; the next query makes the others.
        refused: where the ledger is damaged, if segments are not projected for that reason; else empty.
        recent_entries: how many entries are read from the ledger itself until then.
        kinds: the files, by kind.
        superseded: files that were merged into others, kept for a day for processes that still read them.
        merges_due: how many merges the next maintenance makes.
        current: whether the projections were made by this version; others are made anew.
        verified: whether the files were digested, and compared with projections that were derived anew.
        damaged: files that are missing or cut; if verified, also files that were altered or contradict the entries.
        discarded: whether the damaged files were removed, so that the next query makes them anew.
        touched: how many files were copied or touched and not digested since; the next query digests them.
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


def maintain(home: Home, sizes: Sizes | None = None, steps: StepProgress | None = None) -> MaintenanceReport:
    """Make the projections that are missing, and merge those that are due.

    Raises:
        NoLedger: there is no ledger, or it is not kept in files.
        Corrupt: the ledger is damaged.
        Unavailable: the ledger cannot be read.
        OSError: the folder cannot be written.
    """
    return _maintained(home, sizes, steps, anew=False)


def rebuild(home: Home, sizes: Sizes | None = None, steps: StepProgress | None = None) -> MaintenanceReport:
    """Make all projections anew, valid or not.

    Raises:
        NoLedger, Corrupt, Unavailable, OSError: see `maintain`.
    """
    return _maintained(home, sizes, steps, anew=True)


def status(home: Home, *, verify: bool = False, steps: StepProgress | None = None) -> ProjectionStatus:
    """The state of the projections; nothing is changed, except that damaged files may be removed.

    Args:
        home: the home.
        verify: whether to digest every file, to derive all projections anew in a temporary folder and compare, and to
            remove damaged files if this process may.
        steps: called as the verification proceeds.

    Raises:
        NoLedger, Unavailable, Corrupt: the ledger cannot be read.
        OSError: a file cannot be read.
    """
    folder = ProjectionFolder.of(home)
    with _segments_of(home) as ledger:
        writable = not is_foreign(home)
        checked, damage = _verified(folder, ledger, steps, writable=writable) if verify else (None, "")
        manifest = folder.load(version(ledger.segment_entries))
        valid = valid_projections(folder, ledger, manifest)
        files = {path: kind for kind, path, _ in manifest.files(folder)}
        stamps = {path: (stamp(path), file.stamp) for _, path, file in manifest.files(folder)}
        odd = [path for path, (now, then) in stamps.items() if not now or now.bytes != then.bytes]
        damaged, discarded = (odd, False) if checked is None else checked
        touched = 0 if checked else sum(now != then for now, then in stamps.values()) - len(odd)
        entries = ledger.head.seq + 1
        return ProjectionStatus(
            folder=str(folder.root),
            entries=entries,
            segments=len(ledger.firsts),
            projected=len(valid.segments),
            refused=damage
            or (_refused(manifest, ledger) if len(valid.segments) < len(ledger.firsts) else ""),
            recent_entries=entries - (valid.head.seq + 1),
            kinds={kind: _sizes([path for path, of in files.items() if of == kind]) for kind in KINDS},
            superseded=_sizes([folder.root / name for name in manifest.superseded]),
            merges_due=len(due(manifest.parts, manifest.segments, Sizes())),
            current=bool(manifest.segments) or not ledger.firsts,
            verified=verify,
            damaged=[str(path) for path in damaged],
            discarded=discarded,
            touched=touched,
        )


def _verified(
    folder: ProjectionFolder, ledger: LedgerSegments, steps: StepProgress | None, *, writable: bool
) -> tuple[tuple[list[Path], bool], str]:
    """The damaged files, and whether they were removed; and where the ledger is damaged, or empty."""
    manifest = folder.load(version(ledger.segment_entries))
    refused, contradicted = "", list[Path]()
    try:
        progress = None if steps is None else steps("deriving")
        contradicted = find_contradicted(folder, ledger, manifest, progress)
    except Corrupt as damage:
        refused = str(damage)
    progress = None if steps is None else steps("checking")
    damaged, discarded = list[Path](), False
    if writable:
        # This process may have permission to read the files, but not to remove them.
        with suppress(OSError):
            for path in contradicted:
                folder.remove(path)
            damaged, discarded = discard_damaged(folder, ledger.segment_entries, progress), True
    if not discarded:
        damaged = find_damaged(folder, ledger.segment_entries, progress)
    damaged += [path for path in contradicted if path not in damaged]
    return (damaged, discarded and bool(damaged)), refused


def _refused(manifest: Manifest, ledger: LedgerSegments) -> str:
    """Why a segment could not be projected, if its file is still as it was then; else empty."""
    refused = manifest.refused
    if refused is None or stamp(ledger.folder / refused.segment) != refused.source:
        return ""
    return refused.why


def _maintained(
    home: Home, sizes: Sizes | None, steps: StepProgress | None, *, anew: bool
) -> MaintenanceReport:
    folder = ProjectionFolder.of(home)
    with _segments_of(home) as ledger:
        make = project_anew if anew else ensure_projected
        make(folder, ledger, None if steps is None else steps("sealing"))
        if ledger.firsts:
            merge(folder, ledger.segment_entries, sizes, None if steps is None else steps("merging"))
        valid = with_active_segment(ensure_projected(folder, ledger), ledger)
        refresh_database(valid.full, ledger, home.logs.resolve())
        return MaintenanceReport(
            entries=ledger.head.seq + 1, segments=len(valid.segments), parts=len(valid.parts)
        )


@contextmanager
def _segments_of(home: Home) -> Iterator[LedgerSegments]:
    with closing(open_store(home)) as store:
        files = store.files
        if files is None:
            raise NoLedger(f"{home.root}: its ledger is not kept in files, and nothing is projected of it")
        yield LedgerSegments(files.folder.resolve(), store.refresh(), files.segment_entries)


def _sizes(paths: list[Path]) -> KindStatus:
    found = [path.stat().st_size for path in paths if path.exists()]
    return KindStatus(files=len(found), bytes=sum(found))
