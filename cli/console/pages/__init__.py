"""The pages, a wing each."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages import audit, jobs, ledger, live, logs, metrics, now, past, runs, sql, time

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (
    *now.PAGES,
    *jobs.PAGES,
    *runs.PAGES,
    *time.PAGES,
    *logs.PAGES,
    *ledger.PAGES,
    *audit.PAGES,
    *sql.PAGES,
    *metrics.PAGES,
    *live.PAGES,
    *past.PAGES,
)
