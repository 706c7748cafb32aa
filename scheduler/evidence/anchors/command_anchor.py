"""An anchor behind a command: it gets the signed note on its standard input, and has kept it when it ends well."""

from __future__ import annotations

from pathlib import Path

from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.note import Note, parse_note
from scheduler.evidence.anchors.parcel import AnchorFailed, Parcel, Taken, receipt_of
from scheduler.evidence.anchors.settings import AnchorSettings
from scheduler.evidence.program import ProgramFailed, run


def deliver(anchor: AnchorSettings, parcel: Parcel) -> Taken:
    """Run the command; what it writes, if it is a short text, is the receipt.

    Raises:
        AnchorFailed: it did not end well.
    """
    try:
        return Taken(receipt_of(run([anchor.target, *anchor.arguments], parcel.note.raw, parcel.root).out))
    except ProgramFailed as problem:
        raise AnchorFailed(str(problem)) from None


def recall(anchor: AnchorSettings, origin: str, root: Path) -> Note | None:
    """The newest checkpoint that is remembered behind the command; None if it writes nothing.

    Args:
        anchor: one with `recall`, which gets the origin as one line on its standard input.
        origin: of the ledger.
        root: the folder of the home.

    Raises:
        AnchorFailed: it did not end well, or wrote no signed note.
    """
    try:
        raw = run(anchor.recall, f"{origin}\n".encode(), root).out
        return parse_note(raw) if raw.strip() else None
    except (ProgramFailed, InvalidNote) as problem:
        raise AnchorFailed(str(problem)) from None
