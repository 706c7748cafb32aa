"""The page of the report of a period."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.audit.page import show_audit, show_style

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (PageRoute("/audit", show_audit), PageRoute("/audit/report.css", show_style))
