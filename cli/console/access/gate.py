"""Says who asks, before anything is answered."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from cli.console.visitor import Visitor
from scheduler.ownership.actor import person


class Gate:
    """Everybody who reaches the socket is the user of this process: its mode lets nobody else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        actor = person()
        self._visitor = Visitor(actor.removeprefix("user:"), actor, frozenset({"admin"}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app({**scope, "visitor": self._visitor}, receive, send)
