"""`/live`: new entries, for pages that are open."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.live.page import show_live

PAGES: tuple[PageRoute, ...] = (PageRoute("/live", show_live),)
