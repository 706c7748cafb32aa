"""`parts.recent`: the entries after the sealed segments, in the memory of one connection.

The engine cannot be let loose on the open segment itself: it would trip over a line that is just being written, and
would have to be allowed into the ledger's folder. So the lines are read and checked here, and handed to the
engine through an anonymous file in memory, the only file it may open beside the projections. What was
handed over stays; each query adds what has been appended since, which costs milliseconds.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from projections.lines import LineReader
from projections.schema import ENTRY_TYPES, FACT_TYPES, read_lines, with_facts

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HANDED_OVER_BYTES = 64 * 1024 * 1024


class RecentTable:
    """The table, and the file in memory through which it grows.

    Attributes:
        path: the file's name, for the engine's list of allowed files.
    """

    def __init__(self, engine: DuckDBPyConnection) -> None:
        self._engine = engine
        self._fd = os.memfd_create("recent", os.MFD_CLOEXEC)
        self.path = f"/proc/self/fd/{self._fd}"
        self._insert = f"INSERT INTO parts.recent {with_facts(read_lines(self.path))}"
        columns = ", ".join(f"{name} {kind}" for name, kind in (ENTRY_TYPES | FACT_TYPES).items())
        engine.execute(f"CREATE TABLE parts.recent ({columns})")

    def clear(self) -> None:
        """Forget all of them."""
        self._engine.execute("DELETE FROM parts.recent")

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
                self._engine.execute(self._insert)
                os.ftruncate(self._fd, 0)
                size = 0
        if size:
            self._engine.execute(self._insert)
            os.ftruncate(self._fd, 0)

    def close(self) -> None:
        """Give the memory back."""
        os.close(self._fd)
