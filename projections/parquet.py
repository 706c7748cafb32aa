"""The projection of one sealed segment: how its Parquet file is made.

Beside the entries it holds facts that make queries fast: members of payloads in columns of their own and, on
the entry that ends a run, what the entry that caused the run says, so that a row of history takes no join.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from eventstore.segment import first_of, segment_of
from projections.manifest import Folder, Stamp, digest, publish, stamp
from projections.schema import fingerprint, quoted, read_lines, with_facts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FORMAT = "parquet 1"
_MEMORY_LIMIT = "1GB"
_SEALED_SQL = (Path(__file__).parent / "sealed.sql").read_text(encoding="utf-8")
_EARLIER_TABLE = (
    "CREATE OR REPLACE TEMP TABLE earlier "
    "(run BIGINT, time TIMESTAMPTZ, lateness_ms BIGINT, actor VARCHAR, reason VARCHAR)"
)
_LATE_SQL = """
SELECT DISTINCT run FROM segment WHERE type IN ('run.finished', 'run.skipped') AND run < $first ORDER BY run
"""
_OPENED_SQL = """
SELECT run, seq FROM segment AS s
WHERE type IN ('schedule.ticked', 'run.requested', 'run.started') AND NOT EXISTS (
    SELECT 1 FROM segment AS e WHERE e.type IN ('run.finished', 'run.skipped') AND e.run = s.run
) ORDER BY seq
"""
_EARLIER_SQL = """
INSERT INTO earlier
SELECT run, time, lateness_ms, actor, CASE type WHEN 'run.requested' THEN reason END
FROM read_parquet($files)
WHERE seq IN (SELECT unnest($runs)) AND type IN ('schedule.ticked', 'run.requested')
"""


def version(segment_entries: int) -> str:
    """Fingerprint of how projections are made: those made otherwise are not believed."""
    decode = with_facts(read_lines(""))
    return fingerprint(
        _FORMAT, decode, _SEALED_SQL, _EARLIER_SQL, _LATE_SQL, _OPENED_SQL, str(segment_entries)
    )


class Made(NamedTuple):
    """A projection that was just made; the members are those of `SealedSegment`."""

    parquet: Stamp
    sha256: str
    opened: list[tuple[int, int]]
    late: list[int]


class ParquetMaker:
    """Makes projections, in the order of their segments; the engine is started when it is first needed."""

    def __init__(self, folder: Folder, ledger: Path, segment_entries: int) -> None:
        self._folder, self._ledger, self._segment_entries = folder, ledger, segment_entries
        self._engine: DuckDBPyConnection | None = None

    def make(self, first: int, last_hash: str) -> Made:
        """Make the projection of a segment whose chain was checked; those of earlier segments are there.

        Raises:
            OSError: it cannot be written.
        """
        import duckdb

        target = self._folder.parquet(first)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        about = {"first": str(first), "last_hash": last_hash, "version": version(self._segment_entries)}
        metadata = ", ".join(f"{name}: {quoted(value)}" for name, value in about.items())
        segment = str(segment_of(self._ledger, first, self._segment_entries))
        try:
            engine = self._engine = self._engine or _start_engine()
            engine.execute(f"CREATE OR REPLACE TEMP TABLE segment AS {with_facts(read_lines(segment))}")
            late = self._find_earlier_causes(engine, first)
            engine.execute(
                f"COPY ({_SEALED_SQL}) TO {quoted(temporary)} "
                f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{metadata}}})"
            )
            opened = [(int(run), int(seq)) for run, seq in engine.execute(_OPENED_SQL).fetchall()]
        except duckdb.Error as error:
            raise OSError(f"{target}: {error}") from error
        sha256 = digest(temporary)
        publish(temporary, target)
        made = stamp(target)
        assert made is not None, "a file that was just renamed is there"
        return Made(made, sha256, opened, late)

    def close(self) -> None:
        """Stop the engine."""
        if self._engine is not None:
            self._engine.close()

    def _find_earlier_causes(self, engine: DuckDBPyConnection, first: int) -> list[int]:
        """Find the ticks and requests, in earlier segments, of the runs that end in this one; which are these?"""
        engine.execute(_EARLIER_TABLE)
        late = [int(run) for (run,) in engine.execute(_LATE_SQL, {"first": first}).fetchall()]
        if late:
            firsts = sorted({first_of(run, self._segment_entries) for run in late})
            files = [str(self._folder.parquet(first)) for first in firsts]
            engine.execute(_EARLIER_SQL, {"files": files, "runs": late})
        return late


def _start_engine() -> DuckDBPyConnection:
    import duckdb

    engine = duckdb.connect(config={"autoinstall_known_extensions": "false", "temp_directory": ""})
    engine.execute(f"SET memory_limit = {quoted(_MEMORY_LIMIT)}")
    engine.execute("SET TimeZone = 'UTC'")
    return engine
