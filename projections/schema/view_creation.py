"""Creating the views without binding every view below each of them, once for each mention.

To create a view, DuckDB binds all that it mentions down to the tables: over views of views that is most of the time
that a connection takes to open. So empty tables with their columns stand in for the views first, and the views are
then created from the last to the first, each over the tables that still stand for those below it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from projections.schema.columns import VIEWS
from projections.schema.tables import VIEWS_SQL

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CREATION = re.compile(r"CREATE VIEW (?P<name>[a-z_.]+) AS\b.*?;\s*$", re.DOTALL | re.MULTILINE)
_COLUMNS = {
    view: ", ".join(f'"{column.name}" {column.type}' for column in columns) for view, columns in VIEWS.items()
}
"""Of each view, its columns as a table's; those of the views for ourselves the first connection finds out."""


def create_over_stand_ins(engine: DuckDBPyConnection) -> None:
    """Create the views of `VIEWS_SQL`; what they are made of is there.

    Raises:
        duckdb.Error: the engine cannot create one of them.
    """
    for name, statement in _creations():
        if name not in _COLUMNS:
            engine.execute(statement)
            _COLUMNS[name] = _columns(engine, name)
            engine.execute(f"DROP VIEW {name}")
        engine.execute(f"CREATE TABLE {name} ({_COLUMNS[name]})")
    for name, statement in reversed(_creations()):
        engine.execute(f"DROP TABLE {name}")
        engine.execute(statement)


@cache
def _creations() -> tuple[tuple[str, str], ...]:
    """Name and text of each statement, in the order in which they build on one another."""
    found = tuple((match["name"], match[0]) for match in _CREATION.finditer(VIEWS_SQL))
    assert len(found) == VIEWS_SQL.count("CREATE ")
    return found


def _columns(engine: DuckDBPyConnection, name: str) -> str:
    rows = engine.execute(f"DESCRIBE {name}").fetchall()
    return ", ".join(f'"{column}" {kind}' for column, kind, *_ in rows)
