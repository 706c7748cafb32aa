"""Doing what a command does, on behalf of who asked for it on a page."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final, NamedTuple

import click

from cli.app.failures import ExitCode, Failure
from cli.console.site import Site
from cli.console.visitor import Visitor
from cli.terminal.console import heard
from cli.terminal.printable import printable
from scheduler.ownership.actor import acting_as

_TURNS: Final = threading.Lock()
"""Actions are recorded one after another; each waits for the ledger's lock no longer than a command does."""
_LOOKED_AT_MAX: Final = 1_000


class Performed(NamedTuple):
    """What came of it.

    Attributes:
        lines: what the command tells.
        done: whether it did what was wanted.
        entries: what it recorded.
    """

    lines: list[str]
    done: bool
    entries: list[int]


def perform(site: Site, visitor: Visitor, command: click.Command, arguments: Sequence[str]) -> Performed:
    """Run a command within this process, with its arguments as a person would type them.

    Raises:
        Failure, click.ClickException, LedgerError, OSError: it refuses, as it does at a terminal.
    """
    before = site.head_seq()
    acting = nullcontext() if visitor.acting is None else acting_as(visitor.acting)
    with _TURNS, acting, heard() as lines:
        code = _run(site, command, arguments)
    return Performed(lines, code in (None, 0, ExitCode.DONE), _recorded(site, visitor, before))


def _run(site: Site, command: click.Command, arguments: Sequence[str]) -> object:
    try:
        with command.make_context(command.name, list(arguments), obj=site.home) as context:
            command.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    except SystemExit as left:
        return left.code
    return None


def _recorded(site: Site, visitor: Visitor, before: int) -> list[int]:
    """The entries by that person since an entry."""
    with site.look() as view:
        if view.ledger is None:
            return []
        last = min(view.ledger.store.head().seq, before + _LOOKED_AT_MAX)
        return [each.seq for each in view.ledger.store.read(before + 1, last) if each.actor == visitor.actor]


def check_served(site: Site) -> None:
    """Refuse what only a scheduler does: the console starts no process.

    Raises:
        Failure: none serves the home.
    """
    with site.look() as view:
        if not view.is_served:
            raise Failure(
                "no scheduler serves this home: nobody would make the run; nothing was recorded",
                "`cronledger serve` starts one; `cronledger jobs run` makes a run without one.",
            )


def check_asked(site: Site, visitor: Visitor, job: str) -> None:
    """Refuse to withdraw what somebody else asked for: that is a rejection, which takes another role.

    Raises:
        Failure: what waits for the job was asked for by another person, or by an edit of the config.
    """
    with site.look() as view:
        change = view.state.changes.get(job)
        party = visitor.party(site.home, view.state.mark)
        if change is not None and not visitor.asked_for(change, party):
            raise Failure(
                f"it was not you who asked for what is pending for {printable(job)}",
                "Who may approve may reject it. Nothing was recorded.",
            )
