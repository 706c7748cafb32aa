"""A cosignature that came on a medium that was carried: it is verified, kept under its checkpoint, and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from eventstore.durable import REAL, create_folders
from eventstore.lock import LOCK_NAME, locked
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.checkpoint import parse_checkpoint
from eventstore.proofs.notes.cosignature import TIME_S_TOLD_MAX, parse_timed_signature
from eventstore.proofs.notes.note import Note, Signature, VerifierKey
from eventstore.proofs.notes.signing import verify_note
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.rules.state import State


class NotKept(Exception):
    """A cosigned checkpoint that is not one of this ledger, or not cosigned by who is trusted; says why, in words."""


def keep_cosigned(
    home: Home, ledger: Ledger, note: Note, witnesses: Sequence[VerifierKey], actor: str
) -> list[Entry]:
    """Keep what witnesses have signed of a checkpoint.

    Args:
        home: the home.
        ledger: its ledger, to append.
        note: the checkpoint with their cosignatures.
        witnesses: their keys; signatures of others are left out.
        actor: who brings it.

    Returns:
        What was recorded; nothing if all of it is on record.

    Raises:
        NotKept: it is none of this ledger, or none of them has cosigned it.
        DamagedCheckpoint: what is kept is damaged.
        LockHeld: another process gives checkpoints to anchors, and goes on doing so.
        Unavailable, Poisoned, Corrupt, OSError: see `Ledger.decide`.
    """
    try:
        size = parse_checkpoint(note.text).head.size
        cosignatures = note.signatures_of(verify_note(note, witnesses))
    except InvalidNote as problem:
        raise NotKept(str(problem)) from None
    if any(parse_timed_signature(each.signature)[0] > TIME_S_TOLD_MAX for each in cosignatures):
        raise NotKept("a cosignature is of a time that no clock tells")
    create_folders(REAL, home.anchors)
    with locked(home.anchors / LOCK_NAME):
        kept = kept_checkpoints.read(home.ledger, size) if size else None
        if kept is None or kept.note.text != note.text:
            raise NotKept(f"this ledger keeps no such checkpoint of {size:,} entries")
        added = kept.note.lacking(cosignatures)
        if added:
            kept_checkpoints.keep(home.ledger, note._replace(signatures=added).raw)
        return ledger.decide(lambda state: _events(state, size, cosignatures, actor))


def _events(state: State, size: int, cosignatures: Sequence[Signature], actor: str) -> list[Event]:
    evidence = state.evidence
    if evidence is None or size > evidence.signed_size:
        return []
    known = {name: status.size for name, status in evidence.witnesses.items()}
    return [
        v.event(cosigned_entry(size, each), actor) for each in cosignatures if known.get(each.name, 0) < size
    ]


def cosigned_entry(size: int, cosignature: Signature) -> v.CheckpointCosigned:
    """The entry about a cosignature that was verified."""
    time_s = parse_timed_signature(cosignature.signature)[0]
    return v.CheckpointCosigned(
        size=size,
        witness=cosignature.name,
        key_id=cosignature.key_id.hex(),
        signed_at=datetime.fromtimestamp(time_s, UTC),
        line=cosignature.line.rstrip("\n"),
    )
