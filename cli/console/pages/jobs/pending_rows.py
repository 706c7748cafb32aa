"""A change that waits for a second person, or was rejected: what it is, and what the visitor may do about it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from cli.words.approval_words import change_rows, change_sentence, refusal_words, shown_revision
from scheduler.rules.approvals.decisions import definition_in_force
from scheduler.rules.approvals.persons import refusal

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.ledger.view import View
    from scheduler.rules.approvals.pending_change import PendingChange

Doing = Literal["approve", "reject", "withdraw", "ask"]
_KEYS_MAX: Final = 60
_VALUE_CHARS_MAX: Final = 400


class PendingRow(NamedTuple):
    """A change.

    Attributes:
        job: whose; told: what is pending, since when, and who asked for it; entry: the one that asks.
        revision: by which word it is approved.
        keys: of the config, that differ, each with its value in force and what it would be; more: how many others do.
        may: what the visitor may do about it.
        why_not: why the visitor may not approve it, where the role alone would allow that; empty otherwise.
    """

    job: str
    told: str
    entry: int
    revision: str
    keys: list[tuple[str, str, str]]
    more: int
    may: list[Doing]
    why_not: str


def pending_row(asked: Asked, view: View, name: str, change: PendingChange, zone: str) -> PendingRow:
    """The row of a change of a job; times in the words are those of `zone`."""
    rows = list(change_rows(definition_in_force(view.state, name), change.definition))
    may: list[Doing] = []
    why_not = ""
    if asked.as_of is None and view.as_of is None:
        may, why_not = _allowed(asked, view, change)
    return PendingRow(
        job=name,
        told=change_sentence(change, view.now, zone),
        entry=change.seq,
        revision=shown_revision(change),
        keys=[(key, _cut(old), _cut(new)) for key, old, new in islice(rows, _KEYS_MAX)],
        more=max(0, len(rows) - _KEYS_MAX),
        may=may,
        why_not=why_not,
    )


def _allowed(asked: Asked, view: View, change: PendingChange) -> tuple[list[Doing], str]:
    """What the command would let the visitor do, and why not approve."""
    visitor = asked.visitor
    if not (visitor.may("operate") or visitor.may("approve")):
        return [], ""
    party = visitor.party(asked.site.home, view.state.mark)
    if party.in_job:
        return [], refusal_words("job", change, party)
    may: list[Doing] = []
    why_not = ""
    own = visitor.asked_for(change, party)
    if change.waits:
        if visitor.may("approve"):
            why = refusal(change, party)
            if why is None:
                may.append("approve")
            else:
                why_not = refusal_words(why, change, party)
            may.append("withdraw" if own else "reject")
        elif own:
            may.append("withdraw")
    # Of an edit of a file nobody may know who made it: somebody can say to want it.
    if visitor.may("operate") and (change.was_rejected or change.person.by == "file"):
        may.append("ask")
    return may, why_not


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_CHARS_MAX else f"{text[:_VALUE_CHARS_MAX]}…"
