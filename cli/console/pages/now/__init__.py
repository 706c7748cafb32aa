"""The page of what is going on now."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.now.page import show_now

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (PageRoute("/", show_now, kept=True),)
