"""The page of all jobs on one axis of time."""

from __future__ import annotations

from cli.console.page_route import PageRoute

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = ()
