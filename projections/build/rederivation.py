"""Whether projections hold what the entries say: all are derived anew in a private folder, and compared row by row.

Digests and stamps are stored beside the files, so a person who alters a file can renew them too. The entries are
checked against the chain on the way; the files that are compared are not used to derive the new ones.
"""
# ruff: noqa: S608 - the SQL is put together from constants and quoted paths

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from eventstore.store import Head
from projections.build.builder import project_anew
from projections.files.active_segment import project_active_segment
from projections.files.manifest import KINDS, ActiveSegment, Kind, Manifest, ProjectionFolder, ProjectionPart
from projections.files.parquet import start_engine
from projections.files.segments import LedgerSegments, ValidProjections
from projections.files.validation import ProgressCallback, firsts_of
from projections.schema.literals import listed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ORDER: dict[Kind, str] = {"events": "", "runs": "ORDER BY settled_seq", "notes": ""}
"""How rows are ordered before they are compared: merged files of runs have another order than the others."""


def find_contradicted(
    folder: ProjectionFolder,
    ledger: LedgerSegments,
    manifest: Manifest,
    progress: ProgressCallback | None = None,
) -> list[Path]:
    """Derive all projections anew, and compare.

    This takes as long as making the projections, and as much room in the folder for temporary files.

    Returns:
        The files that do not hold what the entries say.

    Raises:
        Corrupt: the ledger is damaged.
        OSError: the temporary folder cannot be written.
    """
    with ExitStack() as closing:
        place = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="cronledger-")))
        anew = ProjectionFolder(place / "projections")
        valid = project_anew(anew, ledger, progress)
        engine = closing.enter_context(start_engine(str(place / "spilled")))
        found = [
            path
            for part in manifest.parts
            for kind in KINDS
            for path in [folder.parquet(kind, part.first, part.segments)]
            if not folder.holds(path) or not _holds(engine, kind, path, _derived(anew, ledger, part, kind))
        ]
        if manifest.active_segment is not None:
            found += _of_active_segment(engine, folder, valid, ledger, manifest.active_segment)
        return found


def _derived(anew: ProjectionFolder, ledger: LedgerSegments, part: ProjectionPart, kind: Kind) -> list[Path]:
    return [anew.parquet(kind, first) for first in firsts_of(part, ledger)]


def _of_active_segment(
    engine: DuckDBPyConnection,
    folder: ProjectionFolder,
    valid: ValidProjections,
    ledger: LedgerSegments,
    made: ActiveSegment,
) -> list[Path]:
    """The files of the active segment that do not hold what its entries say."""
    paths = {kind: folder.active_parquet(kind, made.first, made.last) for kind in KINDS}
    there = {kind: path for kind, path in paths.items() if folder.holds(path)}
    if made.first != valid.head.seq + 1 or not made.first <= made.last <= ledger.head.seq:
        return list(there.values())
    anew = project_active_segment(valid, ledger._replace(head=Head(made.last, made.hash)))
    if anew.hash != made.hash:
        return list(there.values())
    return [
        path
        for kind, path in there.items()
        if not _holds(engine, kind, path, [valid.folder.active_parquet(kind, anew.first, anew.last)])
    ]


def _holds(engine: DuckDBPyConnection, kind: Kind, path: Path, derived: list[Path]) -> bool:
    """Whether a file holds exactly the rows of the derived files."""
    import duckdb

    if not all(one.exists() for one in derived):
        return False
    there, anew = (
        f"(SELECT {name} FROM read_parquet({listed([str(one) for one in paths])}) AS {name} {_ORDER[kind]})"
        for name, paths in (("was", [path]), ("made", derived))
    )
    compared = f"SELECT count(*) FROM {there} POSITIONAL JOIN {anew} WHERE was IS DISTINCT FROM made"
    try:
        (others,) = engine.execute(compared).fetchall()[0]
    except duckdb.Error:
        return False
    return bool(others == 0)
