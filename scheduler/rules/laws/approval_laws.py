"""The laws of changes that a second person has to approve: none comes into force without that."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, changed_members, revision
from scheduler.entry_members import Person
from scheduler.rules.approvals.decisions import definition_in_force
from scheduler.rules.approvals.pending_change import PendingChange, needs_approval
from scheduler.rules.approvals.persons import recorded_party, refusal
from scheduler.rules.state import State

_REFUSALS = {
    "root": "root approves nothing",
    "job": "a job's process approves nothing",
    "same": "who asked for a change does not approve it",
    "not_told_apart": "who asked for it and who approved it cannot be told apart",
}


def requested(state: State, entry: Entry, data: v.ApprovalRequested) -> str:
    """What is wrong with a request."""
    name = entry.job or ""
    old, new, known = definition_in_force(state, name), data.definition, state.changes.get(name)
    if data.revision != ("" if new is None else revision(new)):
        return "its revision is not that of its definition"
    if new is not None and new.name != name:
        return f"it has a definition of {new.name}"
    if old == new:
        return f"{name} has that definition"
    if not needs_approval(old, new):
        return f"no change of {name} had to be approved"
    if entry.actor == v.CONFIG:
        changed = [] if old is None or new is None else changed_members(old, new)
        if data.changed != changed:
            return f"it changes {', '.join(changed) or 'nothing'}"
        if known is not None:
            return f"entry {known.seq} asked for another change, which was not withdrawn"
        return "" if data.person.by == "file" else "the config is a file, and no person"
    if known is None or known.definition != new:
        return "the config did not say so"
    return _unlike(entry, data.person)


def given(state: State, entry: Entry, data: v.ApprovalGiven) -> str:
    """What is wrong with an approval."""
    change = _waiting(state, entry, data.request)
    if isinstance(change, str):
        return change
    if data.revision != change.revision:
        return f"entry {change.seq} asked for revision {change.revision or 'none'}, not {data.revision}"
    if why := _unlike(entry, data.person):
        return why
    why_not = refusal(change, recorded_party(entry.actor, data.person, data.claims))
    return "" if why_not is None else _REFUSALS[why_not]


def withdrawn(state: State, entry: Entry, data: v.ApprovalWithdrawn) -> str:
    """What is wrong with a withdrawal."""
    change = state.changes.get(entry.job or "")
    if change is None or change.seq != data.request:
        return f"nothing was pending for {entry.job} by entry {data.request}"
    if entry.actor == v.CONFIG:
        return ""
    if change.was_rejected:
        return f"entry {change.rejected_seq} rejected it before"
    return "it names no person" if data.person is None else _unlike(entry, data.person)


def took_effect(state: State, entry: Entry, new: JobDefinition | None, approval: int | None) -> str:
    """What is wrong with a definition that comes into force (None: a removal), which `approval` is said to allow."""
    name = entry.job or ""
    change = state.changes.get(name)
    if not needs_approval(definition_in_force(state, name), new):
        return "" if approval is None else f"no change of {name} had to be approved"
    if change is None or change.given_seq is None or change.definition != new:
        return f"no second person had approved this change of {name}"
    return "" if change.given_seq == approval else f"entry {change.given_seq} approved it, not {approval}"


def _waiting(state: State, entry: Entry, request: int) -> PendingChange | str:
    change = state.changes.get(entry.job or "")
    if change is None or change.seq != request:
        return f"nothing was pending for {entry.job} by entry {request}"
    return change if change.waits else f"what entry {request} asked for was approved or rejected before"


def _unlike(entry: Entry, person: Person) -> str:
    """What is wrong with the person that an entry names, given its actor."""
    if entry.actor in (v.CONFIG, v.SCHEDULER):
        return f"{entry.actor} is no person"
    party = recorded_party(entry.actor, person, None)
    return "" if party.person == person else f"{person.name} by {person.by} is not {entry.actor}"
