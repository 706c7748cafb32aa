"""The engine behind a connection: DuckDB in memory, restricted before it has seen a query."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from projections.schema.literals import listed, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}


def start(asked_at: datetime | None) -> DuckDBPyConnection:
    """An engine that has no views yet; `asked_at` is its present, or the present."""
    import duckdb

    engine = duckdb.connect(config=_SETTINGS)
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute("CREATE SCHEMA parts")
    moment = "now()" if asked_at is None else f"{quoted(asked_at.isoformat())}::TIMESTAMPTZ"
    engine.execute(f"CREATE VIEW parts.clock AS SELECT {moment} AS asked_at")
    return engine


def restrict(
    engine: DuckDBPyConnection,
    files: list[str],
    folders: list[Path],
    memory_limit: str | None,
    threads: int | None,
) -> None:
    """Take from the engine whatever it does not need, for good.

    Args:
        engine: the engine.
        files: what it may still open, or write.
        folders: where it may still open anything.
        memory_limit: as DuckDB writes it; by default half of the machine's memory.
        threads: how many it uses; by default one for each core.
    """
    engine.execute(f"SET memory_limit = {quoted(memory_limit or _half_of_the_memory())}")
    if threads is not None:
        engine.execute(f"SET threads = {int(threads)}")
    engine.execute("SET parquet_metadata_cache = true")
    engine.execute(f"SET allowed_paths = {listed(files)}")
    engine.execute(f"SET allowed_directories = {listed([f'{path}/' for path in folders])}")
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")


def _half_of_the_memory() -> str:
    """What a query may take by default, as DuckDB writes it: the machine has more to do than to answer."""
    pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return f"{max(256, pages * page_bytes // 2 // 2**20)}MiB"
