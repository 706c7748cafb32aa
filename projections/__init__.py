"""Projections: the ledger as SQL.

Everything in this package is derived from the ledger and disposable: delete `var/projections/` and it comes back. It
knows how to read entries and nothing of how one is made.

DuckDB locks its database file against every other process, so there is no database: projections are files that
anyone reads at any time, and that are replaced, never changed. They are made of a ledger that is kept in files; of
any other store a connection reads the entries themselves.

- `schema` says what the tables and columns mean: the SQL of the views, and how an entry becomes a row;
- `files` are the projections: Parquet of full segments and of the active one, the manifest that names them, which of
  them are valid, and `cronledger.duckdb`, the same views for DuckDB's own shell;
- `build` makes them where there are no valid ones, merges small ones, and says how they are;
- `views` are the views of one connection: the valid projections, and the entries after them from the ledger's store;
- `sql` answers queries that read, and decides which do.

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
