"""Whether the config and the signer's file are about the ledger under its present origin, before it is signed."""

from __future__ import annotations

from pathlib import Path

from scheduler.evidence.keys.origin import goes_on, is_earlier
from scheduler.evidence.settings import LedgerSettings
from scheduler.evidence.signing.errors import OriginDiffers, StateDiffers
from scheduler.evidence.signing.signer_state import SignedTree, read_state
from scheduler.rules.evidence.evidence_state import Evidence


def check_origin(settings: LedgerSettings, evidence: Evidence) -> None:
    """Check that the config does not give the ledger another name than its key has.

    Raises:
        OriginDiffers: it does.
    """
    told, origin = settings.origin, evidence.origin
    if told is not None and origin != told and not goes_on(told, origin):
        raise OriginDiffers("the config", told, origin)


def state_under(path: Path, evidence: Evidence) -> SignedTree | None:
    """What the signer remembers under the present name of the ledger; None if that is nothing yet.

    Where the ledger has gone on after a restore, what was signed under the name before it counts no more: the ledger
    itself says so.

    Raises:
        StateUnusable: the file cannot be read or understood.
        StateDiffers: the signer remembers another ledger, or a later name of this one.
    """
    state = read_state(path)
    if state is None or state.origin == evidence.origin:
        return state
    if evidence.continued_seq is not None and is_earlier(state.origin, evidence.origin):
        return None
    raise StateDiffers(str(path), state.origin, evidence.origin)
