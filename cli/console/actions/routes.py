"""Where forms are sent, and the page that says what came of them."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Final

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from cli.console.access.form import form_of
from cli.console.actions.commands import ACTIONS
from cli.console.actions.performing import check_asked, check_served, perform
from cli.console.actions.results import Result, Results, form_digest
from cli.console.asked import Asked
from cli.console.page_route import NotAllowed, PageRoute


async def act(asked: Asked) -> Response:
    """Do what a form asks for, then lead to the page that says what came of it."""
    name = asked.request.path_params["action"]
    action = ACTIONS.get(name)
    if action is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such action")
    if asked.as_of is not None:
        raise HTTPException(HTTPStatus.CONFLICT, "nothing can be done in the past")
    if not asked.visitor.may(action.role):
        raise NotAllowed(action.role)
    fields = await form_of(asked.request)
    results: Results = asked.request.app.state.results
    form = form_digest(asked.visitor.person, name, fields)
    async with results.turn:
        done = results.of_first(form)
        if done is None:
            if action.own:
                await to_thread.run_sync(check_asked, asked.site, asked.visitor, fields.get("job", ""))
            if action.served:
                await to_thread.run_sync(check_served, asked.site)
            performed = await to_thread.run_sync(
                partial(perform, asked.site, asked.visitor, action.load(), action.arguments(fields))
            )
            result = Result(action.title, performed, action.place(fields), asked.visitor.person)
            done = results.keep(result, form)
    return RedirectResponse(f"/actions/done/{done}", HTTPStatus.SEE_OTHER)


def show_result(asked: Asked) -> Response:
    """What came of an action."""
    results: Results = asked.request.app.state.results
    found = results.get(asked.request.path_params["key"], asked.visitor.person)
    if found is None:
        raise HTTPException(
            HTTPStatus.NOT_FOUND, "what came of that is no longer known here; the ledger has it"
        )
    status = HTTPStatus.OK if found.performed.done else HTTPStatus.CONFLICT
    return asked.page("action_done.html", status, result=found)


ACTION_PAGES: Final = (
    # Who may what is different for each: `act` looks.
    PageRoute("/actions/{action}", act, methods=("POST",)),
    PageRoute("/actions/done/{key}", show_result),
)
