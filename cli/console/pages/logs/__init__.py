"""The page of what jobs printed and the scheduler noted."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.logs.page import show_logs

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (PageRoute("/logs", show_logs),)
