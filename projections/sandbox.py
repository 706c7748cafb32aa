"""SQL over the ledger: a connection that can read the views and do nothing else.

The engine works in memory, knows no other folders than those of the projections and of log entries, loads nothing,
and cannot be told otherwise; what a query may be is decided in `statements`.
"""
# ruff: noqa: S608 - a judged query is put into parentheses, which is what this room is for

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from eventstore import Journal, NoLedger
from eventstore.store import Head
from projections import engine as engines
from projections.database import refresh_database
from projections.errors import QueryFailed
from projections.hints import failed, may_be_damage
from projections.lines import LineReader
from projections.logged import log_files, log_view
from projections.manifest import KINDS, Folder
from projections.merging import merge
from projections.recent import RecentTables
from projections.schema import quoted
from projections.sealed import Sealed, Source
from projections.sealing import discard_damaged, ensure_sealed
from projections.statements import Reading, readings
from projections.zoned import ZONED, all_aware
from scheduler.home import Home

Result = TypeVar("Result")
Parameters = Sequence[object] | Mapping[str, object] | None

_ROWS_AT_ONCE = 1_000
_INTERRUPTED = "a projection was found damaged in the middle of the answer, and was made anew: ask again"
_UNMERGED_MAX = 64
"""With more files than this each answer takes longer than it has to."""
_LINES_BEFORE_A_QUERY = 1
"""Each query stands on lines of its own, so that the place of a mistake is the one that its author sees."""


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

    def __init__(
        self,
        home: Home,
        as_of: int | None,
        asked_at: datetime | None,
        limits: tuple[str | None, int | None],
        output: Path | None,
    ) -> None:
        """Not called directly: use `open_sql`."""
        self._home, self._as_of, self._closing = home, as_of, ExitStack()
        self._output = None if output is None else output.absolute()
        self._stop_engine = self._closing.enter_context(ExitStack())
        self._journal: Journal | None = None
        self._reader: LineReader | None = None
        self._sealed: Sealed | None = None
        self._logs: list[str] = []
        self._folder = Folder(home.projections.resolve())
        self._private: Folder | None = None
        try:
            past = self._time_of_the_past()
            self._seal()
            self._moment, self._limits = past if asked_at is None else asked_at, limits
            self._start()
            self._load()
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
        judged = self._judged(query)
        return self._twice(lambda: self._run(judged, parameters))

    def batches(self, query: str, parameters: Parameters = None) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of `execute`, a thousand at a time, in bounded memory.

        Raises:
            QueryRefused, QueryFailed, Corrupt: see `execute`.
        """
        rows = self.execute(query, parameters).rows
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            yield batch

    def write_parquet(self, query: str, parameters: Parameters = None) -> int:
        """Write a query's rows to the file that `open_sql` was given as `output`, in bounded memory.

        Returns:
            How many rows there were.

        Raises:
            QueryRefused, QueryFailed, Corrupt: see `execute`; or the file cannot be written.
        """
        assert self._output is not None, "open_sql was told which file may be written"
        judged = self._judged(query)
        if len(judged) != 1 or judged[0].explain:
            raise QueryFailed("one SELECT can be written as Parquet")
        copy = (
            f"COPY (SELECT * FROM (\n{judged[0].select}\n)) TO {quoted(self._output)} "
            "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        )
        return self._twice(lambda: int(self._engine.execute(copy, parameters).fetchall()[0][0]))

    def refresh(self) -> None:
        """Take in what was appended since; `execute` does it by itself.

        Raises:
            Corrupt: the ledger is damaged.
        """
        logs = log_files(self._home.logs.resolve())
        if logs != self._logs:
            self._engine.execute(log_view(logs, of_the_past=self._as_of is not None))
            self._logs = logs
        if self._as_of is not None and self._reader is not None:
            return
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

    @property
    def _place(self) -> Folder:
        """Where the projections are: in the home, or elsewhere if that is not ours to write to."""
        return self._folder if self._private is None else self._private

    def _time_of_the_past(self) -> datetime | None:
        """When the entry was recorded as of which is asked; None for the present.

        Raises:
            QueryFailed: there is no such entry.
        """
        if self._as_of is None:
            return None
        source = self._source()
        last = -1 if source is None else source.head.seq
        if not -1 <= self._as_of <= last:
            said = "it is empty" if last < 0 else f"its last one is {last}"
            raise QueryFailed(f"the ledger has no entry {self._as_of}: {said}")
        assert self._journal is not None or self._as_of < 0
        moments = (
            []
            if self._journal is None
            else list(self._journal.read(max(self._as_of, 0), max(self._as_of, 0)))
        )
        return moments[0].time if moments else None

    def _seal(self) -> Sealed | None:
        """Make the projections that are missing; in a private folder if the home is not ours to write to."""
        source = self._source()
        if source is None:
            return None
        try:
            return self._merged(ensure_sealed(self._place, source), source)
        except OSError:
            if self._private is not None:
                raise
            import tempfile

            made = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="cronledger-"))
            self._private = Folder(Path(made).resolve())
            return ensure_sealed(self._place, source)

    def _merged(self, sealed: Sealed, source: Source) -> Sealed:
        """Merge where nobody else seems to: in a home that no scheduler serves, say, or one that was copied."""
        if sum(part.segments == 1 for part in sealed.parts) < _UNMERGED_MAX or self._private is not None:
            return sealed
        with suppress(OSError):
            merge(self._folder, source.segment_entries)
        return ensure_sealed(self._folder, source)

    def _start(self) -> None:
        """An engine that is locked in before it has seen a query; the one before, if there was one, is stopped."""
        self._stop_engine.close()
        self._reader = None
        self._engine = engines.start(self._moment)
        self._stop_engine.callback(self._engine.close)
        self._recent = RecentTables(self._engine)
        self._stop_engine.callback(self._recent.close)
        folder, logs = self._place, self._home.logs.resolve()
        engines.create_views(self._engine, folder)
        engines.lock_in(self._engine, self._recent, folder, logs, self._output, *self._limits)

    def _load(self) -> None:
        """Begin anew: seal what can be sealed, and read the rest."""
        self._reader = None
        source, sealed = self._source(), self._seal()
        if source is None or sealed is None:
            return
        if sealed.folder == self._folder:
            refresh_database(sealed, source, self._home.logs.resolve())
        if self._as_of is not None:
            sealed = sealed.until(self._as_of)
            source = source._replace(head=Head(self._as_of, ""))
        self._sealed = sealed
        for view in sealed.views_sql():
            self._engine.execute(view)
        self._recent.begin(sealed.carried_sql())
        self._grow(LineReader(source.ledger, sealed.head, source.segment_entries), source)

    def _grow(self, reader: LineReader, source: Source) -> None:
        import duckdb

        self._reader = None  # until it has worked: what was read and not handed over would be missing
        try:
            self._recent.grow(reader, source.head.seq)
        except duckdb.Error as error:
            raise failed(error) from error
        self._reader = reader

    def _judged(self, query: str) -> list[Reading]:
        """The statements of a query, after taking in what was appended."""
        import duckdb

        try:
            self.refresh()
            return readings(self._engine, query)
        except (duckdb.Error, RuntimeError) as error:  # interrupted, or without memory, before it began
            raise failed(error) from error

    def _twice(self, ask: Callable[[], Result]) -> Result:
        """Ask, and once more if a projection had been damaged or removed under our hands and was made anew.

        Raises:
            QueryRefused, QueryFailed: the engine could not answer.
        """
        import duckdb

        try:
            return ask()
        except (duckdb.Error, RuntimeError) as error:
            if not may_be_damage(error) or not self._mend(error):
                raise failed(error, _LINES_BEFORE_A_QUERY) from error
        try:
            return ask()
        except (duckdb.Error, RuntimeError) as error:
            raise failed(error, _LINES_BEFORE_A_QUERY) from error

    def _mend(self, error: Exception) -> bool:
        """After an error: make damaged or missing projections anew; False if it was not that."""
        import duckdb

        source = self._source()
        if source is None:
            return False
        damaged = discard_damaged(self._place, source.segment_entries) or self._is_behind()
        if damaged or isinstance(error, duckdb.InternalException | duckdb.FatalException):
            # After a mistake of its own an engine refuses to go on, and it remembers what it read.
            self._start()
            self._load()
        return bool(damaged)

    def _is_behind(self) -> bool:
        """Whether the views read a file that is no longer there: another process has merged it."""
        sealed = self._sealed
        return sealed is not None and any(
            not Path(file).exists() for kind in KINDS for file in sealed.files(kind)
        )

    def _run(self, judged: list[Reading], parameters: Parameters) -> Answer:
        for reading in judged[:-1]:
            self._engine.execute(f"SELECT * FROM (\n{reading.select}\n)", parameters)
        last = judged[-1]
        if last.explain:
            explained = f"{last.explain} SELECT * FROM (\n{last.select}\n)"
            answer = self._engine.execute(explained, parameters)
            return Answer([(str(column[0]), str(column[1])) for column in answer.description], self._rows([]))
        described = self._engine.execute(f"DESCRIBE SELECT * FROM (\n{last.select}\n)", parameters).fetchall()
        columns = [(str(row[0]), str(row[1])) for row in described]
        # The names are replaced by numbers: those of a query need not be unique.
        names = [f"c{number}" for number in range(len(columns))]
        chosen = [
            f"CAST({name} AS {kind.replace(ZONED, 'TIMESTAMP')})" if ZONED in kind else name
            for name, (_, kind) in zip(names, columns, strict=True)
        ]
        query = f"SELECT {', '.join(chosen)} FROM (\n{last.select}\n) AS q({', '.join(names)})"
        self._engine.execute(query, parameters)
        return Answer(columns, self._rows([kind for _, kind in columns]))

    def _rows(self, kinds: list[str]) -> Iterator[tuple[Any, ...]]:
        import duckdb

        zoned = any(ZONED in kind for kind in kinds)
        while True:
            try:
                rows = self._engine.fetchmany(_ROWS_AT_ONCE)
            except (duckdb.Error, RuntimeError) as error:
                if may_be_damage(error) and self._mend(error):
                    raise QueryFailed(_INTERRUPTED) from error
                raise failed(error) from error
            if not rows:
                return
            yield from all_aware(rows, kinds) if zoned else rows


def open_sql(
    home: Home,
    *,
    as_of: int | None = None,
    asked_at: datetime | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    output: Path | None = None,
) -> Sql:
    """Open a connection to a home's ledger; a home without a ledger has views without rows.

    Args:
        home: the home.
        as_of: every view answers as the ledger stood when this entry was its last one; -1 is before entry 0.
        asked_at: what then counts as the present; when that entry was recorded if not given; aware.
        memory_limit: as DuckDB writes it, such as `2GB`; by default half of the machine's.
        threads: by default as many as there are cores.
        output: the one file that `Sql.write_parquet` may write.

    Raises:
        QueryFailed: the memory limit is none, or too low for the open segment; or there is no entry `as_of`.
        Corrupt: the ledger is damaged.
        NewerFormat: the ledger was written by a later version.
        Unavailable: the ledger cannot be read.
    """
    return Sql(home, as_of, asked_at, (memory_limit, threads), output)
