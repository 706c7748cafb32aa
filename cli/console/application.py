"""The console as an ASGI application: its routes, and what every request goes through."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from cli.console.access.credentials import Credentials
from cli.console.access.gate import Gate
from cli.console.access.policy import Policy
from cli.console.access.sessions import Sessions
from cli.console.access.sign_in import sign_in_routes
from cli.console.actions.results import Results
from cli.console.actions.routes import ACTION_PAGES
from cli.console.as_of_address import AsOfAddress
from cli.console.failure_pages import HANDLERS
from cli.console.kept.kept_pages import KeptPages
from cli.console.page_route import PageRoute, route_of
from cli.console.pages import PAGES
from cli.console.security_headers import SecurityHeaders
from cli.console.site import Site
from cli.console.static_files import KeptStaticFiles

_COMPRESSED_BYTES_MIN = 1_000


def console_application(site: Site, policy: Policy) -> ASGIApp:
    """The console over a home.

    Args:
        site: what is served; whoever made it closes it.
        policy: who may come in.
    """
    credentials = Credentials(site, policy, Sessions())
    application = Starlette(
        routes=[*_routes((*PAGES, *ACTION_PAGES)), *sign_in_routes(credentials)],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=_COMPRESSED_BYTES_MIN, compresslevel=5),
            Middleware(Gate, policy=policy, credentials=credentials),
            Middleware(AsOfAddress),
        ],
        exception_handlers=HANDLERS,
    )
    application.state.site = site
    application.state.kept_pages = KeptPages()
    application.state.results = Results()
    return application


def _routes(pages: tuple[PageRoute, ...]) -> list[BaseRoute]:
    return [
        Route("/healthz", _health),
        Mount("/static", KeptStaticFiles()),
        *(route_of(page) for page in pages),
    ]


async def _health(_request: object) -> Response:
    """Whether the process answers, for who watches it; of the home nothing is told."""
    return PlainTextResponse("ok\n")
