"""Projections: the ledger as SQL.

Everything in this room is derived from the ledger and disposable: delete `var/projections/` and it comes back. It
knows how to read entries and nothing of how one is made.

DuckDB locks its database file against every other process, so there is no database: projections are files that
anyone reads at any time, and that are replaced, never changed.

- `sealing` turns each full segment into an immutable Parquet file, and `believing` trusts one only if it is as it was
  made;
- `beginning` does the same for the segment that is not full yet, when enough of it is there;
- `recent` takes the entries after those from the ledger's last segment, each checked against the chain;
- `views.sql` makes `events`, `runs` and `jobs` of the two; `schema` says what each column means;
- `sandbox` answers queries that read, and `statements` decides which do;
- `database` writes the same views for DuckDB's own shell.

A damaged projection is made anew; a damaged ledger is reported, never papered over. What is named here is loaded
when it is first used, and DuckDB when the first connection is opened.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projections.errors import QueryError, QueryFailed, QueryRefused
    from projections.reports.run_search import runs_query
    from projections.schema.columns import VIEWS, ColumnMeaning
    from projections.sql.connection import Sql, open_sql
    from projections.sql.results import Answer

__all__ = [
    "VIEWS",
    "Answer",
    "ColumnMeaning",
    "QueryError",
    "QueryFailed",
    "QueryRefused",
    "Sql",
    "open_sql",
    "runs_query",
]

_HOMES = {
    "sql.results": ("Answer",),
    "schema.columns": ("VIEWS", "ColumnMeaning"),
    "errors": ("QueryError", "QueryFailed", "QueryRefused"),
    "reports.run_search": ("runs_query",),
    "sql.connection": ("Sql", "open_sql"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"projections.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
