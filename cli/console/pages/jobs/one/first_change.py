"""A job of which nothing is in force: its first definition waits for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.console.pages.jobs.pending_rows import PendingRow, pending_row
from cli.words.words import timing_words

if TYPE_CHECKING:
    from starlette.responses import Response

    from cli.console.asked import Asked
    from scheduler.ledger.view import View
    from scheduler.rules.approvals.pending_change import PendingChange
    from scheduler.rules.state import State


def is_first(state: State, name: str, change: PendingChange) -> bool:
    """Whether a job never was in force, and waits to be, or was rejected."""
    return name not in state.jobs and change.definition is not None and change.given_seq is None


def first_changes(state: State) -> list[str]:
    """The names of such jobs."""
    return sorted(name for name, change in state.changes.items() if is_first(state, name, change))


def show_first_change(asked: Asked, view: View, name: str, change: PendingChange) -> Response:
    """The page of such a job."""
    assert change.definition is not None, "there is something to come into force"
    row: PendingRow = pending_row(asked, view, name, change, asked.zone)
    schedule, written = timing_words(change.definition)
    return asked.page(
        "jobs/first_change.html",
        row=row,
        waits=change.waits,
        rejected=change.rejected_seq,
        description=change.definition.description,
        schedule=schedule,
        written="" if written == schedule else written,
        now=view.now,
        head=view.state.head.seq,
    )
