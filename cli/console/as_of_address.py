"""Addresses of the past: `/as-of/MOMENT/jobs` is the page `/jobs` as it was at that moment."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX: Final = "/as-of/"
_MOMENT_CHARS_MAX: Final = 100


class AsOfAddress:
    """Takes the moment out of the path, so that every page has such an address without knowing of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            # The raw path tells a slash of the moment from one of the path.
            raw = scope.get("raw_path", scope["path"].encode()).decode("ascii", "replace").partition("?")[0]
            moment, _, rest = raw.removeprefix(PREFIX).partition("/")
            scope = {
                **scope,
                "as_of": unquote(moment)[:_MOMENT_CHARS_MAX],
                "path": f"/{unquote(rest)}",
                "raw_path": f"/{rest}".encode(),
            }
        await self._app(scope, receive, send)
