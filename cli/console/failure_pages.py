"""What a person sees when a page cannot be shown: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import click
import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cli.app.error_boundary import failure_of
from cli.app.failures import Failure
from cli.console.asked import Asked
from cli.console.page_route import NotAllowed, NotFound
from cli.console.rendering import rendered
from eventstore.errors import LedgerError
from projections.errors import QueryError
from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.home import NoHome
from scheduler.vocabulary.payload import UnfitPayload

Handler = Callable[[Request, Exception], Response]


_PHRASES: Final = {
    HTTPStatus.NOT_FOUND: "there is no such page",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take that",
}


def _http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException), "registered for these"
    status = HTTPStatus(problem.status_code)
    what = problem.detail
    if what == status.phrase:
        what = _PHRASES.get(status, what)
    return _page(request, problem.status_code, what, "", problem.headers)


def _failure(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Failure), "registered for these"
    return _page(request, HTTPStatus.BAD_REQUEST, problem.message, problem.hint)


def _parameter(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, click.ClickException), "registered for these"
    return _page(request, HTTPStatus.BAD_REQUEST, problem.format_message(), "")


def _not_allowed(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, NotAllowed), "registered for these"
    hint = "Whoever runs the console says who may what: `cronledger console token create --help`."
    return _page(request, HTTPStatus.FORBIDDEN, f"you may not do this: {problem}", hint)


def _not_found(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, NotFound), "registered for these"
    return _page(request, HTTPStatus.NOT_FOUND, problem.message, problem.hint)


def _config(request: Request, problem: Exception) -> Response:
    hint = "`cronledger check` shows every mistake with its place."
    return _page(request, HTTPStatus.SERVICE_UNAVAILABLE, f"the config cannot be used: {problem}", hint)


def _from_below(request: Request, problem: Exception) -> Response:
    """A typed error of the parts below."""
    failure = failure_of(problem)
    if failure is None:
        raise problem
    return _page(request, HTTPStatus.SERVICE_UNAVAILABLE, failure.message, failure.hint)


def _fault(_request: Request, _problem: Exception) -> Response:
    """What should not have come up; the process writes it to its standard error."""
    said = "The page could not be made. This is a fault of cronledger; the console's own output has more.\n"
    return PlainTextResponse(said, HTTPStatus.INTERNAL_SERVER_ERROR)


def _page(
    request: Request, status: int, what: str, hint: str, headers: Mapping[str, str] | None = None
) -> Response:
    if request.scope.get("visitor") is None:
        # Who has not signed in sees nothing of the pages.
        return PlainTextResponse(f"{what}\n", status, headers)
    body = rendered("failure.html", asked=Asked(request), status=int(status), what=what, hint=hint)
    return Response(body, status, headers, "text/html; charset=utf-8")


HANDLERS: Mapping[type[Exception], Handler] = {
    HTTPException: _http,
    Failure: _failure,
    click.ClickException: _parameter,
    NotAllowed: _not_allowed,
    NotFound: _not_found,
    ConfigInvalid: _config,
    ConfigMissing: _config,
    ConfigUnreadable: _config,
    NoHome: _from_below,
    LedgerError: _from_below,
    QueryError: _from_below,
    UnfitPayload: _from_below,
    msgspec.MsgspecError: _from_below,
    OSError: _from_below,
    Exception: _fault,
}
