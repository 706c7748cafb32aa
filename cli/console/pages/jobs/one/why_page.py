"""Why a job ran or did not run at an instant, with every entry that proves it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

import click
import msgspec
from starlette.responses import Response

from cli.app.failures import Failure
from cli.console.asked import Asked
from cli.console.pages.jobs.one.named_job import named_job
from cli.jobs.why import (
    Answered,
    ToldFact,
    answered,
    how_shown,
    never_due,
    told_facts,
    verdict_cell,
    what_comes_next,
)
from cli.terminal.tables import Cell

if TYPE_CHECKING:
    from scheduler.ledger.past import OnProgress
    from scheduler.ledger.view import View

_FACTS_MAX: Final = 100
PATIENCE_S: Final = 5.0


class ShownAnswer(NamedTuple):
    """What became of an instant: a verdict, and the facts on which it rests."""

    instant: datetime | None
    zone: str
    verdict: Cell
    facts: list[ToldFact]


class Why(NamedTuple):
    """How the clocks show what was typed, the answers, how many more instants there are, what comes next."""

    how: str
    answers: list[ShownAnswer]
    more: int
    coming: list[Cell]


def show_why(asked: Asked) -> Response:
    """The answer about a time (`at`), or about the instant at which the job was due last."""
    at = " ".join(asked.argument("at").split())
    with asked.look() as view:
        job = named_job(asked, view)
        name, zone, now, head = job.name, job.definition.timezone, view.now, view.state.head.seq
        present = _present(view)
    problem, why = "", None
    try:
        with _apart(asked, view, present) as mine:
            why = _why(mine, name, answered(mine, name, at or None, _patience(), present))
    except click.BadParameter as refused:
        problem = refused.message
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return asked.page(
        "jobs/why.html", status, name=name, zone=zone, now=now, head=head, at=at, problem=problem, why=why
    )


def _present(view: View) -> bytes | None:
    """The state after the last entry, where that is what the view shows."""
    if view.ledger is None or view.state.head.seq != view.ledger.store.head().seq:
        return None
    return msgspec.msgpack.encode(view.state)


@contextmanager
def _apart(asked: Asked, view: View, present: bytes | None) -> Iterator[View]:
    """The same view on a ledger of its own: an answer folds segments, for which nobody else is to wait."""
    from scheduler.ledger.ledger import Ledger
    from scheduler.ledger.ledger_prefix import LedgerPrefix
    from scheduler.rules.state import State
    from scheduler.store import open_store

    if view.ledger is None or present is None:
        yield view  # its state is a copy already, with what nobody has recorded
        return
    state = msgspec.msgpack.decode(present, type=State)
    store = open_store(asked.site.home)
    try:
        ledger = Ledger(LedgerPrefix(store, state.head), state)
        yield msgspec.structs.replace(view, ledger=ledger, state=state)
    finally:
        store.close()


def _patience() -> OnProgress:
    """Ends what folds more of the past than a page may: where no states are kept, that is all of it."""
    begun_s = time.monotonic()

    def check(_done: int, _total: int) -> None:
        if time.monotonic() - begun_s > PATIENCE_S:
            raise Failure(
                "the past of this ledger is not kept in states yet, so that a page cannot look so far back",
                "A scheduler that serves the home keeps them; `cronledger jobs why` tells it at a terminal.",
            )

    return check


def _why(view: View, name: str, found: Answered) -> Why:
    if not found.answers:
        standing = found.explainer.explain(view.now)
        told, facts = never_due(view, standing, standing.timezone)
        answers = [ShownAnswer(None, standing.timezone, Cell(told, "strong"), facts[:_FACTS_MAX])]
    else:
        answers = [
            ShownAnswer(
                each.instant,
                each.timezone,
                verdict_cell(each, view.now),
                list(told_facts(view, each, each.timezone))[:_FACTS_MAX],
            )
            for each in found.answers
        ]
    how = how_shown(found.asked, answers[0].zone, None) if found.answers else ""
    coming = list(what_comes_next(view, name, found.explainer, answers[-1].zone))
    return Why(how, answers, found.more, coming)
