"""The page of the report over a period."""

from __future__ import annotations

from cli.console.page_route import PageRoute

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = ()
