"""One open page: what it is sent, and when it is let go of.

It is let go of when it leaves, when its visitor may no longer look, when the console ends, and when it does not take
what it is sent. A browser comes back by itself and says how far it had come.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from cli.console.live.event_stream import Put
from cli.console.live.live_entries import LiveEntries
from cli.console.live.live_events import HEARTBEAT, event
from eventstore.errors import LedgerError

StillAllowed = Callable[[], Awaitable[bool]]
"""Says whether the session or the token that was shown is still good."""

_HEARTBEAT_S: Final = 15.0
_AGAIN_MS: Final = 2_000
_RELOAD: Final = event("reload", None, {})


class LiveAnswer:
    """What one open page is sent.

    Args:
        live: what is sent.
        visitor: whose page it is, for the limit of open pages.
        after: the last entry that the page knows; None: all there are.
        still_allowed: whether the visitor may still look; asked before anything is sent.
    """

    def __init__(
        self, live: LiveEntries, visitor: str, after: int | None, still_allowed: StillAllowed
    ) -> None:
        self._live, self._visitor, self._after = live, visitor, after
        self._still_allowed = still_allowed

    async def send(self, put: Put) -> None:
        """Send until there is nothing more to send."""
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

    async def _follow(self, after: int, put: Put) -> None:
        while True:
            chunks = await self._live.since(after, _HEARTBEAT_S)
            if self._live.trouble or not await self._still_allowed():
                return
            if chunks and chunks[0].first > after + 1:
                # So much happened while the page took something that this is no longer kept.
                await put(_RELOAD)
                return
            await put(b"".join(chunk.content for chunk in chunks) if chunks else HEARTBEAT)
            after = chunks[-1].last if chunks else after
