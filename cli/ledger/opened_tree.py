"""The tree of a ledger, for commands; with progress while its tiles are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.app.failures import ExitCode, Failure
from cli.app.ledger_wait import patience_explained, process_named
from cli.terminal.progress import progress
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.proofs.ledger_tree import LedgerTree


@contextmanager
def opened_tree(home: Home, ledger: Path | None, *, shown: bool) -> Iterator[LedgerTree]:
    """The tree of a home's ledger, or of a copy of one, while the context lasts.

    Args:
        home: the home.
        ledger: the folder of the copy.
        shown: whether progress is shown; False for example with `--json`.

    Raises:
        NoLedger, Corrupt, NewerFormat, Unavailable: the ledger cannot be read, or is damaged.
        Failure: another process makes tiles, and goes on doing so.
        OSError: the folder of the tiles cannot be written.
    """
    from eventstore.errors import LockHeld
    from scheduler.ledger.tree import tiles_folder, tree_of
    from scheduler.store import look_for_entries, open_folder

    if ledger is None:
        look_for_entries(home)
    folder = home.ledger if ledger is None else ledger
    with (
        patience_explained(folder),
        closing(open_folder(folder)) as store,
        tiles_folder(home, ledger) as tiles,
        progress("making the tree", store.head().seq + 1, shown=shown) as seen,
    ):

        def told(size: int) -> None:
            seen.update(size, label=f"making the tree, {size:,} entries")

        try:
            yield tree_of(store, tiles, told)
        except LockHeld as held:
            if held.folder != tiles:
                raise
            raise Failure(
                f"the tiles of the tree are being made by another process{process_named(held.pid)}: gave up "
                f"after {held.waited_s:g} s",
                "Let it come to its end, or end it, then try again.",
                ExitCode.FAILED,
            ) from None
