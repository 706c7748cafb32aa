"""Which tables a statement names, by its syntax tree: what has to be made before it is asked."""

from __future__ import annotations

from typing import Any

COMPUTING_FUNCTIONS = frozenset(
    {"generate_series", "json_each", "json_tree", "pg_timezone_names", "range", "repeat", "repeat_row", "unnest"}
)  # fmt: skip
"""Table functions that compute of what they are given, or know what is the same everywhere."""
LISTING_FUNCTIONS = frozenset(
    {"duckdb_columns", "duckdb_functions", "duckdb_keywords", "duckdb_tables", "duckdb_types", "duckdb_views",
     "pragma_show", "pragma_table_info", "pragma_version"}
)  # fmt: skip
"""Table functions that may tell which tables there are."""
_LISTING_MACROS = frozenset({"format_type", "get_block_size", "pg_get_constraintdef", "pg_get_viewdef"})
"""Functions in whose place the engine puts a query of such a table function."""
_OF_THE_ENGINE = ("duckdb_", "information_schema", "pg_", "pragma_", "sqlite_")
"""So begin the names of the engine's own lists."""
_OF_A_QUERY = frozenset({"DESCRIBE", "SUMMARY"})


def named_tables(tree: Any) -> frozenset[str]:
    """The names of tables in a syntax tree, in lower case, without a schema; and of whatever lists tables.

    Names that the statement itself defines are left out, and what only computes. So each name is that of a view,
    that of a list, or a mistake.
    """
    named: set[str] = set()
    defined: set[str] = set()
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            named.update(_named_by(node))
            defined.update(_defined_by(node))
            todo.extend(node.values())
    return frozenset(name for name in named if name not in defined or name.startswith(_OF_THE_ENGINE))


def _named_by(node: dict[str, Any]) -> list[str]:
    """What a node of the tree names, the nodes below it apart."""
    kind = node.get("type")
    if kind == "BASE_TABLE":
        return [str(node.get("table_name", "")).lower()]
    if kind == "SHOW_REF":
        # DESCRIBE and SUMMARIZE have a query below them.
        return [] if node.get("show_type") in _OF_A_QUERY else [str(node.get("table_name", "")).lower()]
    if kind == "TABLE_FUNCTION":
        function = node.get("function")
        name = str(function.get("function_name", "")).lower() if isinstance(function, dict) else ""
        return [] if name in COMPUTING_FUNCTIONS else [name]
    if kind == "FUNCTION":
        name = str(node.get("function_name", "")).lower()
        return [name] if name in _LISTING_MACROS else []
    return []


def _defined_by(node: dict[str, Any]) -> list[str]:
    """The names that a query gives its parts: `WITH name AS (…)`."""
    named = node.get("cte_map")
    parts = named.get("map", ()) if isinstance(named, dict) else ()
    return [str(part["key"]).lower() for part in parts]
