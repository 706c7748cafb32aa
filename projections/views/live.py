"""The views of a connection as they are now: an engine that has them, and grows with the ledger."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from eventstore.store import Head
from projections.files.fingerprint import Stamp, stamp
from projections.files.ledger_lines import LineReader
from projections.files.manifest import KINDS
from projections.files.segments import Sealed, Source
from projections.files.validation import discard_damaged
from projections.query_errors import failed, may_be_damage
from projections.schema.log_view import log_files, log_view
from projections.views import engine as engines
from projections.views.source import ProjectionSource
from projections.views.unsealed import RecentTables
from scheduler.home import Home

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Wanted(NamedTuple):
    """What a connection is for; see `projections.open_sql`."""

    as_of: int | None = None
    asked_at: datetime | None = None
    memory_limit: str | None = None
    threads: int | None = None
    output: Path | None = None


class LiveViews:
    """The engine of one connection; whoever has it closes it.

    Attributes:
        engine: holds the views. It is another one after damage was mended.
    """

    engine: DuckDBPyConnection

    def __init__(self, home: Home, wanted: Wanted) -> None:
        """Seal what is full, start the engine, and read the rest.

        Raises:
            QueryFailed, Corrupt, NewerFormat, Unavailable: see `projections.open_sql`.
        """
        self._home, self._wanted, self._as_of = home, wanted, wanted.as_of
        self._closing = ExitStack()
        self._footing = ProjectionSource(home)
        self._closing.callback(self._footing.close)
        self._stop_engine = self._closing.enter_context(ExitStack())
        self._reader: LineReader | None = None
        self._sealed: Sealed | None = None
        self._logs: list[str] = []
        self._stamps: dict[Path, Stamp | None] = {}
        try:
            past = None if self._as_of is None else self._footing.time_of(self._as_of)
            self._moment = past if wanted.asked_at is None else wanted.asked_at
            self._start()
        except BaseException:
            self.close()
            raise

    def refresh(self) -> None:
        """Take in what was appended since, and stand anew if a projection was touched; `execute` does it by itself.

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
        source = self._footing.source()
        if source is None:
            return
        reader = self._reader
        if reader is None or reader.head.seq + 1 - reader.first >= source.segment_entries:
            self._move_on()
        elif reader.head.seq < source.head.seq:
            self._grow(reader, source)

    def mend(self, error: Exception) -> bool:
        """After an error: make damaged or missing projections anew; False if it was not that."""
        import duckdb

        source = self._footing.source()
        if source is None:
            return False
        damaged = self._discard_damaged(source) or self._is_behind()
        if damaged or isinstance(error, duckdb.InternalException | duckdb.FatalException):
            # After a mistake of its own an engine refuses to go on, and it remembers what it read.
            self._start()
        return bool(damaged)

    def _discard_damaged(self, source: Source) -> bool:
        """See that damaged projections are not used again: remove them, or leave where that may not be done."""
        if self._footing.is_writable:
            with suppress(OSError):
                return bool(discard_damaged(self._footing.place, source.segment_entries))
        self._footing.move_out()
        return True

    def _is_behind(self) -> bool:
        """Whether the views read a file that is no longer there: another process has merged it."""
        sealed = self._sealed
        return sealed is not None and any(
            not Path(file).exists() for kind in KINDS for file in sealed.files(kind)
        )

    def close(self) -> None:
        """Stop the engine and let go of the ledger. Calling it again does nothing."""
        self._closing.close()

    def _start(self) -> None:
        """Stand on what there is, and make anew once what turns out to be damaged.

        Raises:
            QueryFailed: the engine cannot take in what is there.
            Corrupt: the ledger is damaged.
        """
        import duckdb

        try:
            self._stand()
        except duckdb.Error as error:
            source = self._footing.source() if may_be_damage(error) else None
            if source is None or not self._discard_damaged(source):
                raise failed(error) from error
            self._stand()

    def _stand(self) -> None:
        """An engine that is locked in before it has seen a query; the one before, if there was one, is stopped."""
        self._stop_engine.close()
        self._reader = None
        sealed = self._projected()
        folder, logs = self._footing.place, self._home.logs.resolve()
        self.engine = engines.start(self._moment)
        self._stop_engine.callback(self.engine.close)
        self._recent = RecentTables(self.engine, sealed.carried_sql())
        self._stop_engine.callback(self._recent.close)
        engines.create_views(self.engine, sealed)
        wanted = self._wanted
        engines.lock_in(
            self.engine, self._recent, folder, logs, wanted.output, wanted.memory_limit, wanted.threads
        )
        self._read_on(sealed)

    def _move_on(self) -> None:
        """Another segment is full, or there is a ledger now: take in what was projected, and read the rest."""
        self._reader = None
        sealed = self._projected()
        for view in sealed.views_sql():
            self.engine.execute(view)
        self._recent.begin(sealed.carried_sql())
        self._read_on(sealed)

    def _projected(self) -> Sealed:
        """The projections, up to the entry that is the last to count; none while there is no ledger."""
        sealed = self._footing.seal() or Sealed(self._footing.place, [], [], 1)
        self._sealed = sealed if self._as_of is None else sealed.until(self._as_of)
        files = [Path(file) for kind in KINDS for file in self._sealed.files(kind)]
        self._stamps = {path: stamp(path) for path in files}
        return self._sealed

    def _read_on(self, sealed: Sealed) -> None:
        """Read what comes after the projections."""
        source = self._footing.source()
        if source is None:
            return
        if self._as_of is not None:
            source = source._replace(head=Head(self._as_of, ""))
        reader = LineReader(source.ledger, sealed.head, source.segment_entries, sealed.offset)
        self._grow(reader, source)

    def _grow(self, reader: LineReader, source: Source) -> None:
        import duckdb

        self._reader = None  # until it has worked: what was read and not handed over would be missing
        try:
            self._recent.grow(reader, source.head.seq)
        except duckdb.Error as error:
            raise failed(error) from error
        self._reader = reader
