"""The upkeep of a home's projections: making what is missing, merging what is due, and saying how they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from eventstore import Journal
from projections.database import refresh_database
from projections.manifest import KINDS, Folder
from projections.merging import Sizes, due, merge
from projections.parquet import version
from projections.sealed import Source
from projections.sealing import Progress, believed, ensure_sealed, find_damaged, rebuild, with_beginning
from scheduler.home import Home


class Steps(Protocol):
    """Is told which step of the work begins, and gives what is to be told how far it is."""

    def __call__(self, step: str) -> Progress:
        """`step` is `sealing`, `merging` or `checking`."""


class Upkeep(msgspec.Struct, kw_only=True):
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
        projected: how many of those have projections that are believed; the next question makes the others.
        recent_entries: how many entries are read from the ledger itself until then.
        kinds: the files, by kind.
        superseded: files that were merged into others, kept for a day for those who still read them.
        merges_due: how many merges the next upkeep makes.
        current: whether they were made by this version; others are made anew.
        verified: whether the files were digested.
        damaged: files that are not as they were made, if they were digested, or that are missing.
    """

    folder: str
    entries: int
    segments: int
    projected: int
    recent_entries: int
    kinds: dict[str, KindStatus]
    superseded: KindStatus
    merges_due: int
    current: bool
    verified: bool
    damaged: list[str]


def keep(home: Home, sizes: Sizes | None = None, steps: Steps | None = None) -> Upkeep:
    """Make what is missing and merge what is due; nothing if there is no ledger to make it of.

    Raises:
        NoLedger: there is none.
        Corrupt: the ledger is damaged.
        Unavailable: it cannot be read.
        OSError: the folder cannot be written.
    """
    return _upkeep(home, sizes, steps, anew=False)


def remake(home: Home, sizes: Sizes | None = None, steps: Steps | None = None) -> Upkeep:
    """Make everything anew, whatever is there.

    Raises:
        NoLedger, Corrupt, Unavailable, OSError: see `keep`.
    """
    return _upkeep(home, sizes, steps, anew=True)


def status(home: Home, *, verify: bool = False, steps: Steps | None = None) -> Status:
    """How the projections are; nothing is changed.

    Args:
        home: the home.
        verify: digest every file.
        steps: is told how far that is.

    Raises:
        NoLedger, Unavailable, Corrupt: the ledger cannot be looked at.
        OSError: a file cannot be read.
    """
    folder = Folder(home.projections.resolve())
    with _source_of(home) as source:
        made_by = version(source.segment_entries)
        manifest = folder.load(made_by)
        sealed = believed(folder, source, manifest)
        files = {path: kind for kind, path, _ in manifest.files(folder)}
        if verify:
            progress = None if steps is None else steps("checking")
            damaged = find_damaged(folder, source.segment_entries, progress)
        else:
            damaged = [path for path in files if not path.exists()]
        entries = source.head.seq + 1
        return Status(
            folder=str(folder.root),
            entries=entries,
            segments=len(source.firsts),
            projected=len(sealed.segments),
            recent_entries=entries - (sealed.head.seq + 1),
            kinds={kind: _sizes([path for path, of in files.items() if of == kind]) for kind in KINDS},
            superseded=_sizes([folder.root / name for name in manifest.superseded]),
            merges_due=len(due(manifest.parts, manifest.segments, Sizes())),
            current=bool(manifest.segments) or not source.firsts,
            verified=verify,
            damaged=[str(path) for path in damaged],
        )


def _upkeep(home: Home, sizes: Sizes | None, steps: Steps | None, *, anew: bool) -> Upkeep:
    folder = Folder(home.projections.resolve())
    with _source_of(home) as source:
        make = rebuild if anew else ensure_sealed
        make(folder, source, None if steps is None else steps("sealing"))
        if source.firsts:
            merge(folder, source.segment_entries, sizes, None if steps is None else steps("merging"))
        sealed = with_beginning(ensure_sealed(folder, source), source)
        refresh_database(sealed.full, source, home.logs.resolve())
        return Upkeep(entries=source.head.seq + 1, segments=len(sealed.segments), parts=len(sealed.parts))


@contextmanager
def _source_of(home: Home) -> Iterator[Source]:
    with Journal.open(home.ledger, software="", create=False, read_only=True) as journal:
        yield Source(home.ledger.resolve(), journal.refresh(), journal.segment_entries)


def _sizes(paths: list[Path]) -> KindStatus:
    found = [path.stat().st_size for path in paths if path.exists()]
    return KindStatus(files=len(found), bytes=sum(found))
