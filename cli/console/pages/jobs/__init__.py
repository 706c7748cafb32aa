"""The pages of all jobs, and of one."""

from __future__ import annotations

from cli.console.page_route import PageRoute

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = ()
