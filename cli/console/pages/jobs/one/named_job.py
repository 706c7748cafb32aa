"""The job that an address names; what has its name in an address is found whether the config still has it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cli.app.failures import Failure
from cli.console.page_route import NotFound
from cli.home.job_names import find_job

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job

TABS: Final = (("", "Job"), ("/history", "History"), ("/why", "Why"), ("/changes", "Changes"))
"""The pages of a job: what stands behind its address, and the name."""


def name_in(asked: Asked) -> str:
    """The name that stands in the address."""
    name: str = asked.request.path_params["name"]
    return name


def named_job(asked: Asked, view: View) -> Job:
    """The job of the address, also one that was removed.

    Raises:
        NotFound: there never was such a job.
    """
    try:
        return find_job(view.state, name_in(asked), removed=True)
    except Failure as problem:
        raise NotFound(problem.message, problem.hint) from None
