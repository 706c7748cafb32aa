"""A connection to the views that stays open from one request to the next, one request at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from cli.app.failures import Failure
from projections.errors import QueryError
from scheduler.home import Home

if TYPE_CHECKING:
    from projections import Sql

DEADLINE_S: Final = 20.0
"""So long a question may take; then it is stopped."""
PATIENCE_S: Final = 20.0
_MEMORY: Final = "1GB"


class KeptSql:
    """The views of a home; they are opened when they are first asked, which loads the engine.

    Args:
        home: the home.
        waiting_max: so many may wait for their turn; each holds one of the threads that answer everybody.
    """

    def __init__(self, home: Home, waiting_max: int) -> None:
        self._home = home
        self._places = threading.BoundedSemaphore(waiting_max + 1)
        self._lock = threading.Lock()
        self._sql: Sql | None = None

    @contextmanager
    def connected(self, as_of: int | None = None, *, deadline_s: float = DEADLINE_S) -> Iterator[Sql]:
        """The views, for one who asks; others wait.

        Args:
            as_of: answer as the ledger was when this entry was its last one; such a connection is not kept.
            deadline_s: after so long what is asked is stopped, and fails.

        Raises:
            Failure: others ask for too long, or too many wait.
            QueryError, LedgerError, OSError: see `projections.open_sql`.
        """
        with self._turn():
            sql = self._open(as_of) if self._sql is None or as_of is not None else self._sql
            interrupted = threading.Event()

            def interrupt() -> None:
                interrupted.set()
                sql.interrupt()

            stop = threading.Timer(deadline_s, interrupt)
            stop.daemon = True
            stop.start()
            sound = False
            try:
                yield sql
                sound = True
            except QueryError:
                sound = True  # a mistake in a question leaves nothing behind
                raise
            finally:
                stop.cancel()
                # What was stopped half-way may have left something in memory, or hit who came next.
                if as_of is not None or interrupted.is_set() or not sound:
                    self._forget(sql)

    def close(self) -> None:
        """Let go of the engine."""
        with self._lock:
            if self._sql is not None:
                self._forget(self._sql)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Failure("many others ask the ledger at this moment", "Try again.")
        try:
            if not self._lock.acquire(timeout=PATIENCE_S):
                raise Failure("others ask the ledger at this moment, and take long", "Try again.")
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._places.release()

    def _open(self, as_of: int | None) -> Sql:
        from projections import open_sql

        sql = open_sql(self._home, as_of=as_of, memory_limit=_MEMORY)
        if as_of is None:
            self._sql = sql
        return sql

    def _forget(self, sql: Sql) -> None:
        if sql is self._sql:
            self._sql = None
        with suppress(Exception):
            sql.close()
