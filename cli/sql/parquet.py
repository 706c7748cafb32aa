"""Rows as a Parquet file.

The engine that answers queries cannot write anything, and this must not change. So the rows are stored as lines of
JSON in a temporary file without a name, and a second engine turns them into Parquet. Neither engine holds all rows.
"""
# ruff: noqa: S608 - the SQL is put together from types that the engine itself has named, and from quoted paths

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.sql.formats import Columns, Row, plain_objects

_LINES_AT_ONCE = 1_000
_LINE_BYTES = 16 * 1024 * 1024
"""The engine is told to expect lines of at least this length; it allocates several times as much."""
MEMORY_LIMIT = "1GB"
"""How much memory the engine that makes the file may take."""
_HUGE = ("HUGEINT", "UHUGEINT")
"""The types of a sum of whole numbers."""
_TYPES_OF_TEXT = ("ENUM", "UNION", "VARIANT", "BIT", "BIGNUM", "GEOMETRY", '"NULL"')
"""Types that JSON or Parquet does not have: their values are written as text."""


def write_parquet(path: Path, columns: Columns, rows: Iterable[Row]) -> int:
    """Make the file at `path`, which may exist already.

    Args:
        path: where the file is made.
        columns: name and SQL type of each column; repeated names get a number.
        rows: their values, as Python objects.

    Returns:
        How many rows there are.

    Raises:
        OSError: the file cannot be written.
    """
    with tempfile.TemporaryFile(prefix="cronledger-", dir=path.parent) as spool:
        count, longest = _spool(spool.fileno(), columns, rows)
        _convert(_source(spool.fileno(), columns, count, longest), path, columns)
    return count


def _spool(fd: int, columns: Columns, rows: Iterable[Row]) -> tuple[int, int]:
    """Store each row as a line of JSON with members c0, c1, …; returns the number of rows and the longest line."""
    read_as = [(f"c{number}", _read_as(kind)) for number, (_, kind) in enumerate(columns)]
    encode = json.JSONEncoder(ensure_ascii=True).encode
    count = longest = 0
    with open(os.dup(fd), "w", encoding="ascii") as file:
        lines: list[str] = []
        for member in plain_objects(read_as, _encoded(columns, rows)):
            line = encode(member)
            lines.append(line)
            longest = max(longest, len(line))
            count += 1
            if len(lines) == _LINES_AT_ONCE:
                file.write("\n".join([*lines, ""]))
                lines = []
        file.write("\n".join([*lines, ""]))
    return count, longest


def _encoded(columns: Columns, rows: Iterable[Row]) -> Iterable[Row]:
    special = {
        number: encoder
        for number, (_, kind) in enumerate(columns)
        if (encoder := _ENCODERS.get(kind)) is not None
    }
    if not special:
        yield from rows
        return
    for row in rows:
        cells = list(row)
        for number, encoder in special.items():
            if cells[number] is not None:
                cells[number] = encoder(cells[number])
        yield cells


def _source(fd: int, columns: Columns, count: int, longest: int) -> str:
    """SQL that reads the stored rows."""
    kinds = {f"c{number}": _read_as(kind) for number, (_, kind) in enumerate(columns)}
    # The engine cannot read an empty file.
    if count == 0:
        nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in kinds.items())
        return f"(SELECT {nothing} WHERE false)"
    members = ", ".join(f"'{name}': {_quoted(kind)}" for name, kind in kinds.items())
    size = max(_LINE_BYTES, longest + 1)
    return (
        f"read_json('/proc/self/fd/{fd}', format='newline_delimited', columns={{{members}}}, "
        f"maximum_object_size={size})"
    )


def _convert(source: str, path: Path, columns: Columns) -> None:
    import duckdb

    chosen = ", ".join(
        f"{_read_back(f'c{number}', kind)} AS {_named(title)}"
        for number, ((_, kind), title) in enumerate(zip(columns, _titles(columns), strict=True))
    )
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false", "temp_directory": ""}) as engine:
            engine.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
            engine.execute("SET threads = 1")
            engine.execute("SET TimeZone = 'UTC'")
            engine.execute(
                f"COPY (SELECT {chosen} FROM {source}) TO {_quoted(path)} "
                # The engine must write into this file: a new file in its place would be readable by other users.
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 61440, USE_TMP_FILE false)"
            )
    except duckdb.Error as error:
        raise OSError(str(error).split("\n")[0]) from error


def _read_as(kind: str) -> str:
    """The SQL type with which a column is read from the lines."""
    if kind in {"BLOB", "JSON"} or kind.startswith(_TYPES_OF_TEXT):
        return "VARCHAR"
    # Within lists and structs, bytes stay hex digits, as JSON has them.
    return re.sub(r"\bBLOB\b", "VARCHAR", kind)


def _read_back(name: str, kind: str) -> str:
    if kind == "BLOB":
        return f"unhex({name})"
    # Otherwise the engine would make it a DOUBLE.
    if kind in _HUGE:
        return f"{name}::DECIMAL(38, 0)"
    return f"{name}::JSON" if kind == "JSON" else name


def _titles(columns: Columns) -> list[str]:
    """The names of columns; names that are repeated, case ignored, get a number."""
    seen: dict[str, int] = {}
    titles = []
    for name, _ in columns:
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        titles.append(name if seen[name.lower()] == 1 else f"{name}_{seen[name.lower()]}")
    return titles


def _interval(value: timedelta) -> str:
    return f"{value.days} days {value.seconds * 1_000_000 + value.microseconds} microseconds"


_ENCODERS: dict[str, Callable[[Any], Any]] = {
    "BLOB": bytes.hex,
    "INTERVAL": _interval,
    "DOUBLE": lambda value: value if value - value == 0 else repr(value),
    "FLOAT": lambda value: value if value - value == 0 else repr(value),
}
"""Types for which the usual JSON would lose something, and how they are encoded here."""


def _quoted(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
