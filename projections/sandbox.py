"""SQL over the ledger: a connection that can read the views and do nothing else.

The engine works in memory, knows no other folder than that of the projections, loads nothing, and cannot be
told otherwise; what a query may be is decided in `statements`.
"""
# ruff: noqa: S608 - a judged query is put into parentheses, which is what this room is for

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from eventstore import Journal, NoLedger
from projections.database import refresh_database
from projections.errors import QueryFailed, QueryRefused
from projections.hints import hint_for
from projections.lines import LineReader
from projections.manifest import Folder
from projections.recent import RecentTable
from projections.schema import VIEWS_SQL, carried_rows, quoted, sealed_view
from projections.sealing import Sealed, Source, discard_damaged, ensure_sealed
from projections.statements import Reading, plain, readings
from scheduler.home import Home

Parameters = Sequence[object] | Mapping[str, object] | None

_ROWS_AT_ONCE = 1_000
_ZONED = "TIMESTAMP WITH TIME ZONE"
_INTERRUPTED = "a projection was found damaged in the middle of the answer, and was made anew: ask again"

T = TypeVar("T")


class Answer(NamedTuple):
    """What a query yields.

    Attributes:
        columns: name and SQL type of each column, in order.
        rows: the rows, each of them once; to be read before the next query. Times are aware UTC datetimes.
    """

    columns: list[tuple[str, str]]
    rows: Iterator[tuple[Any, ...]]

    def all(self) -> list[tuple[Any, ...]]:
        """All rows that have not been read yet."""
        return list(self.rows)


