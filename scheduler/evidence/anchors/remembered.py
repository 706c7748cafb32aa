"""What anchors remember of a ledger, read back: for who signs, and for who verifies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.checkpoint import Checkpoint, origin_hash, parse_checkpoint
from eventstore.proofs.notes.note import NOTE_BYTES_MAX, Note, VerifierKey, parse_note
from eventstore.regular_file import read_regular
from scheduler.evidence.anchors.delivery import all_at_once
from scheduler.evidence.anchors.parcel import AnchorFailed
from scheduler.evidence.anchors.settings import AnchorSettings
from scheduler.home import Home

RECALL_S: Final = 10.0
"""So long does whoever signs wait for what anchors remember."""
_URLS: Final = ("http://", "https://")
_NAME: Final = re.compile(r"[0-9]{20}")


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
    return [_judged(name, answer, origin, keys) for name, answer in all_at_once(asked, patience_s).items()]


def notes_at(place: str, origin: str) -> Iterator[Note]:
    """The checkpoints of a ledger at a place that a person named; no signature is verified.

    Args:
        place: a file with a signed note; a folder of checkpoints, as `var/ledger/checkpoints` or an anchor has
            them; or the URL of a witness, or of a page with a signed note.
        origin: of the ledger.

    Raises:
        AnchorFailed: it cannot be read, or there is something else.
    """
    if place.startswith(_URLS):
        yield from _notes_at_url(place, origin)
        return
    path = Path(place)
    try:
        if not path.is_dir():
            yield parse_note(_raw(path))
            return
        own = path / origin_hash(origin)
        for each in _files(own if own.is_dir() else path):
            yield parse_note(read_regular(each, NOTE_BYTES_MAX))
    except OSError as problem:
        raise AnchorFailed(f"{place} cannot be read: {problem.strerror or problem}") from None
    except InvalidNote as problem:
        raise AnchorFailed(f"{place} has something that is no signed note: {problem}") from None


def _notes_at_url(url: str, origin: str) -> Iterator[Note]:
    from scheduler.evidence.anchors.exchange import check, get

    page = url if url.endswith("/checkpoint") else f"{url.rstrip('/')}/{origin_hash(origin)}/checkpoint"
    answer = get(page, {})
    if answer.status == 404:
        return
    try:
        yield parse_note(check(answer).body)
    except InvalidNote as problem:
        raise AnchorFailed(f"what it answered is no signed note: {problem}") from None


def _files(folder: Path) -> Iterator[Path]:
    """The files that are named by the size of a tree, here and in the folders that `var/ledger/checkpoints` has."""
    for each in sorted(folder.iterdir()):
        if _NAME.fullmatch(each.name):
            yield from _files(each) if each.is_dir() else (each,)


def _raw(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(NOTE_BYTES_MAX + 1)


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
