"""How entries about changes that a second person has to approve change the state."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.approvals.pending_change import PendingChange
from scheduler.rules.fold.apply import Apply
from scheduler.rules.state import State


def _requested(state: State, entry: Entry, data: v.ApprovalRequested) -> None:
    state.changes[entry.job or ""] = PendingChange(
        seq=entry.seq,
        time=entry.time,
        actor=entry.actor,
        person=data.person,
        config=data.config,
        revision=data.revision,
        definition=data.definition,
        changed=data.changed,
    )


def _given(state: State, entry: Entry, data: v.ApprovalGiven) -> None:
    change = _meant(state, entry, data.request)
    if change is not None and not change.was_rejected:
        change.given_seq = entry.seq


def _withdrawn(state: State, entry: Entry, data: v.ApprovalWithdrawn) -> None:
    change = _meant(state, entry, data.request)
    if change is None:
        return
    if entry.actor == v.CONFIG:
        del state.changes[entry.job or ""]
    else:
        # What was rejected is remembered, so that the config, which still has it, does not ask for it by itself.
        change.rejected_seq, change.rejected_by, change.given_seq = entry.seq, entry.actor, None


def _meant(state: State, entry: Entry, request: int) -> PendingChange | None:
    change = state.changes.get(entry.job or "")
    return change if change is not None and change.seq == request else None


APPLY: Apply = {
    v.ApprovalRequested.TYPE: _requested,
    v.ApprovalGiven.TYPE: _given,
    v.ApprovalWithdrawn.TYPE: _withdrawn,
}
