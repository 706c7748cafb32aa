"""How entries about changes that a second person has to approve are worded."""

# ruff: noqa: ARG001 - every type is worded by functions of the same arguments

from __future__ import annotations

from typing import Final

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import Person
from scheduler.wording.causes import because, claimed_actor_words
from scheduler.wording.definitions import change_words, timing_words
from scheduler.wording.signs import EntryWording, Signs


def asker_words(actor: str, person: Person) -> str:
    """Who asked for a change: `user:svc@web1, who is ann by login`, `the config, a file of svc`."""
    if actor == v.CONFIG:
        return f"the config, a file of {person.name}" if person.name else "the config"
    return f"{actor}, who is {person.name} by login" if person.by == "login" else actor


def pending_words(definition: JobDefinition | None, changed: list[str]) -> str:
    """What would change: `its removal`, `a change of command, schedule`, `a job: daily at 02:00 (0 2 * * *)`."""
    if definition is None:
        return "its removal"
    if changed:
        return f"a change of {', '.join(change_words(name, definition) for name in changed)}"
    words, source = timing_words(definition)
    return f"a new job: {words} ({source})"


def _requested(entry: Entry, data: v.ApprovalRequested, zone: str) -> str:
    who = asker_words(claimed_actor_words(entry.actor, data.claims), data.person)
    if entry.actor == v.CONFIG:
        who = asker_words(entry.actor, data.person)
    what = pending_words(data.definition, data.changed)
    return f"{entry.job}: {what} waits for approval by a second person, asked for by {who}"


def _given(entry: Entry, data: v.ApprovalGiven, zone: str) -> str:
    who = asker_words(claimed_actor_words(entry.actor, data.claims), data.person)
    return f"{entry.job}: what entry {data.request} asked for was approved by {who}{because(data.reason)}"


def _withdrawn(entry: Entry, data: v.ApprovalWithdrawn, zone: str) -> str:
    if data.person is None:
        return f"{entry.job}: what entry {data.request} asked for is not in the config any more"
    who = asker_words(claimed_actor_words(entry.actor, data.claims), data.person)
    return f"{entry.job}: what entry {data.request} asked for was rejected by {who}{because(data.reason)}"


def _requested_message(entry: Entry, data: v.ApprovalRequested) -> str:
    what = "removal" if data.definition is None else f"revision {data.revision}"
    return f"approval requested: {entry.job}, {what}, by {data.person.name or entry.actor} ({data.person.by})"


def _withdrawn_message(entry: Entry, data: v.ApprovalWithdrawn) -> str:
    how = "withdrawn" if data.person is None else f"rejected by {data.person.name} ({data.person.by})"
    return f"approval {how}: {entry.job}, entry {data.request}{because(data.reason)}"


APPROVAL_WORDINGS: Final[dict[str, EntryWording]] = {
    v.ApprovalRequested.TYPE: EntryWording(
        Signs("warn", "warning", "warning"), _requested, _requested_message
    ),
    v.ApprovalGiven.TYPE: EntryWording(
        Signs("good", "note"),
        _given,
        lambda entry, data: (
            f"approval given: {entry.job}, {f'revision {data.revision}' if data.revision else 'removal'}, by"
            f" {data.person.name} ({data.person.by}){because(data.reason)}"
        ),
    ),
    v.ApprovalWithdrawn.TYPE: EntryWording(Signs("warn", "omission"), _withdrawn, _withdrawn_message),
}
"""Types of entries about approval."""
