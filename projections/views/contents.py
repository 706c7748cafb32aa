"""What the engine of a connection holds: the views that were asked for, and the tables below them, which grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from projections.files.fingerprint import stamp
from projections.files.ledger_lines import LineReader
from projections.files.manifest import KINDS
from projections.files.segments import ValidProjections
from projections.query_errors import failed
from projections.schema.log_view import log_files, log_view
from projections.schema.relations import LOGS, RUNS
from projections.schema.view_creation import create_over_stand_ins
from projections.views.handover import HandoverFile
from projections.views.unsealed import UnsealedTables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class EngineContents:
    """The contents of one engine, over the same projections for as long as it lives.

    Args:
        engine: holds nothing of ours yet.
        handover: how lines reach it.
        valid: the projections, up to the entry that is the last to count.
        reader: reads the lines after them; None while there is no ledger.
        read_max: after so many of its lines there is something else to read; None: never.
        logs: the home's logs.
        of_the_past: whether the engine answers as of a moment of the past.
    """

    def __init__(
        self,
        engine: DuckDBPyConnection,
        handover: HandoverFile,
        valid: ValidProjections,
        reader: LineReader | None,
        read_max: int | None,
        logs: Path,
        *,
        of_the_past: bool,
    ) -> None:
        self._engine, self._valid, self._reader, self._read_max = engine, valid, reader, read_max
        self._logs, self._of_the_past = logs, of_the_past
        self._log_files: list[str] | None = None
        self._stamps = {path: stamp(path) for path in self._files()}
        self._made: frozenset[str] = frozenset()
        self._is_whole = True
        """Not if something failed, or was stopped, while it was made."""
        self._unsealed = UnsealedTables(engine, handover, valid.head.seq + 1)

    def is_outdated(self, last: int | None) -> bool:
        """Whether another engine has to take its place, which begins with what is projected now.

        Args:
            last: the last entry that counts; None while there is no ledger.
        """
        if not self._is_whole or any(stamp(path) != known for path, known in self._stamps.items()):
            return True
        if self._reader is None or last is None:
            return last is not None
        return self._read_max is not None and self._reader.head.seq + 1 - self._reader.first >= self._read_max

    def is_behind(self) -> bool:
        """Whether the views read a file that is no longer there: another process has merged it."""
        return any(not path.exists() for path in self._files())

    def take_in(self, last: int | None) -> None:
        """Add the entries up to the last one that counts, and look which log files there are.

        Raises:
            QueryFailed: the engine cannot take them in.
            Corrupt: the ledger is damaged.
        """
        import duckdb

        if LOGS in self._made:
            self._look_for_logs()
        reader = self._reader
        if reader is None or last is None or reader.head.seq >= last:
            return
        with self._changing():
            try:
                self._unsealed.grow(reader, last)
            except duckdb.Error as error:
                raise failed(error) from error

    def add(self, wanted: frozenset[str]) -> None:
        """Make what is wanted and not there yet; no entry is added.

        Args:
            wanted: views and tables, and all that they stand on (`schema.relations`).

        Raises:
            duckdb.Error: the engine cannot make them.
        """
        missing = wanted - self._made
        if not missing:
            return
        with self._changing():
            if missing & RUNS and not self._made & RUNS:
                self._unsealed.add_runs(self._valid.carried_sql())
            self._unsealed.add_parts(missing)
            for kind in KINDS:
                if f"parts.sealed_{kind}" in missing:
                    self._engine.execute(self._valid.view_sql(kind))
            if LOGS in missing:
                self._look_for_logs()
            create_over_stand_ins(self._engine, missing)
            self._made |= missing

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._is_whole = False
        yield
        self._is_whole = True

    def _look_for_logs(self) -> None:
        files = log_files(self._logs)
        if files != self._log_files:
            self._engine.execute(log_view(files, of_the_past=self._of_the_past))
            self._log_files = files

    def _files(self) -> list[Path]:
        return [Path(file) for kind in KINDS for file in self._valid.files(kind)]
