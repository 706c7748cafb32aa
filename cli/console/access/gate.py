"""Says who asks, before anything is answered; and answers for everybody who may not come in."""

from __future__ import annotations

import time
from collections import OrderedDict
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cli.app.error_boundary import failure_of
from cli.console.access.credentials import Credentials
from cli.console.access.cross_origin import comes_from_elsewhere
from cli.console.access.policy import Policy
from cli.console.access.rate_limit import RateLimit, too_often
from cli.console.visitor import Visitor

SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
_OPEN: Final = ("/healthz", SIGN_IN)
"""What anybody may ask for; and what is under /static/."""

REMEMBERED_S: Final = 1.0
_REMEMBERED_MAX: Final = 1_000


class Gate:
    """Lets in whom something vouches for.

    Args:
        app: what answers then.
        policy: who may come in.
        credentials: finds out who asks.
    """

    def __init__(self, app: ASGIApp, policy: Policy, credentials: Credentials) -> None:
        self._app, self._policy, self._credentials = app, policy, credentials
        self._known: OrderedDict[str, tuple[float, Visitor | None]] = OrderedDict()
        self._signing_in = RateLimit(burst=200, per_s=20)
        self._asking = RateLimit(burst=2_000, per_s=1_000)
        self._doing = RateLimit(burst=30, per_s=1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no web sockets here
        answer, visitor = await self._judged(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        # What goes on for long asks again whether it may.

        async def still_allowed() -> bool:
            return await self._visitor(connection) is not None

        await self._app({**scope, "visitor": visitor, "still_allowed": still_allowed}, receive, send)

    async def _judged(self, scope: Scope) -> tuple[Response | None, Visitor | None]:
        """What is answered to who may not come in; else who asks."""
        headers, path = Headers(scope=scope), scope["path"]
        if not self._policy.knows_host(headers.get("host", "")):
            said = "this console is not known by that name: --host adds one"
            return _refused(HTTPStatus.MISDIRECTED_REQUEST, said), None
        if comes_from_elsewhere(scope["method"], headers):
            return _refused(HTTPStatus.FORBIDDEN, "a page of somebody else asked for that"), None
        whose = self._credentials.whose(HTTPConnection(scope))
        if path in _OPEN or path.startswith("/static/"):
            wait_s = self._signing_in.take(whose) if path == SIGN_IN and scope["method"] == "POST" else 0
            return (too_often(wait_s) if wait_s else None), None
        try:
            visitor = await self._visitor(HTTPConnection(scope))
        except Exception as problem:
            failure = failure_of(problem)
            if failure is None:
                raise
            return _refused(
                HTTPStatus.SERVICE_UNAVAILABLE, f"{failure.message}\n{failure.hint}".strip()
            ), None
        if visitor is None:
            return self._stranger(scope, headers, whose), None
        if path == SIGN_OUT:
            self._known.pop(self._credentials.key(HTTPConnection(scope)), None)
        limit = self._asking if scope["method"] in ("GET", "HEAD") else self._doing
        wait_s = limit.take(visitor.person)
        return (too_often(wait_s) if wait_s else None), visitor

    async def _visitor(self, connection: HTTPConnection) -> Visitor | None:
        """Who asks; what was found out is remembered for a moment: a token that is revoked is good so long yet."""
        key, now_s = self._credentials.key(connection), time.monotonic()
        found = self._known.pop(key, None)
        if found is None or now_s - found[0] >= REMEMBERED_S:
            found = (now_s, await to_thread.run_sync(self._credentials.visitor, connection))
        self._known[key] = found
        if len(self._known) > _REMEMBERED_MAX:
            self._known.popitem(last=False)
        return found[1]

    def _stranger(self, scope: Scope, headers: Headers, whose: str) -> Response:
        """A browser is led to where one signs in; a program is told what it lacks."""
        # A wrong token is a guess, and guesses are few.
        limit = self._credentials.wrong if "authorization" in headers else self._asking
        if wait_s := limit.take(f"stranger {whose}"):
            return too_often(wait_s)
        if self._policy.local:
            return _refused(HTTPStatus.FORBIDDEN, "this is for the owner of the home")
        wants_page = "text/html" in headers.get("accept", "") and scope["method"] in ("GET", "HEAD")
        if wants_page and "authorization" not in headers:
            return RedirectResponse(f"{SIGN_IN}?next={quote(scope['path'], safe='')}", HTTPStatus.SEE_OTHER)
        refused = _refused(HTTPStatus.UNAUTHORIZED, "this takes a token: cronledger console token create")
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused


def _refused(status: HTTPStatus, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status)
