"""The page on which SQL is asked."""

from __future__ import annotations

from cli.console.page_route import PageRoute

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = ()
