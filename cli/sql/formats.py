"""The answer to a query as text: a table, records or Markdown for people; JSON, JSON lines or CSV for programs.

All formats but the table are made row by row, a thousand lines at a time, however long the answer is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from msgspec.structs import replace

from cli.terminal.console import is_terminal, note, out, width
from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Column, plain_table, table
from eventstore.nesting import NESTING_MAX, nests_deeper
from projections.errors import QueryFailed

Row = Sequence[Any]
Columns = Sequence[tuple[str, str]]
"""Name and SQL type of each column."""

_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL")
_AS_IS = frozenset(
    {"VARCHAR", "BOOLEAN", "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT",
     "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT", "UHUGEINT"}
)  # fmt: skip
"""Types whose values need no conversion for JSON."""
_LINES_AT_ONCE = 1_000
_LOOKED_AT = 1_000
"""The first rows, at most this many, decide whether a table has room."""


def show_table(columns: Columns, rows: Iterable[Row]) -> None:
    """Print a table to standard output, with an empty cell for NULL.

    If the terminal is too narrow for the table, the first rows are shown as records; if there are more, a note says
    how many.

    Raises:
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
    """
    rest = iter(rows)
    cells = [[cell_text(value) for value in row] for row in islice(rest, _LOOKED_AT)]
    names = [name for name, _ in columns]
    titled = _titled(columns)
    if is_terminal() and cells:
        from cli.sql.records import table_fit

        room = table_fit(names, cells, width())
        if not room.fits:
            _show_first(names, cells, rest)
            return
        titled = [replace(column, keep=keep) for column, keep in zip(titled, room.whole, strict=True)]
    cells += [[cell_text(value) for value in row] for row in rest]
    table(titled, cells, empty="no rows")


def _show_first(names: Sequence[str], cells: Sequence[Sequence[str]], rest: Iterator[Row]) -> None:
    """Print the first rows as records, and how many rows there are if not all are shown."""
    from cli.sql.records import RECORDS_MAX, records

    for text in records(names, cells[:RECORDS_MAX], printable):
        out(text)
    count = len(cells) + sum(1 for _ in rest)
    if count > RECORDS_MAX:
        note(
            f"the first {RECORDS_MAX} of {count:,} rows, as records: there is no room for {len(names)} columns. "
            "Name those that matter, or choose the format vertical, which shows all rows."
        )


def show(form: str, columns: Columns, rows: Iterable[Row]) -> None:
    """Print an answer to standard output; at a terminal, control characters are escaped.

    Raises:
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
    """
    if form == "table":
        show_table(columns, rows)
        return
    for text in FORMATS[form](columns, rows, printable if is_terminal() else str):
        out(text)


CellText = Callable[[str], str]
"""How a cell is changed before it is written, such as by escaping control characters."""


def table_texts(columns: Columns, rows: Iterable[Row], _shown: CellText = str) -> Iterator[str]:
    """A plain table, as in a pipe; nothing if there are no rows."""
    cells = [[Cell(printable(cell_text(value))) for value in row] for row in rows]
    if cells:
        yield plain_table(_titled(columns), cells)


def vertical_texts(columns: Columns, rows: Iterable[Row], _shown: CellText = str) -> Iterator[str]:
    """A record for each row: a line for each column, with its name before its value."""
    from cli.sql.records import records

    yield from records(
        [name for name, _ in columns], ([cell_text(value) for value in row] for row in rows), printable
    )


def json_array_texts(columns: Columns, rows: Iterable[Row], _shown: CellText = str) -> Iterator[str]:
    """One JSON document: an array with an object for each row."""
    pending = "["
    for lines in _in_lots(map(_json_encoder(), plain_objects(columns, rows)), ",\n  "):
        yield pending if pending == "[" else f"{pending},"
        pending = f"  {lines}"
    yield "[]" if pending == "[" else f"{pending}\n]"


def object_texts(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Each object as JSON on a line, in ASCII."""
    yield from _in_lots(map(_json_encoder(), objects), "\n")


