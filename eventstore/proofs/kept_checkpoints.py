"""The signed checkpoints of a ledger, each in a file of its own, which is named by its size: see `kept_sizes`.

A file is the signed note, byte for byte: the ledger's own signature first, then the cosignatures as they came. It is
written under another name, flushed and then given its name, and never removed: a ledger that is shorter than a
checkpoint of it has lost entries, and is corrupt (see `eventstore.tail`).

Anybody may have written these files. No link is followed, and whoever needs the signatures verifies them.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NamedTuple

from eventstore.durable import REAL, Disk, create_folders, write_file
from eventstore.kept_sizes import checkpoint_path, largest_size
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.checkpoint import Checkpoint, parse_checkpoint
from eventstore.proofs.notes.note import NOTE_BYTES_MAX, Note, parse_note
from eventstore.regular_file import NotRegular, check_folder, read_regular


class Kept(NamedTuple):
    """A checkpoint that is kept, and the note that it is the text of; no signature of it is verified."""

    checkpoint: Checkpoint
    note: Note

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.checkpoint.head.size


class DamagedCheckpoint(Exception):
    """What is kept is no checkpoint of the size that its name says.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: {why}")


class OtherCheckpoint(Exception):
    """Another checkpoint of the same size is kept: somebody signed two trees, or two logs are kept in one folder.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path}: another checkpoint of this size is kept")


def newest(ledger: Path) -> Kept | None:
    """The largest checkpoint that is kept; None if there is none.

    Args:
        ledger: the folder of the ledger.

    Raises:
        DamagedCheckpoint: it is not what its name says.
        OSError: it cannot be read.
    """
    size = largest_size(ledger)
    return read(ledger, size) if size else None


def read(ledger: Path, size: int) -> Kept | None:
    """The checkpoint of a size; None if none is kept.

    Raises:
        DamagedCheckpoint, OSError: see `newest`.
    """
    path = checkpoint_path(ledger, size)
    try:
        check_folder(path.parent.parent)
        check_folder(path.parent)
        raw = read_regular(path, NOTE_BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as problem:
        if not isinstance(problem, NotRegular) and problem.errno != errno.EFBIG:
            raise
        raise DamagedCheckpoint(path, problem.strerror or str(problem)) from None
    try:
        kept = parse_kept(raw)
    except InvalidNote as problem:
        raise DamagedCheckpoint(path, str(problem)) from None
    if kept.size != size:
        raise DamagedCheckpoint(path, f"it is about {kept.size:,} entries, not {size:,}")
    return kept


def parse_kept(raw: bytes) -> Kept:
    """The checkpoint that is written down so.

    Raises:
        InvalidNote: it is none.
    """
    note = parse_note(raw)
    return Kept(parse_checkpoint(note.text), note)


def keep(ledger: Path, raw: bytes, disk: Disk = REAL) -> Kept:
    """Keep a checkpoint; it is on disk on return.

    If one with the same text is kept, it gets the signatures that it does not have yet, behind those that it has.
    One process at a time keeps checkpoints: of two, one would lose the signatures of the other.

    Args:
        ledger: the folder of the ledger.
        raw: the signed note.
        disk: the system calls.

    Raises:
        InvalidNote: it is no checkpoint.
        OtherCheckpoint: another one of this size is kept.
        DamagedCheckpoint: what is kept of this size is no checkpoint.
        OSError: it cannot be written.
    """
    new = parse_kept(raw)
    path = checkpoint_path(ledger, new.size)
    before = read(ledger, new.size)
    note = new.note
    if before is not None:
        if before.note.text != note.text:
            raise OtherCheckpoint(path)
        known = set(before.note.signatures)
        added = [each for each in note.signatures if each not in known]
        if not added:
            return before
        note = Note(note.text, (*before.note.signatures, *added))
        parse_note(note.raw)
    create_folders(disk, path.parent)
    check_folder(path.parent.parent)
    check_folder(path.parent)
    write_file(disk, path, note.raw)
    return Kept(new.checkpoint, note)
