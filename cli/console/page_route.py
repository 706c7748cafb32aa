"""A page and where it is found."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import NamedTuple, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cli.console.asked import Asked
from cli.console.kept.kept_pages import KeptPages
from cli.console.visitor import Role


class PageRoute(NamedTuple):
    """A page.

    Attributes:
        path: as Starlette writes it: `/jobs/{name}`.
        show: answers; a plain function is called in a thread, a coroutine in the loop, where nothing may take long.
        role: what the visitor must be allowed.
        methods: `GET`, also for `HEAD`; or `POST`, for what records something.
        kept: what a plain function makes of the visitor, the address and the home alone is served again, without a
            thread, until an entry was appended or a second has passed; see `kept.kept_pages`.
    """

    path: str
    show: Callable[[Asked], Response] | Callable[[Asked], Awaitable[Response]]
    role: Role = "view"
    methods: tuple[str, ...] = ("GET",)
    kept: bool = False


class NotAllowed(Exception):
    """The visitor may not do this; `role` is what it takes."""

    def __init__(self, role: Role) -> None:
        self.role = role
        super().__init__(f"this takes the role {role}")


class NotFound(Exception):
    """There is nothing of that name; the page says so with `message`, and in `hint` what was meant."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(message)


def route_of(page: PageRoute) -> Route:
    """The page as Starlette knows it; who may not see it gets `NotAllowed`."""

    def asked(request: Request) -> Asked:
        found = Asked(request)
        if not found.visitor.may(page.role):
            raise NotAllowed(page.role)
        return found

    if inspect.iscoroutinefunction(page.show):
        show_soon = cast("Callable[[Asked], Awaitable[Response]]", page.show)

        async def answer_soon(request: Request) -> Response:
            return await show_soon(asked(request))

        return Route(page.path, answer_soon, methods=list(page.methods))
    show = cast("Callable[[Asked], Response]", page.show)
    if page.kept:

        async def answer_kept(request: Request) -> Response:
            pages: KeptPages = request.app.state.kept_pages
            return await pages.answer(asked(request), show)

        return Route(page.path, answer_kept, methods=list(page.methods))

    def answer(request: Request) -> Response:
        return show(asked(request))

    return Route(page.path, answer, methods=list(page.methods))
