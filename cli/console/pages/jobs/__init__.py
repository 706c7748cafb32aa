"""The pages of all jobs, and of one."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.jobs import one
from cli.console.pages.jobs.list_page import show_jobs

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (PageRoute("/jobs", show_jobs, kept=True), *one.PAGES)
