"""The anchors of a home: what they are asked before signing, and what they are given behind it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from eventstore.proofs.notes.note import parse_verifier_key
from scheduler import vocabulary as v
from scheduler.evidence.anchors.anchoring import anchor_pending, has_pending
from scheduler.evidence.anchors.remembered import RECALL_S, Remembered, can_remember, remembered
from scheduler.evidence.settings import LedgerSettings
from scheduler.evidence.signing.memory import Memory
from scheduler.evidence.signing.signer import Signed, sign_checkpoint
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from scheduler.rules.evidence.evidence_state import Evidence


def memories(
    home: Home, settings: LedgerSettings, evidence: Evidence, patience_s: float = RECALL_S
) -> Iterator[Memory]:
    """What anchors remember of the ledger under its present name, as far as they answer in time."""
    for each in _asked(home, settings, evidence, patience_s):
        if each.checkpoint is not None:
            yield Memory(f"the anchor {each.anchor}", each.checkpoint.head)


def sign_now(home: Home, settings: LedgerSettings) -> Signed | None:
    """Sign the ledger if anything was recorded since, held against what anchors remember.

    Raises:
        NoLedgerKey, KeyMissing, KeyUnusable, SigningRefused, LedgerError, OSError: see `sign_checkpoint`.
    """
    return sign_checkpoint(home, settings, outside=lambda evidence: memories(home, settings, evidence))


def notes(home: Home, settings: LedgerSettings, evidence: Evidence) -> list[bytes]:
    """The checkpoints of the ledger under its present name that anchors have, as far as they can be asked now."""
    return [each.note.raw for each in _asked(home, settings, evidence) if each.note is not None]


def _asked(
    home: Home, settings: LedgerSettings, evidence: Evidence, patience_s: float = RECALL_S
) -> list[Remembered]:
    anchors = [each for each in settings.anchors if can_remember(each)]
    keys = [parse_verifier_key(each) for each in (evidence.vkey, *evidence.former_keys)]
    return remembered(home, anchors, evidence.origin, keys, patience_s) if anchors else []


def deliver(home: Home, settings: LedgerSettings) -> None:
    """Give the newest checkpoint to each anchor that does not have it yet and may be tried.

    Raises:
        LedgerError, DamagedCheckpoint, OSError: see `anchor_pending`.
    """
    now = datetime.now(UTC)
    if not has_pending(home, settings.anchors, now):
        return
    ledger = open_ledger(home, v.SCHEDULER)
    with closing(ledger.store):
        anchor_pending(home, ledger, settings.anchors, now)
