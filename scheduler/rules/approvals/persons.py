"""Who may approve a change: a person of whom it is known that it is another one than who asked for it.

What the kernel vouches for can allow it. What is only said, by a variable or by a login uid that the process could
have set itself, can refuse it and never allow it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from scheduler.entry_members import Claims, Person
from scheduler.rules.approvals.pending_change import PendingChange

ROOT: Final = "root"
Refusal = Literal["root", "job", "same", "not_told_apart"]
"""Why somebody may not approve a change: root may not, nor a job, nor who asked for it or may have done so."""


class Party(NamedTuple):
    """Somebody who asks for a change, approves or rejects it.

    Attributes:
        name: of the real user; of a token of the console `token:NAME`.
        login: the name of the login uid, if the user could not have set it; else empty.
        claimed: names that are said of it.
        is_root: whether it has root's rights; in_job: whether it is a process of a job.
    """

    name: str
    login: str = ""
    claimed: Collection[str] = ()
    is_root: bool = False
    in_job: bool = False

    @property
    def person(self) -> Person:
        """Who that is, as far as anything vouches for a person."""
        if self.name.startswith("token:"):
            return Person(name=self.name, by="token")
        return Person(name=self.login or self.name, by="login" if self.login else "uid")


def refusal(change: PendingChange, approver: Party) -> Refusal | None:
    """Why somebody may not approve a change; None if that is another person than who asked for it."""
    asked, asker = change.person, _name_in(change.actor)
    if approver.is_root or ROOT in (approver.name, approver.login, *approver.claimed):
        return "root"
    if approver.in_job:
        return "job"
    if not asked.name:
        return "not_told_apart"
    if asked.by in ("login", "token") and asked.name == approver.name:
        return "same"
    if asked.name == approver.login or asked.name in approver.claimed:
        return "same"
    if asked.name == approver.name:
        return "not_told_apart"
    if asker == approver.name and not (asked.by == "login" and approver.login):
        return "not_told_apart"
    return None


def is_asked_by(change: PendingChange, actor: str, party: Party) -> bool:
    """Whether it was this person who asked for a change, by saying so, and not by an edit of the config."""
    return change.person.by != "file" and (change.actor, change.person) == (actor, party.person)


def recorded_party(actor: str, person: Person, claims: Claims | None) -> Party:
    """Who approved a change, as an entry has it."""
    said = () if claims is None else (claims.sudo, claims.login)
    return Party(
        name=_name_in(actor),
        login=person.name if person.by == "login" else "",
        claimed=[each for each in said if each and each != person.name],
        in_job=claims is not None and claims.run is not None,
    )


def _name_in(actor: str) -> str:
    """The name in `user:NAME@HOST`: hosts do not count. Whatever else an actor is, is its own name."""
    if not actor.startswith("user:"):
        return actor
    name, at, _ = actor.removeprefix("user:").rpartition("@")
    return name if at else actor
