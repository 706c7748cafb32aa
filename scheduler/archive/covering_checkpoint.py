"""The checkpoint that goes into a volume: the smallest one that is kept and covers all of it."""

from __future__ import annotations

from pathlib import Path

from eventstore.kept_sizes import sizes
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.kept_checkpoints import Kept


def covering_checkpoint(ledger: Path, size: int, origin: str) -> Kept | None:
    """The smallest kept checkpoint under a name of the ledger that covers so many entries; None if there is none.

    Args:
        ledger: the folder of the ledger.
        size: how many entries it must cover.
        origin: the present name of the ledger.

    Raises:
        DamagedCheckpoint: what is kept is none.
        OSError: it cannot be read.
    """
    for each in sizes(ledger):
        if each >= size:
            found = kept_checkpoints.read(ledger, each)
            if found is not None and found.checkpoint.origin == origin:
                return found
    return None
