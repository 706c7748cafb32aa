"""The tables of an archive: Parquet files of exactly its segments, derived from their lines and from nothing else.

What a segment's runs need of earlier entries is read from the ledger too. Which entries these are is known from the
projection of the segment before the first one; that is made if it is missing.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from eventstore.durable import REAL, create_folders
from eventstore.store import EventStore, Head
from projections.build.builder import ensure_projected
from projections.files.ledger_lines import StoreLineReader
from projections.files.manifest import KINDS, Kind, ProjectionFolder
from projections.files.parquet import ParquetMaker
from projections.files.segments import LedgerSegments
from projections.schema.tables import carried_rows, read_lines, with_facts
from scheduler.home import Home

TABLES_NAME = "parquet"
_ROOM_BYTES_MIN = 1024 * 1024
"""With less, a file of a table has no room: it is written in larger pieces."""


def write_archived_tables(
    home: Home,
    store: EventStore,
    target: Path,
    firsts: Sequence[int],
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write the tables of consecutive segments into `parquet/` below a folder.

    Args:
        home: the home.
        store: its ledger.
        target: the folder.
        firsts: the segments, by their first entries; they are beside the ledger.
        progress: called with how many segments are done, and how many there are.

    Raises:
        Corrupt, Archived: an entry that is needed cannot be read.
        OSError: a file cannot be written.
    """
    ledger = _segments_of(store)
    carried = _carried_before(home, ledger, firsts[0])
    folder = ProjectionFolder(target / TABLES_NAME)
    for kind in KINDS:
        create_folders(REAL, folder.root / kind)
    with (
        closing(ParquetMaker(threads=1)) as maker,
        tempfile.TemporaryDirectory(prefix="cronledger-") as spare,
    ):
        for done, first in enumerate(firsts, 1):

            def place(kind: Kind, first: int = first) -> Path:
                return folder.parquet(kind, first)

            rows = _carried_rows(store, carried, Path(spare) / "carried.jsonl")
            try:
                made = maker.make(str(ledger.segment(first)), rows, place)
            except OSError as problem:
                raise _named(problem, target) from problem
            carried = made.carried
            if progress is not None:
                progress(done, len(firsts))


def project_before_removal(
    home: Home, store: EventStore, progress: Callable[[int, int], None] | None = None
) -> None:
    """Make the projections that are missing, so that SQL does not need the segments that leave.

    Raises:
        Corrupt, Archived: a segment cannot be read.
        OSError: the folder cannot be written.
    """
    ensure_projected(ProjectionFolder.of(home), _segments_of(store), progress)


def _segments_of(store: EventStore) -> LedgerSegments:
    files = store.files
    assert files is not None, "a ledger that is archived is kept in files"
    return LedgerSegments(files.folder.resolve(), store.refresh(), files.segment_entries)


def _named(problem: OSError, target: Path) -> OSError:
    """Why a table could not be written: the engine says that in words of its own, also where there is no room."""
    if problem.errno is None and shutil.disk_usage(target).free < _ROOM_BYTES_MIN:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
    return problem


def _carried_before(home: Home, ledger: LedgerSegments, first: int) -> list[int]:
    """The entries before `first` that cause or start a run which had not ended by then."""
    if first == 0:
        return []
    valid = ensure_projected(ProjectionFolder.of(home), ledger)
    return next(
        segment.carried for segment in valid.segments if segment.first == first - ledger.segment_entries
    )


def _carried_rows(store: EventStore, seqs: list[int], spare: Path) -> str:
    """SQL of the rows of `parts.carried`, out of the entries themselves."""
    if not seqs:
        return carried_rows([], [])
    with open(spare, "wb") as lines:
        for seq in seqs:
            lines.writelines(StoreLineReader(store, Head(seq - 1, "")).read_to(seq))
    return with_facts(read_lines(str(spare)))
