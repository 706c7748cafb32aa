"""How entries about keys, checkpoints, anchors and archives change the state."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.evidence.archive_state import Archive
from scheduler.rules.evidence.evidence_state import AnchorStatus, Evidence, Refusal, SignedCheckpoint
from scheduler.rules.fold.apply import Apply
from scheduler.rules.state import State


def _key_created(state: State, entry: Entry, data: v.KeyCreated) -> None:
    if state.evidence is None:
        state.evidence = Evidence(data.origin, data.vkey, entry.seq)


def _key_rotated(state: State, entry: Entry, data: v.KeyRotated) -> None:
    if state.evidence is not None:
        state.evidence.former_keys.append(state.evidence.vkey)
        state.evidence.vkey, state.evidence.key_seq = data.vkey, entry.seq


def _checkpoint_signed(state: State, entry: Entry, data: v.CheckpointSigned) -> None:
    if state.evidence is not None:
        state.evidence.signed = SignedCheckpoint(data.size, data.root, data.key_id, entry.seq, entry.time)
        state.evidence.signed_size = max(state.evidence.signed_size, data.size)
        state.evidence.refused = None


def _checkpoint_refused(state: State, entry: Entry, data: v.CheckpointRefused) -> None:
    if state.evidence is not None:
        state.evidence.refused = Refusal(entry.seq, entry.time, data.reason)


def _checkpoint_cosigned(state: State, entry: Entry, data: v.CheckpointCosigned) -> None:
    if state.evidence is not None:
        _kept(state.evidence.witnesses, data.witness, data.size, entry)


def _checkpoint_anchored(state: State, entry: Entry, data: v.CheckpointAnchored) -> None:
    if state.evidence is not None:
        _kept(state.evidence.anchors, data.anchor, data.size, entry)


def _kept(known: dict[str, AnchorStatus], name: str, size: int, entry: Entry) -> None:
    status = known.setdefault(name, AnchorStatus())
    if size >= status.size:
        status.size, status.time = size, entry.time
    status.failing_since, status.error = None, ""


def _checkpoint_anchor_failed(state: State, entry: Entry, data: v.CheckpointAnchorFailed) -> None:
    if state.evidence is not None:
        status = state.evidence.anchors.setdefault(data.anchor, AnchorStatus())
        status.failing_since, status.error = status.failing_since or entry.time, data.error


def _ledger_continued(state: State, entry: Entry, data: v.LedgerContinued) -> None:
    evidence = state.evidence
    if evidence is None:
        return
    evidence.origin, evidence.continued_seq, evidence.signed = data.origin, entry.seq, None
    evidence.refused, evidence.former_keys = None, []
    evidence.anchors, evidence.witnesses = {}, {}
    if data.vkey:
        evidence.vkey, evidence.key_seq = data.vkey, entry.seq


def _ledger_archived(state: State, entry: Entry, data: v.LedgerArchived) -> None:
    archived, removed = (
        (state.archive.entries, state.archive.removed) if state.archive is not None else (0, 0)
    )
    if not 0 <= data.first <= min(data.last, archived) or data.last >= entry.seq:
        # Somebody wrote it by hand. What it says cannot be, and nothing is to be looked for because of it.
        return
    state.archive = Archive(
        entries=max(data.last + 1, archived),
        removed=max(data.last + 1 if data.local == "removed" else 0, removed),
        seq=entry.seq,
        time=entry.time,
        place=data.place,
    )


APPLY: Apply = {
    v.KeyCreated.TYPE: _key_created,
    v.KeyRotated.TYPE: _key_rotated,
    v.CheckpointSigned.TYPE: _checkpoint_signed,
    v.CheckpointRefused.TYPE: _checkpoint_refused,
    v.CheckpointCosigned.TYPE: _checkpoint_cosigned,
    v.CheckpointAnchored.TYPE: _checkpoint_anchored,
    v.CheckpointAnchorFailed.TYPE: _checkpoint_anchor_failed,
    v.LedgerContinued.TYPE: _ledger_continued,
    v.LedgerArchived.TYPE: _ledger_archived,
}
