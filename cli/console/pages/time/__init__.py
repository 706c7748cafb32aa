"""The page of all jobs on one axis of time."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.time.page import show_time

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (PageRoute("/time", show_time),)
