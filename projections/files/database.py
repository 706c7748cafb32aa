"""`cronledger.duckdb`: the same views for DuckDB's own shell, DBeaver or a notebook.

The file holds views and no data. It is replaced, never changed, so a program that has it open blocks no other
process. Its views read the projections and, after them, the segments that exist when a query is made. So an old file
stays right while the ledger grows; it only becomes slower. It is written in a storage version that DuckDB 1.4 reads.
These views do not check the chain. But a line that is no JSON is an error, unless it is the last one, which a process
may be writing.
"""
# ruff: noqa: S608 - the SQL is put together from constants and quoted paths

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from eventstore.durable import REAL, publish
from eventstore.segment import segment_name
from projections.files.parquet import version
from projections.files.segments import LedgerSegments, ValidProjections
from projections.schema.literals import quoted
from projections.schema.log_view import log_files, log_folder, log_view
from projections.schema.tables import (
    ENTRY_TYPES,
    PARTS_SQL,
    VIEWS_SQL,
    as_pattern,
    carried_rows,
    fingerprint,
    with_facts,
)
from projections.schema.view_creation import create_over_stand_ins

DATABASE_NAME = "cronledger.duckdb"
STORAGE_VERSION = "v1.4.0"
_UNSEALED = {
    "recent_events": "fresh",
    "recent_runs": "ended",
    "open_runs": "unended",
    "open_entries": "left_open",
}
"""What is a table to a connection of ours, and here a view of another."""


def refresh_database(valid: ValidProjections, ledger: LedgerSegments, logs: Path) -> Path | None:
    """Write the file if it is missing or its views are not those of these projections.

    Args:
        valid: the projections that the views read.
        ledger: the ledger that the views read after them.
        logs: the home's logs.

    Returns:
        The file; None if it cannot be written here.
    """
    target = valid.folder.root / DATABASE_NAME
    below, in_place = _below_the_views(valid, logs), _in_place_of_tables(valid, ledger)
    current = fingerprint(STORAGE_VERSION, *below, VIEWS_SQL, *in_place)
    made_by = version(ledger.segment_entries)
    if valid.folder.load(made_by).database == current and target.exists():
        return target
    with suppress(OSError), valid.folder.locked():
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        _write(temporary, below, in_place)
        publish(REAL, temporary, target)
        manifest = valid.folder.load(made_by)
        manifest.database = current
        valid.folder.save(manifest)
        return target
    return None


def _below_the_views(valid: ValidProjections, logs: Path) -> list[str]:
    """SQL of what the views read: where they read segments, empty tables that give way at the end.

    To create a view is to bind every view below it, which over what reads segments takes two thirds of a second.
    """
    # With a pattern, files of later days are read too; a pattern that matches no file would be an error.
    files = [f"{as_pattern(log_folder(logs))}/*.jsonl*"] if log_files(logs) else []
    nothing = carried_rows([], [])
    return [
        "CREATE SCHEMA parts",
        f"CREATE TABLE parts.carried AS {nothing}",
        f"CREATE TABLE parts.fresh AS {nothing}",
        "CREATE VIEW parts.clock AS SELECT now() AS asked_at",
        PARTS_SQL,
        *(f"CREATE TABLE parts.{name} AS FROM parts.{source} LIMIT 0" for name, source in _UNSEALED.items()),
        *valid.views_sql(),
        log_view(files),
    ]


def _in_place_of_tables(valid: ValidProjections, ledger: LedgerSegments) -> list[str]:
    """SQL that puts what reads segments in the place of the empty tables."""
    return [
        *(f"DROP TABLE parts.{name}" for name in _UNSEALED),
        *(f"CREATE VIEW parts.{name} AS FROM parts.{source}" for name, source in _UNSEALED.items()),
        *(f"DROP TABLE parts.{name}" for name in ("carried", "fresh")),
        f"CREATE VIEW parts.carried AS {valid.carried_sql()}",
        _fresh_view(valid, ledger),
    ]


def _fresh_view(valid: ValidProjections, ledger: LedgerSegments) -> str:
    """SQL that creates `parts.fresh` over the segments after the projected ones, including future segments.

    The pattern names all segments; the comparison with a constant keeps the engine from opening the projected ones.
    """
    first = segment_name(valid.head.seq + 1)
    lines = (
        f"SELECT line, lead(1) OVER () AS followed FROM read_csv({quoted(as_pattern(ledger.folder) + '/*.jsonl')}, "
        "columns={'line': 'VARCHAR'}, delim=chr(1), quote='', escape='', header=false, auto_detect=false, "
        f"max_line_size=70000, filename=true) WHERE filename >= {quoted(ledger.folder / first)}"
    )
    whole = (
        f"SELECT line FROM ({lines}) WHERE CASE WHEN json_valid(line) THEN true WHEN followed IS NULL THEN false "
        "ELSE error('the ledger is damaged: run cronledger ledger verify') END"
    )
    kinds = ", ".join(f'"{name}": "{kind}"' for name, kind in ENTRY_TYPES.items())
    members = ", ".join(f"e.{name} AS {name}" for name in ENTRY_TYPES)
    structure = quoted("{" + kinds + "}")
    entries = f"SELECT {members} FROM (SELECT from_json(line, {structure}) AS e FROM ({whole}))"
    return f"CREATE VIEW parts.fresh AS {with_facts(entries)}"


def _write(path: Path, below: list[str], in_place: list[str]) -> None:
    """Write the file: what the views read, the views, and what takes the place of the tables."""
    import duckdb

    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false", "temp_directory": ""}) as engine:
            engine.execute(f"ATTACH {quoted(path)} AS cronledger (STORAGE_VERSION {quoted(STORAGE_VERSION)})")
            engine.execute("USE cronledger")
            for statement in below:
                engine.execute(statement)
            create_over_stand_ins(engine)
            for statement in in_place:
                engine.execute(statement)
            engine.execute("USE memory")
            engine.execute("DETACH cronledger")
    except duckdb.Error as error:
        raise OSError(f"{path}: {error}") from error
