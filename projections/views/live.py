"""The views of a connection as they are now: an engine that has them, and grows with the ledger."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from projections.files.fingerprint import Stamp, stamp
from projections.files.ledger_lines import LineReader
from projections.files.manifest import KINDS
from projections.files.segments import LedgerSegments, ValidProjections
from projections.files.validation import ProgressCallback, discard_damaged
from projections.query_errors import failed, may_be_damage
from projections.schema.log_view import log_files, log_view
from projections.views import engine as engines
from projections.views.source import OpenStore, ProjectionSource
from projections.views.unsealed import UnsealedTables
from scheduler.home import Home
from scheduler.store import open_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class ViewOptions(NamedTuple):
    """What a connection may do, and as of when it answers; see `projections.open_sql`."""

    as_of: int | None = None
    asked_at: datetime | None = None
    memory_limit: str | None = None
    threads: int | None = None
    output: Path | None = None
    opened: OpenStore = open_store
    derived: ProgressCallback | None = None


class LiveViews:
    """The engine of one connection; its owner closes it.

    Attributes:
        engine: holds the views. It is another one after damage was mended.
    """

    engine: DuckDBPyConnection

    def __init__(self, home: Home, options: ViewOptions) -> None:
        """Seal what is full, start the engine, and read the rest.

        Raises:
            QueryFailed, Corrupt, NewerFormat, Unavailable: see `projections.open_sql`.
        """
        self._home, self._options, self._as_of = home, options, options.as_of
        self._closing = ExitStack()
        self._source = ProjectionSource(home, options.opened, options.derived)
        self._closing.callback(self._source.close)
        self._stop_engine = self._closing.enter_context(ExitStack())
        self._reader: LineReader | None = None
        self._valid: ValidProjections | None = None
        self._logs: list[str] = []
        self._stamps: dict[Path, Stamp | None] = {}
        try:
            past = None if self._as_of is None else self._source.time_of(self._as_of)
            self._moment = past if options.asked_at is None else options.asked_at
            self._start()
        except BaseException:
            self.close()
            raise

    def refresh(self) -> None:
        """Take in what was appended since, and start anew if a projection was touched; `execute` does it by itself.

        Raises:
            QueryFailed: the engine cannot take in what is there.
            Corrupt: the ledger is damaged.
        """
        if any(stamp(path) != known for path, known in self._stamps.items()):
            self._start()
        logs = log_files(self._home.logs.resolve())
        if logs != self._logs:
            self.engine.execute(log_view(logs, of_the_past=self._as_of is not None))
            self._logs = logs
        if self._as_of is not None and self._reader is not None:
            return
        head = self._source.head()
        if head is None:
            return
        reader = self._reader
        if reader is None or self._is_long(reader):
            self._replace_projections()
        elif reader.head.seq < head.seq:
            self._grow(reader, head.seq)

    def _is_long(self, reader: LineReader) -> bool:
        """Whether a whole segment was read since the projections: it has one of its own now, or gets it."""
        ledger = self._source.segments()
        return ledger is not None and reader.head.seq + 1 - reader.first >= ledger.segment_entries

    def mend(self, error: Exception) -> bool:
        """After an error: make damaged or missing projections anew; False if it was not that."""
        import duckdb

        if self._source.head() is None:
            return False
        damaged = self._discard_damaged(self._source.segments()) or self._is_behind()
        if damaged or isinstance(error, duckdb.InternalException | duckdb.FatalException):
            # After a mistake of its own an engine refuses to go on, and it remembers what it read.
            self._start()
        return bool(damaged)

    def _discard_damaged(self, ledger: LedgerSegments | None) -> bool:
        """See that damaged projections are not used again: remove them, or use a private folder.

        Returns:
            Whether there were any, or may have been.
        """
        if ledger is None:
            return False
        if self._source.is_writable:
            with suppress(OSError):
                return bool(discard_damaged(self._source.folder, ledger.segment_entries))
        self._source.use_private_folder()
        return True

    def _is_behind(self) -> bool:
        """Whether the views read a file that is no longer there: another process has merged it."""
        valid = self._valid
        return valid is not None and any(
            not Path(file).exists() for kind in KINDS for file in valid.files(kind)
        )

    def close(self) -> None:
        """Stop the engine and let go of the ledger. Calling it again does nothing."""
        self._closing.close()

    def _start(self) -> None:
        """Start an engine over what there is, and make anew once what turns out to be damaged.

        Raises:
            QueryFailed: the engine cannot take in what is there.
            Corrupt: the ledger is damaged.
        """
        import duckdb

        try:
            self._start_engine()
        except duckdb.Error as error:
            if not may_be_damage(error):
                raise failed(error) from error
            if not self._discard_damaged(self._source.segments()):
                # Each file has its digest, and yet it is not what we made: whoever altered it renewed that too.
                self._source.use_private_folder()
            try:
                self._start_engine()
            except duckdb.Error as still:
                raise failed(still) from still

    def _start_engine(self) -> None:
        """An engine that is restricted before it has seen a query; the one before, if there was one, is stopped."""
        self._stop_engine.close()
        self._reader = None
        valid = self._projected()
        folder, logs = self._source.folder, self._home.logs.resolve()
        self.engine = engines.start(self._moment)
        self._stop_engine.callback(self.engine.close)
        self._unsealed = UnsealedTables(self.engine, valid.carried_sql())
        self._stop_engine.callback(self._unsealed.close)
        engines.create_views(self.engine, valid)
        options = self._options
        engines.restrict(
            self.engine, self._unsealed, folder, logs, options.output, options.memory_limit, options.threads
        )
        self._read_on(valid)

    def _replace_projections(self) -> None:
        """Another segment is full, or there is a ledger now: take in what was projected, and read the rest."""
        self._reader = None
        valid = self._projected()
        for view in valid.views_sql():
            self.engine.execute(view)
        self._unsealed.begin(valid.carried_sql())
        self._read_on(valid)

    def _projected(self) -> ValidProjections:
        """The projections, up to the entry that is the last to count; none while there is no ledger."""
        valid = self._source.ensure()
        self._valid = valid if self._as_of is None else valid.until(self._as_of)
        files = [Path(file) for kind in KINDS for file in self._valid.files(kind)]
        self._stamps = {path: stamp(path) for path in files}
        return self._valid

    def _read_on(self, valid: ValidProjections) -> None:
        """Read what comes after the projections."""
        head = self._source.head()
        if head is not None:
            self._grow(self._source.lines_after(valid), head.seq if self._as_of is None else self._as_of)

    def _grow(self, reader: LineReader, last: int) -> None:
        import duckdb

        self._reader = None  # until it has worked: what was read and not handed over would be missing
        try:
            self._unsealed.grow(reader, last)
        except duckdb.Error as error:
            raise failed(error) from error
        self._reader = reader
