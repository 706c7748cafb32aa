"""One request, with all that a page needs to answer it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cli.console.rendering import rendered
from cli.console.site import Site
from cli.console.visitor import Visitor

if TYPE_CHECKING:
    from scheduler.ledger.view import View

PARAMETER_CHARS_MAX = 1_000


class Asked:
    """A request for a page.

    Attributes:
        request: as it came.
        site: what is served.
        visitor: who asks.
        as_of: the moment as of which the answer is to be, as typed; None: as it is now.
        base: what stands before the path of every link, so that a person who looks at the past stays there:
            empty, or `/as-of/MOMENT`.
        seen_seq: the last entry of what was looked at for the answer; None before a look.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.site: Site = request.app.state.site
        self.visitor: Visitor = request.scope["visitor"]
        self._moment: str | None = request.scope.get("as_of")
        self.as_of = self._moment or self.site.as_of
        self.base = "" if self._moment is None else f"/as-of/{quote(self._moment, safe='')}"
        self.seen_seq: int | None = None

    @property
    def zone(self) -> str:
        """The zone in which times are shown that belong to no job."""
        return self.site.zone

    @property
    def now_ms(self) -> int:
        """Milliseconds since 1970, as this machine's clock has them: a browser's may go otherwise."""
        return time.time_ns() // 1_000_000

    @property
    def address(self) -> str:
        """The page asked for, without the moment: its path and what stands behind the `?`."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    async def still_allowed(self) -> bool:
        """Whether the session or the token that was shown is still good, for an answer that goes on for long.

        Raises:
            LedgerError: the ledger, which knows the tokens, cannot be read.
        """
        allowed: Callable[[], Awaitable[bool]] = self.request.scope["still_allowed"]
        return await allowed()

    @contextmanager
    def look(self) -> Iterator[View]:
        """The home, as of the moment asked for; see `Site.look`."""
        with self.site.look(self._moment) as view:
            if self.seen_seq is None:
                self.seen_seq = view.state.head.seq
            yield view

    def argument(self, name: str, default: str = "") -> str:
        """What stands behind the `?` of the address under a name, cut to a bounded length."""
        return self.request.query_params.get(name, default)[:PARAMETER_CHARS_MAX]

    def page(self, template: str, status_code: int = 200, **context: Any) -> Response:
        """A page made of a template, which knows `asked` and what else it is given."""
        return HTMLResponse(rendered(template, asked=self, **context), status_code)
