"""Signing in with a token, and out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cli.console.access.credentials import Credentials
from cli.console.access.form import form_of
from cli.console.access.rate_limit import too_often
from cli.console.access.sessions import COOKIE, LIFETIME_S
from cli.console.rendering import rendered

_NEXT_CHARS_MAX: Final = 500


def sign_in_routes(credentials: Credentials) -> list[Route]:
    """Where one signs in and out."""

    async def form(request: Request) -> Response:
        return _form(request.query_params.get("next", ""), "")

    async def sign_in(request: Request) -> Response:
        fields = await form_of(request)
        token = await to_thread.run_sync(credentials.token, fields.get("token", "").strip())
        if token is None:
            if wait_s := credentials.wrong.take(credentials.whose(request)):
                return too_often(wait_s)
            said = "That is no token that is good here: it was mistyped, revoked, or has expired."
            return _form(fields.get("next", ""), said, HTTPStatus.FORBIDDEN)
        credentials.sessions.end(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(_local(fields.get("next", "")), HTTPStatus.SEE_OTHER)
        response.set_cookie(
            COOKIE, credentials.sessions.begin(token.sha256), max_age=LIFETIME_S, path="/", httponly=True,
            samesite="strict", secure=_is_secure(request, credentials),
        )  # fmt: skip
        return response

    async def sign_out(request: Request) -> Response:
        credentials.sessions.end(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    return [
        Route("/sign-in", form, methods=["GET"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


def _is_secure(request: Request, credentials: Credentials) -> bool:
    """Whether the browser has TLS all the way: a proxy, which is known by its address, says so."""
    return request.headers.get("x-forwarded-proto", "") == "https" and credentials.is_proxy(request)


def _form(next_: str, problem: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return HTMLResponse(rendered("sign_in.html", next=_local(next_), problem=problem), status)


def _local(address: str) -> str:
    """Where to go then: a path here, whatever somebody has put into the address."""
    path = unquote(address)[:_NEXT_CHARS_MAX]
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or not path.startswith("/") or path.startswith(("//", "/\\")):
        return "/"
    return path if path.isprintable() and "\\" not in path else "/"
