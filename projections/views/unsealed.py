"""What came after the sealed segments, in the memory of one connection.

The engine cannot be let loose on the open segment itself: it would trip over a line that is just being written, and
would have to be allowed into the ledger's folder. So the lines are read and checked here, and handed to the
engine through a file in memory. What was handed over stays. What it means for runs is worked out once somebody asks
for runs, and from then on at once: each query adds what has been appended since, which costs milliseconds, and finds
finished rows.
"""
# ruff: noqa: S608 - the SQL is put together from constants and from SQL of our own

from __future__ import annotations

from typing import TYPE_CHECKING

from projections.files.ledger_lines import LineReader
from projections.schema.literals import no_rows
from projections.schema.relations import PARTS, standing_on
from projections.schema.tables import ENTRY_TYPES, read_lines, with_facts
from projections.views.handover import HandoverFile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HANDED_OVER_BYTES = 64 * 1024 * 1024
_ENTRIES_AT_ONCE = 65_536
_LEFT_OPEN = "CREATE OR REPLACE TABLE parts.open_entries AS FROM parts.left_open"


class UnsealedTables:
    """The tables, which grow.

    Args:
        engine: has none of them yet.
        handover: how lines reach it.
        first: the first entry that they hold.
    """

    def __init__(self, engine: DuckDBPyConnection, handover: HandoverFile, first: int) -> None:
        self._engine, self._handover = engine, handover
        self._end = first
        self._worked_out = first
        """The entry up to which, without it, it is known what entries mean for runs; the first one if nobody asks."""
        self._parts: set[str] = set()
        engine.execute(f"CREATE TABLE parts.recent_events AS {no_rows(ENTRY_TYPES)}")

    def add_runs(self, carried: str) -> None:
        """Work out from now on what entries mean for runs, of those that are there too.

        Args:
            carried: SQL of the rows of the entries that were left open before the first one.
        """
        self._load_fresh()
        self._engine.execute(f"CREATE TABLE parts.carried AS {carried}")
        self.add_parts(standing_on(("ended", "left_open")))
        self._keep("CREATE TABLE parts.recent_runs AS")
        self._work_out()

    def add_parts(self, names: frozenset[str]) -> None:
        """Create those of the views in which that is worked out, if they are not there."""
        for name, creation in PARTS.items():
            if name in names and name not in self._parts:
                self._engine.execute(creation)
                self._parts.add(name)

    def grow(self, reader: LineReader, last: int) -> None:
        """Add the entries up to `last`.

        Raises:
            Corrupt: one of them is not what the chain says; nothing of it, or after it, was added.
        """
        self._handover.clear()
        for block in reader.read_to(last):
            self._handover.add(block)
            if self._handover.bytes >= _HANDED_OVER_BYTES:
                self._take_in()
        if self._handover.bytes:
            self._take_in()
        self._end = reader.head.seq + 1
        if self._parts:
            self._work_out()

    def _take_in(self) -> None:
        self._engine.execute(f"INSERT INTO parts.recent_events {read_lines(self._handover.path)}")
        self._handover.clear()

    def _work_out(self) -> None:
        """What the entries mean that are there and of which that is not known, a part of them at a time."""
        while self._worked_out < self._end:
            self._load_fresh()
            self._keep("INSERT INTO parts.recent_runs")

    def _load_fresh(self) -> None:
        end = min(self._worked_out + _ENTRIES_AT_ONCE, self._end)
        entries = f"SELECT * FROM parts.recent_events WHERE seq >= {self._worked_out} AND seq < {end}"
        self._engine.execute(f"CREATE OR REPLACE TABLE parts.fresh AS {with_facts(entries)}")
        self._worked_out = end

    def _keep(self, ended: str) -> None:
        """What `parts.fresh` means, in tables; `ended` begins the statement that keeps the runs that it ends."""
        self._engine.execute(f"{ended} FROM parts.ended")
        (left_open,) = self._engine.execute(_LEFT_OPEN).fetchall()[0]
        open_runs = "FROM parts.recent_runs LIMIT 0"  # the rule, which costs nothing to find
        if left_open:
            self.add_parts(standing_on(("unended",)))
            open_runs = "FROM parts.unended"
        self._engine.execute(f"CREATE OR REPLACE TABLE parts.open_runs AS {open_runs}")
        self._engine.execute("CREATE OR REPLACE TABLE parts.carried AS FROM parts.open_entries")
