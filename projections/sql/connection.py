"""SQL over the ledger: a connection that can read the views and do nothing else.

The engine works in memory, can read only the folders of projections and of log entries, loads no extensions, and a
query cannot change that (`views.engine`). `statements` decides which queries are allowed, `results` executes them,
and `views.live` fills the views.
"""
# ruff: noqa: S608 - a judged query is put into parentheses

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from projections.errors import QueryFailed
from projections.query_errors import failed
from projections.schema.literals import quoted
from projections.sql.results import LINES_BEFORE_A_QUERY, ROWS_AT_ONCE, Answer, Parameters, ask, fetched
from projections.sql.statements import ReadStatement, read_statements
from projections.views.live import LiveViews, ViewOptions
from projections.views.source import OpenStore
from scheduler.home import Home
from scheduler.store import open_store

if TYPE_CHECKING:
    from projections.files.validation import ProgressCallback

Result = TypeVar("Result")

_JUDGED_MAX = 64
"""So many queries are remembered with their judgement, the first ones: it depends on nothing but their text."""
_INTERRUPTED = "a projection was found damaged in the middle of the answer, and was made anew: ask again"


class Sql:
    """A connection; each query sees what the ledger holds at that moment, and no lock is held between queries."""

    def __init__(self, home: Home, options: ViewOptions, query: str | None) -> None:
        """Not called directly: use `open_sql`."""
        self._views = LiveViews(home, options)
        self._output = options.output
        self._judged: dict[str, list[ReadStatement]] = {}
        try:
            if query is None:
                self._views.refresh(["events"])
            else:
                self.judged(query)
        except BaseException:
            self.close()
            raise

    def execute(self, query: str, parameters: Parameters = None) -> Answer:
        """Answer a query; all of its statements are judged first, and the answer of the last one is returned.

        Raises:
            QueryRefused: a statement does something else than read; nothing was executed.
            QueryFailed: a statement cannot be answered.
            Corrupt: the ledger is damaged.
        """
        *before, last = self.judged(query)
        for statement in before:
            self.answer(statement, parameters)
        return self.answer(last, parameters)

    def judged(self, query: str) -> list[ReadStatement]:
        """The statements of a query for `answer`, once all of them are judged; nothing is executed.

        All that they name is made then, as of now: they see the same state of the ledger.

        Raises:
            QueryRefused: a statement does something else than read.
            QueryFailed: the query is no SQL, or empty.
            Corrupt: the ledger is damaged.
        """
        import duckdb

        try:
            known = self._judged.get(query)
            if known is None:
                known = read_statements(self._views.engine, query)
                if len(self._judged) < _JUDGED_MAX:
                    self._judged[query] = known
            self._views.refresh(frozenset[str]().union(*(statement.names for statement in known)))
            return list(known)
        except (duckdb.Error, RuntimeError) as error:
            # The engine was interrupted, or had no memory, before it began.
            raise failed(error) from error

    def answer(
        self, statement: ReadStatement, parameters: Parameters = None, *, rows_at_once: int = ROWS_AT_ONCE
    ) -> Answer:
        """Answer one statement that `judged` has returned.

        Args:
            statement: the statement.
            parameters: a value for each of its parameters.
            rows_at_once: so many rows are taken from the engine at once.

        Raises:
            QueryFailed: the statement cannot be answered.
            Corrupt: the ledger is damaged.
        """
        columns = self._asked(lambda: ask(self._views.engine, statement, parameters), statement)
        return Answer(columns, self._rows([kind for _, kind in columns], rows_at_once))

    def batches(self, query: str, parameters: Parameters = None) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of `execute`, a thousand at a time, in bounded memory.

        Raises:
            QueryRefused, QueryFailed, Corrupt: see `execute`.
        """
        rows = self.execute(query, parameters).rows
        while batch := list(islice(rows, ROWS_AT_ONCE)):
            yield batch

    def write_parquet(self, query: str, parameters: Parameters = None) -> int:
        """Write a query's rows to the file that `open_sql` was given as `output`, in bounded memory.

        Returns:
            How many rows there were.

        Raises:
            QueryRefused, QueryFailed, Corrupt: see `execute`; or the file cannot be written.
        """
        assert self._output is not None, "open_sql was told which file may be written"
        judged = self.judged(query)
        if len(judged) != 1 or judged[0].explain:
            raise QueryFailed("one SELECT can be written as Parquet")
        copy = (
            f"COPY (SELECT * FROM (\n{judged[0].select}\n)) TO {quoted(self._output)} "
            "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        )
        return self._asked(
            lambda: int(self._views.engine.execute(copy, parameters).fetchall()[0][0]), judged[0]
        )

    def refresh(self) -> None:
        """Read what was appended since; `execute` does this by itself.

        Raises:
            Corrupt: the ledger is damaged.
        """
        self._views.refresh()

    def interrupt(self) -> None:
        """Stop the query that runs in another thread."""
        self._views.engine.interrupt()

    def close(self) -> None:
        """Close the connection. Calling it again does nothing."""
        self._views.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(self, ask: Callable[[], Result], statement: ReadStatement) -> Result:
        """Ask the engine, and ask again if that is of use.

        It is if a name was not found while not all is made, or if a projection was damaged or removed meanwhile and
        has been made anew.

        Raises:
            QueryRefused, QueryFailed: the engine could not answer.
        """
        import duckdb

        lines_before = LINES_BEFORE_A_QUERY - statement.lines_above
        remedies = iter((self._views.complete, self._views.mend))
        while True:
            try:
                return ask()
            except (duckdb.Error, RuntimeError) as error:
                if not any(remedy(error) for remedy in remedies):
                    raise failed(error, lines_before) from error

    def _rows(self, kinds: list[str], rows_at_once: int) -> Iterator[tuple[Any, ...]]:
        import duckdb

        while True:
            try:
                rows = self._views.engine.fetchmany(rows_at_once)
            except (duckdb.Error, RuntimeError) as error:
                if self._views.mend(error):
                    raise QueryFailed(_INTERRUPTED) from error
                raise failed(error) from error
            if not rows:
                return
            yield from fetched(rows, kinds)


def open_sql(
    home: Home,
    *,
    as_of: int | None = None,
    asked_at: datetime | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    output: Path | None = None,
    opened: OpenStore = open_store,
    derived: ProgressCallback | None = None,
    query: str | None = None,
) -> Sql:
    """Open a connection to a home's ledger; a home without a ledger has views without rows.

    Args:
        home: the home.
        as_of: every view answers as the ledger was when this entry was its last one; -1 is before entry 0.
        asked_at: the present moment for `as_of`; by default, when that entry was recorded; aware.
        memory_limit: as DuckDB writes it, such as `2GB`; by default half of the machine's memory.
        threads: how many threads the engine uses; by default one for each core.
        output: the only file that `Sql.write_parquet` may write.
        opened: opens the store that holds the home's entries.
        derived: with it, what is answered rests on the entries alone: everything is derived of them in a private
            folder, whatever projections there are, which takes as long as a rebuild; it is told how many segments
            are derived so far, and of how many.
        query: what will be asked first: what that needs is made here, and no more. Without it the entries are read.

    Raises:
        OSError: there is no room for a private folder.
        QueryFailed: the memory limit is none, or too low for the open segment; or there is no entry `as_of`.
        QueryRefused, QueryFailed: of `query`, see `Sql.judged`.
        Corrupt: the ledger is damaged; of a `query` that names no view, as far as that shows without reading it.
        NewerFormat: the ledger was written by a later version.
        Unavailable: the ledger cannot be read.
    """
    output = None if output is None else output.absolute()
    return Sql(home, ViewOptions(as_of, asked_at, memory_limit, threads, output, opened, derived), query)
