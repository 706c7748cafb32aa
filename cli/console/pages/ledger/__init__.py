"""The pages of entries, checkpoints, proofs."""

from __future__ import annotations

from cli.console.page_route import PageRoute
from cli.console.pages.ledger.checkpoints import show_checkpoint, show_checkpoints
from cli.console.pages.ledger.entries import show_entries
from cli.console.pages.ledger.entry import show_entry, show_line, show_proof

__all__ = ["PAGES"]

PAGES: tuple[PageRoute, ...] = (
    PageRoute("/ledger", show_entries),
    PageRoute("/ledger/entries/{seq:int}", show_entry),
    PageRoute("/ledger/entries/{seq:int}/line", show_line),
    PageRoute("/ledger/entries/{seq:int}/proof", show_proof),
    PageRoute("/ledger/checkpoints", show_checkpoints),
    PageRoute("/ledger/checkpoints/{size:int}", show_checkpoint),
)
