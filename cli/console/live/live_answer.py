"""One open page: what it is sent, and when it is let go of.

It is let go of when it leaves, when its visitor may no longer look, when the console ends, and when it does not take
what it is sent. A browser comes back by itself and says how far it had come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cli.console.live.live_entries import LiveEntries
from cli.console.live.live_events import HEARTBEAT, event
from eventstore.errors import LedgerError

_HEARTBEAT_S: Final = 15.0
TAKEN_S: Final = 20.0
_AGAIN_MS: Final = 2_000
_RELOAD: Final = event("reload", None, {})


class LiveAnswer(Response):
    """The stream of one open page.

    Args:
        live: what is sent.
        visitor: whose page it is, for the limit of open pages.
        after: the last entry that the page knows; None: all there are.
        still_allowed: whether the visitor may still look; asked before anything is sent.
    """

    media_type = "text/event-stream"

    def __init__(
        self, live: LiveEntries, visitor: str, after: int | None, still_allowed: Callable[[], bool]
    ) -> None:
        self._live, self._visitor, self._after = live, visitor, after
        self._still_allowed = still_allowed
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the page is let go of."""
        assert scope["type"] == "http", "the route is one of HTTP"
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

        async def put(content: bytes) -> None:
            message = {"type": "http.response.body", "body": content, "more_body": True}
            await asyncio.wait_for(send(message), TAKEN_S)

        sending = asyncio.ensure_future(self._send(put))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not sending.cancelled():
                sending.result()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # What was sent is not taken: the server closes a connection whose answer has no end.
            return
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, put: Callable[[bytes], Awaitable[None]]) -> None:
        with suppress(LedgerError):
            async with self._live.view(self._visitor):
                after = self._live.head_seq if self._after is None else self._after
                await put(f"retry: {_AGAIN_MS}\n".encode() + event("head", after, {"seq": after}))
                missed = await self._live.missed(after)
                if missed is not None:
                    if not missed.content:
                        await put(_RELOAD)
                        return
                    await put(missed.content)
                    after = missed.last
                await self._follow(after, put)

    async def _follow(self, after: int, put: Callable[[bytes], Awaitable[None]]) -> None:
        while True:
            chunks = await self._live.since(after, _HEARTBEAT_S)
            if self._live.trouble or not self._still_allowed():
                return
            if chunks and chunks[0].first > after + 1:
                # So much happened while the page took something that this is no longer kept.
                await put(_RELOAD)
                return
            await put(b"".join(chunk.content for chunk in chunks) if chunks else HEARTBEAT)
            after = chunks[-1].last if chunks else after


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
