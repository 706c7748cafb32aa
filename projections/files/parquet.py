"""How Parquet files are made: from one sealed segment, or from several files.

A segment is loaded together with the entries of runs that earlier segments left open (`parts.sql`). So the projection
of a run that ends in the segment holds everything that a row of history needs, and queries need no join.
"""
# ruff: noqa: S608 - the SQL is put together from constants and quoted paths

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from projections.files.manifest import KINDS, MERGE_MARK, Kind, ProjectionFile, ProjectionFolder, publish_new
from projections.schema.literals import listed, quoted
from projections.schema.tables import (
    ENTRY_TYPES,
    PARTS_SQL,
    carried_rows,
    fingerprint,
    read_lines,
    with_facts,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FORMAT = "parquet 3"
_MEMORY_LIMIT = "1GB"
_ROWS: dict[Kind, str] = {
    "events": f"SELECT {', '.join(ENTRY_TYPES)} FROM parts.fresh ORDER BY seq",
    "runs": "FROM parts.ended ORDER BY settled_seq",
    "notes": "FROM parts.noted ORDER BY seq",
}
_LEFT_OPEN_SQL = "SELECT seq FROM parts.left_open ORDER BY seq"
_MONTH_SQL = "SELECT strftime(time, '%Y-%m') FROM parts.fresh ORDER BY seq DESC LIMIT 1"


def version(segment_entries: int) -> str:
    """Fingerprint of how projections are made; a projection with another fingerprint is not valid."""
    decode = with_facts(read_lines(""))
    return fingerprint(_FORMAT, decode, PARTS_SQL, *_ROWS.values(), str(segment_entries))


class MadeFiles(NamedTuple):
    """The result of projecting some lines; its members are those of `SealedSegment` and `ProjectionPart`."""

    files: dict[Kind, ProjectionFile]
    month: str
    carried: list[int]


class ParquetMaker:
    """Makes projections, in the order of their lines; the engine is started when it is first needed.

    Args:
        threads: how many make them; None: one for each processor. With one, the same lines give the same bytes.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads
        self._engine: DuckDBPyConnection | None = None

    def make(self, lines: str, carried: str, place: Callable[[Kind], Path]) -> MadeFiles:
        """Make the projections of lines whose chain was checked; the projections of earlier lines must exist.

        Args:
            lines: the file that holds these lines and nothing else.
            carried: SQL for the entries of runs that were left open before them.
            place: the path of the file of each kind.

        Raises:
            OSError: the files cannot be written.
        """
        import duckdb

        try:
            engine = self._engine = self._engine or _start_maker(self._threads)
            engine.execute(f"CREATE OR REPLACE TABLE parts.fresh AS {with_facts(read_lines(lines))}")
            engine.execute(f"CREATE OR REPLACE TABLE parts.carried AS {carried}")
            files = {kind: write_parquet(engine, _ROWS[kind], place(kind)) for kind in KINDS}
            left_open = [int(seq) for (seq,) in engine.execute(_LEFT_OPEN_SQL).fetchall()]
            month = engine.execute(_MONTH_SQL).fetchall()[0][0]
        except duckdb.Error as error:
            raise OSError(f"{lines}: {error}") from error
        return MadeFiles(files, str(month), left_open)

    def close(self) -> None:
        """Stop the engine."""
        if self._engine is not None:
            self._engine.close()


def merge_parquet(folder: ProjectionFolder, kind: Kind, sources: list[str], target: Path) -> ProjectionFile:
    """Make one file from several, in bounded memory.

    Runs are ordered by job, and the runs of a job by their end: a query about one job reads little else, and the
    columns compress better. Entries stay in the order of their `seq`.

    Raises:
        OSError: the file cannot be written.
    """
    import duckdb

    order = " ORDER BY job, settled_seq" if kind == "runs" else ""
    try:
        with (
            TemporaryDirectory(prefix=MERGE_MARK, dir=folder.root) as spilled,
            start_engine(spilled) as engine,
        ):
            rows = f"FROM read_parquet({listed(sources)}){order}"
            return write_parquet(engine, rows, target, mark=MERGE_MARK)
    except duckdb.Error as error:
        raise OSError(f"{target}: {error}") from error


def write_parquet(engine: DuckDBPyConnection, rows: str, target: Path, mark: str = ".") -> ProjectionFile:
    """Write rows to a file under a temporary name that begins with `mark`, and publish it.

    Raises:
        duckdb.Error, OSError: it cannot be done.
    """
    temporary = target.with_name(f"{mark}{target.name}.{os.getpid()}")
    engine.execute(f"COPY ({rows}) TO {quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)")
    return publish_new(temporary, target)


def start_engine(spilled: str = "") -> DuckDBPyConnection:
    """An engine that may read and write files; data that exceeds its memory goes to the folder `spilled`."""
    import duckdb

    engine = duckdb.connect(config={"autoinstall_known_extensions": "false", "temp_directory": spilled})
    engine.execute(f"SET memory_limit = {quoted(_MEMORY_LIMIT)}")
    engine.execute("SET TimeZone = 'UTC'")
    return engine


def _start_maker(threads: int | None) -> DuckDBPyConnection:
    engine = start_engine()
    if threads is not None:
        engine.execute(f"SET threads = {threads:d}")
    engine.execute("CREATE SCHEMA parts")
    for table in ("fresh", "carried"):
        engine.execute(f"CREATE TABLE parts.{table} AS {carried_rows([], [])}")
    engine.execute(PARTS_SQL)
    return engine
