"""What an anchor is given, what it gives back, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from eventstore.proofs.notes.checkpoint import Checkpoint, log_signed, parse_checkpoint
from eventstore.proofs.notes.note import Note, Signature

ERROR_CHARS_MAX = 500


class AnchorFailed(Exception):
    """An anchor did not take a checkpoint; the message says why, in words, and holds no secret."""


class RemembersMore(AnchorFailed):
    """An anchor remembers a larger checkpoint than the newest one of this ledger."""

    def __init__(self, size: int, own_size: int) -> None:
        super().__init__(
            f"it remembers {size:,} entries, and this ledger has {own_size:,} signed: the ledger is an older "
            "copy, or entries are missing"
        )


class Parcel(NamedTuple):
    """A checkpoint on its way to an anchor.

    Attributes:
        note: as it is kept: signed by the log, with the cosignatures that there are.
        checkpoint: what it says.
        root: the folder of the home, from which relative paths count.
        ledger: the folder of the ledger.
        prove: gives the proof that the tree of a size is the beginning of that of the checkpoint.
        known_size: how far the anchor was the last time; 0 if that is not known.
    """

    note: Note
    checkpoint: Checkpoint
    root: Path
    ledger: Path
    prove: Callable[[int], list[bytes]]
    known_size: int = 0

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.checkpoint.head.size

    @property
    def log_signed(self) -> Note:
        """The note with nothing but the signatures of the log: what witnesses and time stamps are asked about."""
        return log_signed(self.note, self.checkpoint)


class Cosigned(NamedTuple):
    """What a witness answered, verified.

    Attributes:
        note: the checkpoint with all that it answered.
        signature: that of the key that is trusted.
    """

    note: Note
    signature: Signature


class Taken(NamedTuple):
    """An anchor took a checkpoint.

    Attributes:
        receipt: what it answered, where that says something.
        cosigned: of a witness.
    """

    receipt: str | None = None
    cosigned: Cosigned | None = None


def parcel_of(
    note: Note, root: Path, ledger: Path, prove: Callable[[int], list[bytes]], known_size: int = 0
) -> Parcel:
    """The parcel of a checkpoint that is kept.

    Raises:
        InvalidNote: it is none.
    """
    return Parcel(note, parse_checkpoint(note.text), root, ledger, prove, known_size)


def receipt_of(raw: bytes, bytes_max: int = 4_096) -> str | None:
    """What an anchor answered, if it is a short text."""
    if len(raw) > bytes_max:
        return None
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError:
        return None
    return text if text and text.replace("\n", "").isprintable() else None


def first_line(raw: bytes) -> str:
    """The first line of what a stranger said, short and harmless, behind a colon; empty if it said nothing."""
    line = raw[:2_000].decode(errors="replace").strip().partition("\n")[0].strip()
    shown = "".join(char if char.isprintable() else "?" for char in line[:200])
    return f": {shown}" if shown else ""