def _json_encoder() -> Callable[[Any], str]:
    import json

    return json.JSONEncoder(ensure_ascii=True).encode


def json_line_texts(columns: Columns, rows: Iterable[Row], _shown: CellText = str) -> Iterator[str]:
    """A JSON object on a line for each row."""
    yield from object_texts(plain_objects(columns, rows))


def csv_texts(columns: Columns, rows: Iterable[Row], shown: CellText = str) -> Iterator[str]:
    """CSV for spreadsheets too: a text that they would execute has a quote in front (`cli.app.csv_cells`)."""
    from cli.app.csv_cells import guarded

    names = [(guarded(name), kind) for name, kind in columns]
    texts = ([guarded(value) if isinstance(value, str) else value for value in row] for row in rows)
    yield from csv_exact_texts(names, texts, shown)


def csv_exact_texts(columns: Columns, rows: Iterable[Row], shown: CellText = str) -> Iterator[str]:
    """CSV with a header, as RFC 4180 has it but for line ends, which are LF; NULL is an empty field."""
    from cli.app.csv_cells import CsvLines

    lines = CsvLines()
    lines.add([shown(name) for name, _ in columns])
    for row in rows:
        lines.add([shown(cell_text(value)) for value in row])
        for text in lines.taken(least=_LINES_AT_ONCE):
            yield text.removesuffix("\n")
    for text in lines.taken(least=1):
        yield text.removesuffix("\n")


def markdown_texts(columns: Columns, rows: Iterable[Row], shown: CellText = str) -> Iterator[str]:
    """A table in GitHub Flavored Markdown; a line end within a cell is `<br>`."""
    yield _markdown_row([shown(name) for name, _ in columns])
    yield _markdown_row(["---:" if column.right else "---" for column in _titled(columns)])
    yield from _in_lots(
        (_markdown_row([_markdown_cell(value, shown) for value in row]) for row in rows), "\n"
    )


FORMATS: dict[str, Callable[[Columns, Iterable[Row], CellText], Iterator[str]]] = {
    "table": table_texts,
    "vertical": vertical_texts,
    "csv": csv_texts,
    "csv-exact": csv_exact_texts,
    "json": json_array_texts,
    "jsonl": json_line_texts,
    "markdown": markdown_texts,
}
"""The function for each format; it yields blocks of lines, each without its last line end."""


def plain_objects(columns: Columns, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """Each row as a JSON object: a member for each column; values of type JSON are decoded."""
    names = _unique([name for name, _ in columns])
    readers = {
        number: _json_value if kind == "JSON" else _plain
        for number, (_, kind) in enumerate(columns)
        if kind not in _AS_IS
    }
    for row in rows:
        cells = list(row)
        for number, reader in readers.items():
            cells[number] = reader(cells[number])
        yield dict(zip(names, cells, strict=True))


def _titled(columns: Columns) -> list[Column]:
    return [
        Column(printable(name), right=any(number in kind for number in _NUMBERS) and not _is_nested(kind))
        for name, kind in columns
    ]


def _is_nested(kind: str) -> bool:
    return kind in {"POINT", "INTERVAL"} or any(sign in kind for sign in ("[", "STRUCT", "MAP", "UNION"))


def _json_value(text: str | None) -> Any:
    if text is not None and nests_deeper(text.encode()):
        raise QueryFailed(
            f"a value of type JSON nests deeper than {NESTING_MAX} levels: ask for it as text, CAST(… AS VARCHAR)"
        )
    if text is None:
        return None
    import json

    return json.loads(text)


def _unique(names: Sequence[str]) -> list[str]:
    """The names of columns; repeated names get a number, because an object has each member once."""
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


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(value: Any, shown: CellText) -> str:
    text = cell_text(value).replace("\\", "\\\\").replace("|", "\\|")
    return "<br>".join(shown(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))


def cell_text(value: Any) -> str:
    """A value as text for people; empty for NULL."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    plain = _plain(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, float) or plain is None:
        return repr(value) if isinstance(value, float) else ""
    if isinstance(plain, str | int):
        return str(plain)
    import json

    return json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as one that JSON can hold."""
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
