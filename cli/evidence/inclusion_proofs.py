"""Files that prove entries to somebody without the ledger, as C2SP tlog-proof has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.app.failures import Failure
from cli.evidence.chosen_checkpoint import other_ledger
from cli.ledger.last_entry import last_entry, no_entry
from cli.ledger.opened_tree import opened_tree
from cli.terminal.printable import show_count
from scheduler.home import Home
from scheduler.store import look_for_entries

if TYPE_CHECKING:
    from eventstore.proofs.kept_checkpoints import Kept


def inclusion_proofs(
    home: Home, folder: Path | None, seqs: list[int], checkpoint: Kept, *, shown: bool = True
) -> dict[int, bytes]:
    """The files of inclusion proofs, by the entries.

    Args:
        home: the home.
        folder: of a copy of a ledger, in place of the home's.
        seqs: the entries, growing.
        checkpoint: to which the proofs lead.
        shown: whether progress is shown while the tree is made.

    Raises:
        Failure: an entry is newer than the checkpoint, or the ledger is not the one that was signed.
        LedgerError, OSError: see `opened_tree`.
    """
    from eventstore.proofs.errors import OtherTree
    from eventstore.proofs.files.proof_file import ProofFile

    if seqs[-1] >= checkpoint.size:
        if folder is None:
            look_for_entries(home)
        if seqs[-1] > (last := last_entry(home.ledger if folder is None else folder)):
            raise no_entry(seqs[-1], last)
        covered = show_count(checkpoint.size, "entry", "entries")
        raise Failure(
            f"entry {seqs[-1]} is newer than the checkpoint, which is of the first {covered}",
            "`cronledger ledger checkpoint` signs one of all entries.",
        )
    with opened_tree(home, folder, shown=shown) as tree:
        try:
            found = {seq: tree.prove(seq, checkpoint.checkpoint.head) for seq in seqs}
        except OtherTree as problem:
            raise other_ledger(problem) from None
    return {
        seq: ProofFile(seq, proven.hashes, checkpoint.note, proven.leaf).raw for seq, proven in found.items()
    }
