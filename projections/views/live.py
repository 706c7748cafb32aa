"""The views of a connection as they are now: an engine that gets those that are asked for, and follows the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from projections.schema.log_view import log_folder
from projections.views import engine as engines
from projections.views.handover import HandoverFile
from projections.views.source import OpenStore, ProjectionSource
from scheduler.home import Home
from scheduler.store import open_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from projections.files.manifest import ProjectionFolder
    from projections.files.segments import LedgerSegments
    from projections.files.validation import ProgressCallback
    from projections.views.contents import EngineContents


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

    What nobody asks about is not made, and its code is not loaded: `refresh` is told what a question names. By then
    the engine is restricted: to make views it needs no more than what a question may read.

    Attributes:
        engine: holds the views. It is another one after a segment was sealed, or damage was mended.
    """

    engine: DuckDBPyConnection
    _contents: EngineContents | None
    """None while nothing was asked that needs any."""
    _is_empty: bool
    """Whether nothing was ever made in the engine."""
    _handover: HandoverFile
    _readable: ProjectionFolder
    """Where the engine may read projections."""

    def __init__(self, home: Home, options: ViewOptions) -> None:
        """Open the ledger, and start the engine.

        Raises:
            QueryFailed, Corrupt, NewerFormat, Unavailable: see `projections.open_sql`.
        """
        self._home, self._options = home, options
        self._closing = ExitStack()
        self._source = ProjectionSource(home, options.opened, options.derived)
        self._closing.callback(self._source.close)
        self._stop_engine = self._closing.enter_context(ExitStack())
        self._wanted: frozenset[str] = frozenset()
        try:
            as_of = options.as_of
            past = None if as_of is None else self._source.time_of(as_of)
            self._moment = past if options.asked_at is None else options.asked_at
            self._source.head()
            self._start_engine()
        except BaseException:
            self.close()
            raise

    def refresh(self, names: Iterable[str] = ()) -> None:
        """Make what is named and is not there yet, and take in what was appended since; `execute` does it by itself.

        Args:
            names: tables, as a question names them, in lower case and without a schema.

        Raises:
            QueryFailed: the engine cannot take in what is there.
            Corrupt: the ledger is damaged.
        """
        last = self._last()
        if names:
            from projections.schema.relations import standing_on

            self._wanted |= standing_on(names)
        if self._wanted:
            self._mending(lambda: self._bring_up_to(last))

    def complete(self, error: Exception) -> bool:
        """After an error: if a name was not found and not all is made, make the rest; False if it was not that.

        Of the ledger the engine holds no more than before.

        Raises:
            QueryFailed: the engine cannot make them.
            Corrupt: the ledger is damaged.
        """
        import duckdb

        if not isinstance(error, duckdb.CatalogException | duckdb.BinderException):
            return False
        from projections.schema.relations import EVERYTHING

        if self._wanted >= EVERYTHING:
            return False
        self._wanted = EVERYTHING
        self._mending(self._refill if self._contents is None else self._add_wanted)
        return True

    def mend(self, error: Exception) -> bool:
        """After an error: make damaged or missing projections anew; False if it was not that."""
        import duckdb

        from projections.query_errors import may_be_damage

        if not may_be_damage(error) or self._source.head() is None:
            return False
        behind = self._contents is not None and self._contents.is_behind()
        damaged = self._discard_damaged(self._source.segments()) or behind
        if damaged or isinstance(error, duckdb.InternalException | duckdb.FatalException):
            # After a mistake of its own an engine refuses to go on, and it remembers what it read.
            self._mending(self._refill)
        return damaged

    def close(self) -> None:
        """Stop the engine and let go of the ledger. Calling it again does nothing."""
        self._closing.close()

    def _last(self) -> int | None:
        """The last entry that counts; None while there is no ledger."""
        head = self._source.head()
        if head is None:
            return None
        return head.seq if self._options.as_of is None else self._options.as_of

    def _discard_damaged(self, ledger: LedgerSegments | None) -> bool:
        """See that damaged projections are not used again: remove them, or use a private folder.

        Returns:
            Whether there were any, or may have been.
        """
        from projections.files.validation import discard_damaged

        if ledger is None:
            return False
        if self._source.is_writable:
            with suppress(OSError):
                return bool(discard_damaged(self._source.folder, ledger.segment_entries))
        self._source.use_private_folder()
        return True

    def _mending(self, make: Callable[[], None]) -> None:
        """Do something with the engine, or anew, once, with what turns out to be damaged made anew.

        Raises:
            QueryFailed: the engine cannot take in what is there.
            Corrupt: the ledger is damaged.
        """
        import duckdb

        try:
            make()
        except duckdb.Error as error:
            from projections.query_errors import failed, may_be_damage

            if not may_be_damage(error):
                raise failed(error) from error
            if not self._discard_damaged(self._source.segments()):
                # Each file has its digest, and yet it is not what we made: whoever altered it renewed that too.
                self._source.use_private_folder()
            try:
                self._refill()
            except duckdb.Error as still:
                raise failed(still) from still

    def _bring_up_to(self, last: int | None) -> None:
        """Have the engine hold what is wanted, up to entry `last`."""
        contents = self._contents
        if contents is None or contents.is_outdated(last):
            self._refill()
        else:
            contents.take_in(last)
            self._add_wanted()

    def _add_wanted(self) -> None:
        assert self._contents is not None, "the engine holds something"
        self._contents.add(self._wanted)

    def _refill(self) -> None:
        """Fill an engine with what is projected now and what comes after it; one that holds something is replaced."""
        from projections.views.contents import EngineContents

        source, as_of = self._source, self._options.as_of
        valid = source.ensure() if as_of is None else source.ensure().until(as_of)
        if not self._is_empty or source.folder != self._readable:
            self._start_engine()
        self._is_empty = False
        last, ledger = self._last(), source.segments()
        # A whole segment that was read has projections of its own by then, or gets them.
        read_max = None if ledger is None or as_of is not None else ledger.segment_entries
        reader = None if last is None else source.lines_after(valid)
        logs, of_the_past = self._home.logs.resolve(), as_of is not None
        self._contents = EngineContents(
            self.engine, self._handover, valid, reader, read_max, logs, of_the_past=of_the_past
        )
        self._contents.take_in(last)
        self._contents.add(self._wanted)

    def _start_engine(self) -> None:
        """An engine that holds nothing, restricted before it has seen a query; the one before is stopped."""
        self._stop_engine.close()
        self._contents, self._is_empty = None, True
        self._readable = self._source.folder
        options = self._options
        self.engine = engines.start(self._moment)
        self._stop_engine.callback(self.engine.close)
        self._handover = HandoverFile()
        self._stop_engine.callback(self._handover.close)
        engines.restrict(
            self.engine,
            [self._handover.path, *(() if options.output is None else [str(options.output)])],
            [*self._readable.kinds, log_folder(self._home.logs.resolve())],
            options.memory_limit,
            options.threads,
        )
