"""The answer of a query: as a table for eyes, and as JSON, JSON lines or CSV, row by row, for programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from cli.printable import printable
from cli.tables import Column, table
from cli.terminal import is_terminal, out

Row = Sequence[Any]
_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL")
_LINES_AT_ONCE = 1_000


def show_table(columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> None:
    """Print a table; what is NULL is an empty cell."""
    shown = [
        Column(
            name,
            right=any(kind.startswith(number) or number in kind for number in _NUMBERS) and "[" not in kind,
        )
        for name, kind in columns
    ]
    table(shown, ([_cell(value) for value in row] for row in rows), empty="no rows")


def show_json_array(columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> None:
    """Print one JSON document: an array with an object for each row."""
    pending = "["
    for lines in _in_lots(_objects(columns, rows), ",\n  "):
        out(pending if pending == "[" else f"{pending},")
        pending = f"  {lines}"
    out("[]" if pending == "[" else f"{pending}\n]")


def show_json_lines(columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> None:
    """Print a JSON object on a line for each row."""
    for lines in _in_lots(_objects(columns, rows), "\n"):
        out(lines)


def show_csv(columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> None:
    """Print CSV with a header, as RFC 4180 has it but for line ends, which are LF; NULL is an empty field.

    At a terminal, what a terminal would act upon is escaped.
    """
    shown = printable if is_terminal() else str
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([shown(name) for name, _ in columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([shown(_cell(value)) for value in row])
        if number % _LINES_AT_ONCE == 0:
            out(buffer.getvalue().removesuffix("\n"))
            buffer.seek(0)
            buffer.truncate()
    if buffer.getvalue():
        out(buffer.getvalue().removesuffix("\n"))


FORMATS: dict[str, Callable[[Sequence[tuple[str, str]], Iterable[Row]], None]] = {
    "table": show_table,
    "json": show_json_array,
    "jsonl": show_json_lines,
    "csv": show_csv,
}


def _objects(columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> Iterator[str]:
    names = _unique([name for name, _ in columns])
    for row in rows:
        yield json.dumps(dict(zip(names, map(_plain, row), strict=True)), ensure_ascii=True)


def _unique(names: Sequence[str]) -> list[str]:
    """The names of columns, those that occur again with a number: an object has each member once."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return unique


def _in_lots(texts: Iterable[str], separator: str) -> Iterator[str]:
    lot: list[str] = []
    for text in texts:
        lot.append(text)
        if len(lot) == _LINES_AT_ONCE:
            yield separator.join(lot)
            lot = []
    if lot:
        yield separator.join(lot)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) or plain is None:
        return repr(value) if isinstance(value, float) else ""
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)
