"""Creating the views without binding every view below each of them, once for each mention.

To create a view, DuckDB binds all that it mentions down to the tables: over views of views that is most of the time
that a connection takes to open. So empty tables with their columns stand in for the views first, and the views are
then created from the last to the first, each over the tables that still stand for those below it.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from projections.schema.columns import VIEWS as COLUMNS
from projections.schema.relations import VIEWS, read_by
from projections.schema.tables import ENTRY_TYPES, NOTED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TIME = "TIMESTAMP WITH TIME ZONE"
_OWN = {
    "parts.notes": {name: ENTRY_TYPES[name] for name in NOTED},
    "parts.misfires": {
        "seq": "BIGINT", "time": _TIME, "job": "VARCHAR", "first": _TIME, "last": _TIME, "instants": "BIGINT",
        "will_run": "BIGINT", "reason": "VARCHAR", "is_closed": "BOOLEAN",
    },
    "parts.replaced": {"seq": "BIGINT", "instants": "BIGINT"},
    "parts.gaps": {
        "kind": "VARCHAR", "began": _TIME, "ended": _TIME, "reason": "VARCHAR", "began_seq": "BIGINT",
        "ended_seq": "BIGINT", "misfires": "VARCHAR",
    },
}  # fmt: skip
"""The columns of the views that nobody is told of."""


def create_over_stand_ins(engine: DuckDBPyConnection, names: AbstractSet[str] = frozenset(VIEWS)) -> None:
    """Create views; what they are made of is there, or among them.

    Raises:
        duckdb.Error: the engine cannot create one of them; tables may stand for some then.
    """
    wanted = [name for name in VIEWS if name in names]
    below = frozenset[str]().union(*map(read_by, wanted))
    for name in wanted:
        if name in below:
            engine.execute(f"CREATE TABLE {name} ({_columns(name)})")
    for name in reversed(wanted):
        if name in below:
            engine.execute(f"DROP TABLE {name}")
        engine.execute(VIEWS[name])


def _columns(name: str) -> str:
    types = _OWN.get(name) or {column.name: column.type for column in COLUMNS[name]}
    return ", ".join(f'"{column}" {kind}' for column, kind in types.items())
