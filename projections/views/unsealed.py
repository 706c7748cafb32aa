"""What came after the sealed segments, in the memory of one connection.

The engine cannot be let loose on the open segment itself: it would trip over a line that is just being written, and
would have to be allowed into the ledger's folder. So the lines are read and checked here, and handed to the
engine through an anonymous file in memory, the only file it may open beside the projections. What was
handed over stays, and what it means for runs is worked out then, once: each query adds what has been appended
since, which costs milliseconds, and finds finished rows.
"""
# ruff: noqa: S608 - the SQL is put together from constants and from SQL of our own

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from projections.files.ledger_lines import LineReader
from projections.schema.tables import ENTRY_TYPES, PARTS_SQL, carried_rows, read_lines, with_facts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HANDED_OVER_BYTES = 64 * 1024 * 1024
_ENTRIES = ", ".join(ENTRY_TYPES)
_NOTHING = carried_rows([], [])
_TAKEN_IN = (
    f"INSERT INTO parts.recent_events SELECT {_ENTRIES} FROM parts.fresh",
    "INSERT INTO parts.recent_runs FROM parts.ended",
    "CREATE OR REPLACE TABLE parts.open_runs AS FROM parts.unended",
    "CREATE OR REPLACE TABLE parts.open_entries AS FROM parts.left_open",
    "CREATE OR REPLACE TABLE parts.carried AS FROM parts.open_entries",
)


class UnsealedTables:
    """The tables, and the file in memory through which they grow.

    Args:
        engine: has none of them yet.
        carried: see `begin`.

    Attributes:
        path: the file's name, for the engine's list of allowed files.
    """

    def __init__(self, engine: DuckDBPyConnection, carried: str) -> None:
        self._engine = engine
        self._fd = os.memfd_create("recent", os.MFD_CLOEXEC)
        self.path = f"/proc/self/fd/{self._fd}"
        self._fresh = f"CREATE OR REPLACE TABLE parts.fresh AS {with_facts(read_lines(self.path))}"
        for table in ("fresh", "carried"):
            engine.execute(f"CREATE TABLE parts.{table} AS {_NOTHING}")
        engine.execute(PARTS_SQL)
        self.begin(carried)

    def begin(self, carried: str) -> None:
        """Forget all of them, and begin after entries that left these ones open (SQL of their rows)."""
        (count,) = self._engine.execute(f"CREATE OR REPLACE TABLE parts.carried AS {carried}").fetchall()[0]
        for table, rows in {
            "fresh": _NOTHING,
            "recent_events": f"SELECT {_ENTRIES} FROM parts.fresh",
            "recent_runs": "SELECT * FROM parts.ended LIMIT 0",
            # Nothing open is the rule, and costs nothing to find.
            "open_runs": "FROM parts.unended" if count else "FROM parts.recent_runs",
            "open_entries": "FROM parts.carried",
        }.items():
            self._engine.execute(f"CREATE OR REPLACE TABLE parts.{table} AS {rows}")

    def grow(self, reader: LineReader, last: int) -> None:
        """Add the entries up to `last`.

        Raises:
            Corrupt: one of them is not what the chain says; nothing of it, or after it, was added.
        """
        os.ftruncate(self._fd, 0)
        size = 0
        for block in reader.read_to(last):
            os.pwrite(self._fd, block, size)
            size += len(block)
            if size >= _HANDED_OVER_BYTES:
                self._take_in()
                size = 0
        if size:
            self._take_in()

    def close(self) -> None:
        """Give the memory back."""
        os.close(self._fd)

    def _take_in(self) -> None:
        """What is in the file, and what it means."""
        self._engine.execute(self._fresh)
        for statement in _TAKEN_IN:
            self._engine.execute(statement)
        os.ftruncate(self._fd, 0)
