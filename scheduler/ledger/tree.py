"""The Merkle tree of a ledger that was opened: proofs come from it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree, Progress
from eventstore.store import EventStore
from scheduler.home import Home
from scheduler.ownership.home_owner import is_foreign


def tree_of(store: EventStore, tiles: Path, progress: Progress | None = None) -> LedgerTree:
    """The tree of a ledger.

    Args:
        store: the ledger; it stays open while the tree is used.
        tiles: the folder of the tiles.
        progress: called as tiles are made.
    """
    files = store.files
    assert files is not None, "a ledger that is asked for proofs is kept in files"
    leaves = LedgerLeaves(files.folder, files.segment_entries)
    return LedgerTree(leaves, tiles, lambda: store.refresh().seq + 1, progress=progress)


@contextmanager
def tiles_folder(home: Home, ledger: Path | None = None) -> Iterator[Path]:
    """The folder of the tiles of a home's ledger, or of a copy of a ledger, while the context lasts.

    It is `home.tree`. For a copy, and for who only reads the home of another user, it is a temporary folder, so that
    all tiles are made from the entries.

    Raises:
        OSError: there is no room for a temporary folder.
    """
    if ledger is None and not is_foreign(home):
        yield home.tree
        return
    with tempfile.TemporaryDirectory(prefix="cronledger-tree-") as folder:
        yield Path(folder)
