"""Executing a judged statement: it runs as a subquery, and its rows are returned with aware times."""
# ruff: noqa: S608 - a judged statement is put into parentheses, which is what this room is for

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from projections.sql.statements import ReadStatement
from projections.sql.timezones import ZONED, all_aware

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Parameters = Sequence[object] | Mapping[str, object] | None

ROWS_AT_ONCE = 1_000
LINES_BEFORE_A_QUERY = 1
"""Lines before the query in the executed statement: a mistake is reported at the place that its author sees."""
_PLAIN = ZONED.partition(" ")[0]
_QUOTED_OR_ZONED = re.compile(rf"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|{ZONED}")


class Answer(NamedTuple):
    """The answer to a statement.

    Attributes:
        columns: name and SQL type of each column, in order.
        rows: the rows, each of them once; they must be read before the next query. Times are aware UTC datetimes.
    """

    columns: list[tuple[str, str]]
    rows: Iterator[tuple[Any, ...]]

    def all(self) -> list[tuple[Any, ...]]:
        """All rows that have not been read yet."""
        return list(self.rows)


def ask(
    engine: DuckDBPyConnection, statement: ReadStatement, parameters: Parameters
) -> list[tuple[str, str]]:
    """Execute a statement; then `fetchmany` of the engine returns its rows.

    Returns:
        Name and SQL type of each column.

    Raises:
        duckdb.Error, RuntimeError: the engine could not execute it.
    """
    query = f"SELECT * FROM (\n{statement.select}\n)"
    if statement.explain:
        answer = engine.execute(f"{statement.explain} {query}", parameters)
        return [(str(column[0]), str(column[1])) for column in answer.description]
    described = engine.execute(f"DESCRIBE {query}", parameters).fetchall()
    columns = [(str(row[0]), str(row[1])) for row in described]
    # The names are replaced by numbers: those of a query need not be unique.
    names = [f"c{number}" for number in range(len(columns))]
    chosen = [
        f"CAST({name} AS {without_zones(kind)})" if ZONED in kind else name
        for name, (_, kind) in zip(names, columns, strict=True)
    ]
    engine.execute(
        f"SELECT {', '.join(chosen)} FROM (\n{statement.select}\n) AS q({', '.join(names)})", parameters
    )
    return columns


def fetched(rows: list[tuple[Any, ...]], kinds: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of the engine, in which every time with a zone is an aware UTC datetime."""
    return all_aware(rows, kinds) if any(ZONED in kind for kind in kinds) else iter(rows)


def without_zones(kind: str) -> str:
    """An SQL type in which times have no zone; names and values within it stay as they are.

    >>> without_zones('STRUCT(t TIMESTAMP WITH TIME ZONE, "TIMESTAMP WITH TIME ZONE" INTEGER)')
    'STRUCT(t TIMESTAMP, "TIMESTAMP WITH TIME ZONE" INTEGER)'
    """
    return _QUOTED_OR_ZONED.sub(lambda found: _PLAIN if found[0] == ZONED else found[0], kind)
