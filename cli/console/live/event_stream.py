"""An answer that goes on: server-sent events, until the page leaves or takes nothing more, or all is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cli.app.error_boundary import failure_of

TAKEN_S: Final = 20.0
"""A page that takes nothing for so long is let go of."""
Put = Callable[[bytes], Awaitable[None]]
"""Sends some events."""


class EventStream(Response):
    """The stream of one open page.

    Args:
        events: puts the events; when it returns, the answer is whole.
    """

    media_type = "text/event-stream"

    def __init__(self, events: Callable[[Put], Awaitable[None]]) -> None:
        self._events = events
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the page is let go of."""
        assert scope["type"] == "http", "the route is one of HTTP"
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

        async def put(content: bytes) -> None:
            message = {"type": "http.response.body", "body": content, "more_body": True}
            await asyncio.wait_for(send(message), TAKEN_S)

        sending = asyncio.ensure_future(self._events(put))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not sending.cancelled():
                _check(sending)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # What was sent is not taken: the server closes a connection whose answer has no end.
            return
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)


def _check(sending: asyncio.Future[None]) -> None:
    try:
        sending.result()
    except Exception as problem:
        # Of a home that cannot be read any more the browser hears when it comes back.
        if isinstance(problem, TimeoutError) or failure_of(problem) is None:
            raise


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
