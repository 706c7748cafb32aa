"""What whoever verifies knows from elsewhere, and so does not take from the ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from eventstore.proofs.notes.note import VerifierKey
from eventstore.store import Head
from scheduler.evidence.verification.found_notes import Place


class Trust(NamedTuple):
    """What came from elsewhere, and so does not depend on who writes the ledger.

    Attributes:
        heads: heads that were noted.
        places: what is remembered elsewhere.
        keys: the keys by which the ledger is signed.
        witnesses: the keys of witnesses.
        continued: the entries `ledger.continued` that are accepted: whoever verifies knows of what was lost there.
    """

    heads: Sequence[Head] = ()
    places: Sequence[Place] = ()
    keys: Collection[VerifierKey] = ()
    witnesses: Collection[VerifierKey] = ()
    continued: Collection[int] = ()
