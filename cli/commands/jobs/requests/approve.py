"""`cronledger jobs approve`: a second person approves a change of a job with `approval: required`, or rejects it."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from typing import Literal

import click

from cli.app.failures import ExitCode, Failure
from cli.app.home_owner import as_owner
from cli.app.options import reason_option
from cli.home.job_names import JOB, approval_hint
from cli.home.open import to_write
from cli.terminal.console import is_terminal, note, out, tell
from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Column, table
from cli.times.zones import local_zone
from cli.words.approval_words import (
    change_rows,
    change_sentence,
    nobody_approves,
    refusal_words,
    shown_revision,
)
from eventstore.store import Event
from scheduler.home import Home
from scheduler.ownership.actor import acting_party, claims, person
from scheduler.ownership.home_owner import owner_or_self
from scheduler.rules.approvals.decisions import approving, asking, definition_in_force, rejecting
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.approvals.persons import Party, Refusal, refusal
from scheduler.rules.state import State

_Doing = Literal["approve", "ask", "reject"]


@click.command(epilog='Example: cronledger jobs approve nightly --reason "as in the change plan"')
@click.argument("name", metavar="NAME", type=JOB)
@click.option("--revision", metavar="REV", help="Approve exactly this, as it was shown, without being asked.")
@click.option(
    "--request", is_flag=True, help="Say that you want the change: another person can approve it then."
)
@click.option("--reject", is_flag=True, help="Keep the change from coming into force.")
@reason_option
@click.pass_obj
def approve(home: Home, name: str, revision: str | None, request: bool, reject: bool, reason: str) -> None:
    """Approve what the config would change of a job with `approval: required`, or reject it.

    It shows the change and asks; --revision answers beforehand. It comes into force at once. Who asked for it cannot
    approve it, nor root, nor a process that is known as a job's: docs/approvals.md says which one is not. The kernel
    says who that is: the login that a process comes of, if its user could not have set that, or else its user; and of
    an edit, the owner of the config. Where it cannot tell two people apart the command refuses, and says what helps.

    What was rejected, and the config still has, is pending again only when a person asks for it, with --request.
    """
    if request and reject:
        raise click.UsageError("--request and --reject exclude each other")
    doing: _Doing = "ask" if request else "reject" if reject else "approve"
    with to_write(home) as ledger:
        change = _pending(ledger.state, name)
        party = acting_party(home, ledger.state.mark)
        if revision is None:
            _show(ledger.state, name, change)
        _refuse(home, change, party, doing, name)
        if revision is None:
            _ask(change, doing)
        elif revision != shown_revision(change):
            raise Failure(
                f"pending for {printable(name)} is {shown_revision(change)}, not {printable(revision)}",
                f"Look at it again: {approval_hint(name)} Nothing was recorded.",
                ExitCode.FAILED,
            )

        def decide(state: State) -> list[Event]:
            found = state.changes.get(name)
            if found is None or found.seq != change.seq or found.waits != change.waits:
                raise Failure(
                    f"what was pending for {printable(name)} has changed meanwhile",
                    "Look at it again. Nothing was recorded.",
                    ExitCode.FAILED,
                )
            actor, said = person(), claims(state.mark)
            if doing == "ask":
                return [asking(found, name, actor, party.person, said)]
            if doing == "reject":
                return [rejecting(found, name, actor, party.person, reason, said)]
            return approving(state, name, actor, party.person, reason, said)

        entry = ledger.decide(decide)[0]
    tell(f"{printable(name)}: {_DONE[doing]} (entry {entry.seq})")


_DONE = {
    "approve": "approved, and in force",
    "ask": "asked for; another person can approve it now",
    "reject": "rejected; what is in force stays so",
}


def _pending(state: State, name: str) -> PendingChange:
    """What is pending for a job, or was rejected.

    Raises:
        Failure: nothing is.
    """
    change = state.changes.get(name)
    if change is None or change.given_seq is not None:
        raise Failure(f"nothing is pending for {printable(name)}", "`cronledger status` lists what is.")
    return change


def _refuse(home: Home, change: PendingChange, party: Party, doing: _Doing, name: str) -> None:
    """Keep from approving who may not, and whom the kernel cannot tell from who asked.

    Raises:
        Failure: it is so.
    """
    if party.in_job:
        raise Failure(f"a job's process can neither ask for a change nor approve one: {printable(name)}", "")
    if doing != "ask" and change.was_rejected:
        raise Failure(
            f"what is pending for {printable(name)} was rejected by entry {change.rejected_seq}",
            f"`cronledger jobs approve {printable(name)} --request` asks for it again.",
        )
    if doing != "approve":
        return
    why = refusal(change, party)
    if why is not None:
        helps = _what_helps(home, why, name)
        raise Failure(f"{printable(name)} was not approved: {refusal_words(why, change, party)}", helps)


def _what_helps(home: Home, why: Refusal, name: str) -> str:
    if why == "root":
        typed = as_owner(home, owner_or_self(home), ["jobs", "approve", name])
        return nobody_approves(home) or f"A second person does it, as the home's owner: `{typed}`."
    if why != "not_told_apart":
        return "Another person has to approve it."
    return (
        "Have whoever wants the change say so with `cronledger jobs approve NAME --request`, from a login of their"
        " own, and approve it from another login; or give the config to root. A login counts if root made it, as ssh"
        " does: `cat /proc/self/loginuid` is not 4294967295 there."
    )


def _show(state: State, name: str, change: PendingChange) -> None:
    """What would change, key by key."""
    tell(f"{printable(name)}: {change_sentence(change, datetime.now(UTC), local_zone())}.")
    rows: list[list[Cell | str]] = [
        [key, old, new] for key, old, new in change_rows(definition_in_force(state, name), change.definition)
    ]
    columns = [Column("SETTING", keep=True), Column("IN FORCE"), Column("WOULD BE")]
    table(columns, rows, empty="nothing else is known of it")
    note(f"`cronledger plan --job {shlex.quote(printable(name))}` shows what that means for its times.")
    out("")


def _ask(change: PendingChange, doing: _Doing) -> None:
    """Whether that is wanted.

    Raises:
        Failure: nobody is there to ask.
        click.Abort: it is not.
    """
    if doing == "reject":
        return
    if sys.stdin is None or not is_terminal(sys.stdin):
        raise Failure(
            "nobody is at the terminal to be asked",
            f"`--revision {shown_revision(change)}` says that you mean what is shown above. Nothing was recorded.",
            ExitCode.FAILED,
        )
    question = "Approve this?" if doing == "approve" else "Ask for this?"
    if not click.confirm(question, default=False):
        note("Nothing was recorded.")
        raise click.exceptions.Exit(ExitCode.FAILED)
