"""The page that Prometheus reads."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.metrics.page import show_metrics

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (PageRoute("/metrics", show_metrics),)