class Sql:
    """A connection. Each query sees what the ledger holds at that moment; it holds no lock in between."""

    def __init__(self, home: Home, memory_limit: str | None, threads: int | None) -> None:
        """Not called directly: use `open_sql`."""
        self._home, self._closing = home, ExitStack()
        self._memory_limit, self._threads = memory_limit, threads
        self._stop_engine = self._closing.enter_context(ExitStack())
        self._journal: Journal | None = None
        self._reader: LineReader | None = None
        self._sealed: Sealed | None = None
        self._folder = Folder(home.projections.resolve())
        self._private: Folder | None = None
        try:
            self._source()
            self._seal()
            self._start()
            self._mending(self._load)
        except BaseException:
            self.close()
            raise

    def execute(self, query: str, parameters: Parameters = None) -> Answer:
        """Answer a query; of several statements all are judged first, and the last one's answer is returned.

        Raises:
            QueryRefused: it does something else than read; nothing was executed.
            QueryFailed: it cannot be answered.
            Corrupt: the ledger is damaged.
        """
        self._mending(self.refresh)
        judged = readings(self._engine, query)
        return self._mending(lambda: self._run(judged, parameters))

    def refresh(self) -> None:
        """Take in what was appended since; `execute` does it by itself.

        Raises:
            Corrupt: the ledger is damaged.
        """
        source = self._source()
        if source is None:
            return
        reader = self._reader
        if reader is None or reader.head.seq + 1 - reader.first >= source.segment_entries:
            self._load()
        elif reader.head.seq < source.head.seq:
            self._grow(reader, source)

    def interrupt(self) -> None:
        """Stop the query that runs in another thread."""
        self._engine.interrupt()

    def close(self) -> None:
        """Close the connection. Calling it again does nothing."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _source(self) -> Source | None:
        """The ledger as it is now; None while there is none."""
        if self._journal is None:
            try:
                self._journal = Journal.open(self._home.ledger, software="", create=False, read_only=True)
            except NoLedger:
                return None
            self._closing.callback(self._journal.close)
        return Source(self._home.ledger.resolve(), self._journal.refresh(), self._journal.segment_entries)

    def _seal(self) -> Sealed | None:
        """Make the projections that are missing; in a private folder if the home is not ours to write to."""
        source = self._source()
        if source is None:
            return None
        try:
            sealed = ensure_sealed(self._private or self._folder, source)
        except OSError:
            if self._private is not None:
                raise
            import tempfile

            made = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="cronledger-"))
            self._private = Folder(Path(made).resolve())
            sealed = ensure_sealed(self._private, source)
        return sealed

    def _start(self) -> None:
        """An engine that is locked in before it has seen a query; the one before, if there was one, is stopped."""
        import duckdb

        self._stop_engine.close()
        self._reader = None
        self._engine = engine = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "allow_persistent_secrets": "false",
                "python_enable_replacements": "false",
                "temp_directory": "",
            }
        )
        self._stop_engine.callback(engine.close)
        engine.execute("CREATE SCHEMA parts")
        self._recent = RecentTable(engine)
        self._stop_engine.callback(self._recent.close)
        engine.execute(sealed_view([]))
        engine.execute(f"CREATE TABLE parts.carried AS {carried_rows([], [])}")
        engine.execute(VIEWS_SQL)
        if self._memory_limit is not None:
            engine.execute(f"SET memory_limit = {quoted(self._memory_limit)}")
        if self._threads is not None:
            engine.execute(f"SET threads = {int(self._threads)}")
        events = (self._private or self._folder).events
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute("SET parquet_metadata_cache = true")
        engine.execute(f"SET allowed_paths = [{quoted(self._recent.path)}]")
        engine.execute(f"SET allowed_directories = [{quoted(f'{events}/')}]")
        engine.execute("SET enable_external_access = false")
        engine.execute("SET lock_configuration = true")

    def _load(self) -> None:
        """Begin anew: seal what can be sealed, and read the rest."""
        self._reader = None
        source, sealed = self._source(), self._seal()
        if source is None or sealed is None:
            return
        if sealed.folder == self._folder:
            refresh_database(sealed, source)
        self._engine.execute(sealed_view(sealed.files))
        carried = carried_rows(sealed.files_of(sealed.carried), sealed.carried)
        self._engine.execute(f"CREATE OR REPLACE TABLE parts.carried AS {carried}")
        self._recent.clear()
        self._grow(LineReader(source.ledger, sealed.head, source.segment_entries), source)

    def _grow(self, reader: LineReader, source: Source) -> None:
        import duckdb

        self._reader = None  # until it has worked: what was read and not handed over would be missing
        try:
            self._recent.grow(reader, source.head.seq)
        except duckdb.Error as error:
            raise _failed(error) from error
        self._reader = reader

    def _mending(self, ask: Callable[[], T]) -> T:
        """What `ask` yields; once more if it failed and projections were damaged or removed under our hands.

        Raises:
            QueryRefused, QueryFailed: as `execute`.
        """
        import duckdb

        try:
            return ask()
        except duckdb.Error as error:
            failed = error
        try:
            if self._mend(failed):
                return ask()
        except duckdb.Error as error:
            raise _failed(error) from error
        raise _failed(failed) from failed

    def _mending_worked(self, error: Exception) -> bool:
        import duckdb

        try:
            return self._mend(error)
        except duckdb.Error as another:
            raise _failed(another) from another

    def _mend(self, error: Exception) -> bool:
        """After an error: make damaged or missing projections anew; False if it was not that.

        Damage has many faces: the engine may complain of a column, of a number, or of itself. So only what it says
        without having read anything is taken at its word; else the files are compared with their digests. Then
        another engine is started: after a mistake of its own it refuses to go on, and it remembers what it read.
        """
        import duckdb

        if isinstance(error, _not_of_files()):
            return False
        source, folder = self._source(), self._private or self._folder
        if source is None:
            return False
        damaged = any(not folder.parquet(first).exists() for first in source.firsts)
        with suppress(OSError):  # a home that may only be read
            damaged = bool(discard_damaged(folder, source.segment_entries)) or damaged
        if damaged or isinstance(error, duckdb.InternalException | duckdb.FatalException):
            self._start()
            self._load()
        return damaged

    def _run(self, judged: list[Reading], parameters: Parameters, *, last_try: bool = False) -> Answer:
        for reading in judged[:-1]:
            self._engine.execute(f"SELECT * FROM ({reading.select}\n)", parameters)
        last = judged[-1]
        if last.explain:
            return self._explain(last, parameters)
        described = self._engine.execute(f"DESCRIBE SELECT * FROM ({last.select}\n)", parameters).fetchall()
        columns = [(str(row[0]), str(row[1])) for row in described]
        # The names are replaced by numbers: those of a query need not be unique.
        names = [f"c{number}" for number in range(len(columns))]
        chosen = [
            f"CAST({name} AS {kind.replace(_ZONED, 'TIMESTAMP')})" if _ZONED in kind else name
            for name, (_, kind) in zip(names, columns, strict=True)
        ]
        query = f"SELECT {', '.join(chosen)} FROM ({last.select}\n) AS q({', '.join(names)})"
        self._engine.execute(query, parameters)
        zoned = [number for number, (_, kind) in enumerate(columns) if _ZONED in kind]
        again = None if last_try else lambda: self._run(judged, parameters, last_try=True)
        return Answer(columns, self._rows(zoned, again))

    def _explain(self, reading: Reading, parameters: Parameters) -> Answer:
        answer = self._engine.execute(f"{reading.explain} SELECT * FROM ({reading.select}\n)", parameters)
        return Answer(
            [(str(column[0]), str(column[1])) for column in answer.description], self._rows([], None)
        )

    def _rows(self, zoned: list[int], again: Callable[[], Answer] | None) -> Iterator[tuple[Any, ...]]:
        """The rows of the query that was executed last.

        Args:
            zoned: the columns that hold times.
            again: executes it again, if it fails before its first row and that could be mended.
        """
        import duckdb

        begun = False
        while True:
            try:
                rows = self._engine.fetchmany(_ROWS_AT_ONCE)
            except duckdb.Error as error:
                if not self._mending_worked(error):
                    raise _failed(error) from error
                if begun or again is None:
                    raise QueryFailed(_INTERRUPTED) from error
                yield from self._mending(again).rows
                return
            begun = True
            if not rows:
                return
            if not zoned:
                yield from rows
                continue
            for row in rows:
                cells = list(row)
                for number in zoned:
                    cells[number] = _aware(cells[number])
                yield tuple(cells)


def open_sql(home: Home, *, memory_limit: str | None = None, threads: int | None = None) -> Sql:
    """Open a connection to a home's ledger; a home without a ledger has views without rows.

    Args:
        home: the home.
        memory_limit: as DuckDB writes it, such as `2GB`; by default 80 % of the machine's.
        threads: by default as many as there are cores.

    Raises:
        QueryFailed: the memory limit is too low for the open segment.
        Corrupt: the ledger is damaged.
        NewerFormat: the ledger was written by a later version.
        Unavailable: the ledger cannot be read.
    """
    return Sql(home, memory_limit, threads)


def _aware(value: Any) -> Any:
    """The value with every time in it said to be UTC, which it is."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, list):
        return [_aware(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_aware(item) for item in value)
    if isinstance(value, dict):
        return {_aware(key): _aware(item) for key, item in value.items()}
    return value


def _not_of_files() -> tuple[type[Exception], ...]:
    """What the engine says of a query without having read a file, or because it was told to stop."""
    import duckdb

    return (
        duckdb.ParserException,
        duckdb.SyntaxException,
        duckdb.CatalogException,
        duckdb.PermissionException,
        duckdb.InterruptException,
        duckdb.OutOfMemoryException,
    )


def _failed(error: Exception) -> QueryFailed | QueryRefused:
    import duckdb

    message = plain(error)
    if isinstance(error, duckdb.PermissionException):
        return QueryRefused(f"only the views can be read: {message}")
    hint = hint_for(message)
    return QueryFailed(message.split("\n")[0] if hint else message, hint)
