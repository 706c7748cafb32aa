"""What an address names: a job, whether the config still has it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.failures import Failure
from cli.console.page_route import NotFound
from cli.home.job_names import find_job

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job, State


def named_job(asked: Asked, view: View) -> Job:
    """The job of the address, also one that was removed.

    Raises:
        NotFound: see `known_job`.
    """
    return known_job(view.state, asked.request.path_params["name"])


def known_job(state: State, name: str) -> Job:
    """The job of a name, also one that was removed.

    Raises:
        NotFound: there never was such a job; the nearest are named.
    """
    try:
        return find_job(state, name, removed=True)
    except Failure as problem:
        raise NotFound(problem.message, problem.hint) from None
