"""The page on which SQL is asked, and its answers as files."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.sql.files import show_csv, show_json
from cli.console.pages.sql.page import show_sql

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (
    PageRoute("/sql", show_sql),
    PageRoute("/sql/answer.csv", show_csv),
    PageRoute("/sql/answer.json", show_json),
)
