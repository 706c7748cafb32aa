"""The pages of one job: what it is, how it went, why it did or did not run, what was changed."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.jobs.one.changes_page import show_changes
from cli.console.pages.jobs.one.history_page import show_history
from cli.console.pages.jobs.one.job_page import show_job
from cli.console.pages.jobs.one.why_page import show_why

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (
    PageRoute("/jobs/{name}", show_job, kept=True),
    PageRoute("/jobs/{name}/history", show_history),
    PageRoute("/jobs/{name}/why", show_why),
    PageRoute("/jobs/{name}/changes", show_changes),
)
