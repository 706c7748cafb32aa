"""The way to the past: from a form on every page to the same page as it was."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.past.page import show_past_of

PAGES: tuple[PageRoute, ...] = (PageRoute("/as-of", show_past_of),)
