"""What an address of a job names: the job, whether the config still has it or not, and entries and moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.console.page_route import NotFound
from cli.home.job_names import find_job
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job

_SEQ_DIGITS_MAX = 18


def named_job(asked: Asked, view: View) -> Job:
    """The job of the address, also one that was removed.

    Raises:
        NotFound: there never was such a job; the nearest are named.
    """
    try:
        return find_job(view.state, asked.request.path_params["name"], removed=True)
    except Failure as problem:
        raise NotFound(problem.message, problem.hint) from None


def entry_asked(asked: Asked, argument: str) -> int | None:
    """The number of an entry that stands in the address; None if none does.

    Raises:
        click.BadParameter: it is no number of an entry.
    """
    text = asked.argument(argument)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _SEQ_DIGITS_MAX:
        raise click.BadParameter(f"{printable(text[:40])!r} is no entry", param_hint=f"'{argument}'")
    return int(text)
