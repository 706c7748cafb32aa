"""An anchor in a folder on another mount: `<origin hash>/<size in 20 digits>` is the signed note of that size.

Nothing there is ever replaced, so that a store on which a file can only be written once serves as well. The folder
is not made here: where a mount is missing, there is none, and a checkpoint that was written to the disk of the ledger
itself would be remembered by nobody.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from eventstore.durable import REAL, sync_folder, write_file
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.kept_checkpoints import parse_kept
from eventstore.proofs.notes.checkpoint import origin_hash
from eventstore.proofs.notes.note import NOTE_BYTES_MAX, Note
from eventstore.regular_file import check_folder, read_regular
from scheduler.evidence.anchors.parcel import AnchorFailed, Parcel, RemembersMore, Taken
from scheduler.evidence.anchors.settings import AnchorSettings

_LISTED_MAX = 1_000_000
_NAME = re.compile(r"[0-9]{20}")


def deliver(anchor: AnchorSettings, parcel: Parcel) -> Taken:
    """Write the signed note; it is on disk on return.

    Raises:
        AnchorFailed: it cannot be written, or what is there contradicts it.
    """
    folder = parcel.root / anchor.target
    try:
        if not folder.is_dir():
            raise AnchorFailed(f"there is no folder {folder}: is it mounted?")
        if not anchor.same_filesystem and os.stat(folder).st_dev == os.stat(parcel.ledger).st_dev:
            raise AnchorFailed(
                "it is on the file system of the ledger: is it mounted? `same_filesystem: true` allows it"
            )
        own = folder / origin_hash(parcel.checkpoint.origin)
        REAL.mkdir(own)
        check_folder(own)
        _refuse_contradiction(own, parcel)
        path = own / _name(parcel.size)
        try:
            write_file(REAL, path, parcel.note.raw, replace=False)
        except FileExistsError:
            return Taken()
        sync_folder(REAL, folder)
    except OSError as problem:
        raise AnchorFailed(f"it cannot be written: {problem.strerror or problem}") from None
    return Taken()


def recall(folder: Path, origin: str) -> Note | None:
    """The largest checkpoint of a log in the folder of an anchor; None if there is none.

    Raises:
        AnchorFailed: the folder cannot be read, or what is there is no checkpoint.
    """
    if not folder.is_dir():
        raise AnchorFailed(f"there is no folder {folder}: is it mounted?")
    own = folder / origin_hash(origin)
    size = _largest(own)
    return _read(own, size) if size else None


def _name(size: int) -> str:
    return f"{size:020d}"


def _refuse_contradiction(own: Path, parcel: Parcel) -> None:
    """Refuse a checkpoint that is smaller than one that is there, or another one of the same size."""
    largest = _largest(own)
    if largest > parcel.size:
        raise RemembersMore(largest, parcel.size)
    if largest == parcel.size and _read(own, largest).text != parcel.note.text:
        raise AnchorFailed(f"it remembers another checkpoint of {largest:,} entries: two trees were signed")


def _largest(own: Path) -> int:
    try:
        check_folder(own)
        with os.scandir(own) as listed:
            names = [entry.name for _, entry in zip(range(_LISTED_MAX), listed, strict=False)]
    except FileNotFoundError:
        return 0
    except OSError as problem:
        raise AnchorFailed(f"it cannot be read: {problem.strerror or problem}") from None
    return max((int(name) for name in names if _NAME.fullmatch(name)), default=0)


def _read(own: Path, size: int) -> Note:
    try:
        kept = parse_kept(read_regular(own / _name(size), NOTE_BYTES_MAX))
    except OSError as problem:
        raise AnchorFailed(f"it cannot be read: {problem.strerror or problem}") from None
    except InvalidNote as problem:
        raise AnchorFailed(f"what it has for {size:,} entries is no checkpoint: {problem}") from None
    if kept.size != size:
        raise AnchorFailed(f"what it has for {size:,} entries is about {kept.size:,}")
    return kept.note
