"""An open page of the console, as a browser keeps it: the events that it is sent, over the application itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Scope

from tests.support.command import DEADLINE_S


class LiveEvent(NamedTuple):
    """An event: its kind, its id, what it says. A comment has the kind `""`."""

    kind: str
    id: str
    data: dict[str, Any]


class LiveView:
    """One open page.

    Attributes:
        status: of the answer.
        headers: of the answer.
        taking: cleared, the page takes nothing more until it is set again.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.taking = asyncio.Event()
        self.taking.set()
        self.ended = asyncio.Event()
        self._events: asyncio.Queue[LiveEvent] = asyncio.Queue()
        self._left = asyncio.Event()
        self._text = ""

    @property
    def waiting(self) -> int:
        """How many events it was sent that nobody has asked for yet."""
        return self._events.qsize()

    async def next(self) -> LiveEvent:
        """The next event; comments are left out."""
        while True:
            found = await asyncio.wait_for(self._events.get(), DEADLINE_S)
            if found.kind:
                return found

    async def end(self) -> None:
        """Wait until the answer is whole."""
        await asyncio.wait_for(self.ended.wait(), DEADLINE_S)

    async def send(self, message: Message) -> None:
        """What the application sends."""
        await self.taking.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if self.headers["content-type"].startswith("text/event-stream"):
            self._text += message.get("body", b"").decode("ascii")
            *whole, self._text = self._text.split("\n\n")
            for block in whole:
                self._events.put_nowait(_event(block))
        if not message.get("more_body", False):
            self.ended.set()

    async def receive(self) -> Message:
        """What the application waits for: that the page leaves."""
        await self._left.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        """Close the page."""
        self._left.set()


@asynccontextmanager
async def live_view(
    application: ASGIApp, query: str = "", headers: dict[str, str] | None = None, path: str = "/live"
) -> AsyncIterator[LiveView]:
    """Open a page that listens; it is closed in the end."""
    view = LiveView()
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in {"Host": "localhost", "Accept-Encoding": "gzip", **(headers or {})}.items()
        ],
    }
    answering = asyncio.ensure_future(application(scope, view.receive, view.send))
    try:
        yield view
    finally:
        view.taking.set()
        view.leave()
        await asyncio.wait_for(answering, DEADLINE_S)


def _event(block: str) -> LiveEvent:
    members = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
    return LiveEvent(members.get("event", ""), members.get("id", ""), json.loads(members.get("data", "{}")))
