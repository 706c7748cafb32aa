"""What anchors remember of a ledger, read back: for who signs, and for who verifies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.checkpoint import Checkpoint, origin_hash, parse_checkpoint
from eventstore.proofs.notes.note import Note, VerifierKey
from scheduler.evidence.anchors.delivery import all_at_once
from scheduler.evidence.anchors.parcel import AnchorFailed
from scheduler.evidence.anchors.settings import AnchorSettings
from scheduler.home import Home

RECALL_S: Final = 10.0
"""So long does whoever signs wait for what anchors remember."""
_URLS: Final = ("http://", "https://")


class Remembered(NamedTuple):
    """What one anchor remembers.

    Attributes:
        anchor: its name.
        checkpoint: the newest one; None if it remembers none, or could not be asked.
        note: the note that it is the text of.
        problem: why it could not be asked, or what it remembers does not count; empty if all is well.
    """

    anchor: str
    checkpoint: Checkpoint | None = None
    note: Note | None = None
    problem: str = ""


def can_remember(anchor: AnchorSettings) -> bool:
    """Whether what an anchor remembers can be read back."""
    return anchor.kind in ("file", "witness") or bool(anchor.recall)


def remembered(
    home: Home,
    anchors: Sequence[AnchorSettings],
    origin: str,
    keys: Sequence[VerifierKey],
    patience_s: float = RECALL_S,
) -> list[Remembered]:
    """What each anchor remembers that can be asked: files, witnesses, and commands with `recall`.

    Only what one of the ledger's keys has signed counts: otherwise whoever can write to an anchor could keep the
    ledger from being signed.

    Args:
        home: the home.
        anchors: as the config has them.
        origin: of the ledger.
        keys: all that ever signed under this origin.
        patience_s: how long all of them may take.
    """
    asked: dict[str, Callable[[], Note | None]] = {
        each.name: partial(_recall, each, origin, home.root) for each in anchors if can_remember(each)
    }
    return [
        _judged(name, answer, origin, keys)
        for name, answer in all_at_once(f"recall {home.root}", asked, patience_s).items()
    ]


def is_url(place: str) -> bool:
    """Whether a place that a person named is asked over HTTP."""
    return place.startswith(_URLS)


def notes_at(url: str, origins: Sequence[str]) -> list[bytes]:
    """What is remembered at a URL, as it is answered: nothing of it is verified.

    Args:
        url: of a page with a signed note, whose last part is `checkpoint`; or of a witness.
        origins: under which the ledger may be known to a witness.

    Raises:
        AnchorFailed: it cannot be asked, or failed.
    """
    from scheduler.evidence.anchors.exchange import check, get

    base = url.rstrip("/")
    pages = (
        [url]
        if base.endswith("/checkpoint")
        else [f"{base}/{origin_hash(each)}/checkpoint" for each in origins]
    )
    answers = [get(page, {}) for page in pages]
    return [check(answer).body for answer in answers if answer.status != 404]


def _recall(anchor: AnchorSettings, origin: str, root: Path) -> Note | None:
    if anchor.kind == "file":
        from scheduler.evidence.anchors.file_anchor import recall as from_file

        return from_file(root / anchor.target, origin)
    if anchor.kind == "witness":
        from scheduler.evidence.anchors.exchange import authorization
        from scheduler.evidence.anchors.witness_client import recall as from_witness

        return from_witness(anchor, origin, authorization(anchor, root))
    from scheduler.evidence.anchors.command_anchor import recall as from_command

    return from_command(anchor, origin, root)


def _judged(
    name: str, answer: Note | AnchorFailed | None, origin: str, keys: Sequence[VerifierKey]
) -> Remembered:
    from eventstore.proofs.notes.signing import verify_note

    if answer is None:
        return Remembered(name)
    if isinstance(answer, AnchorFailed):
        return Remembered(name, problem=str(answer))
    try:
        checkpoint = parse_checkpoint(answer.text)
        verify_note(answer, keys)
    except InvalidNote as problem:
        return Remembered(name, problem=f"what it remembers does not count: {problem}")
    if checkpoint.origin != origin:
        return Remembered(name, problem="what it remembers is another ledger's")
    return Remembered(name, checkpoint, answer)
