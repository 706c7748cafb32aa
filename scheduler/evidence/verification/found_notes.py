"""The checkpoints that are held against a ledger, as they were found: kept beside it, or remembered elsewhere.

A place that remembers is a file with one note, or with several one behind the other; or a folder with such files
in it or below it. Nothing that was found is believed: what is no checkpoint says why not.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from eventstore.kept_sizes import sizes
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.kept_checkpoints import DamagedCheckpoint, read
from eventstore.proofs.notes.checkpoint import Checkpoint, parse_checkpoint
from eventstore.proofs.notes.note import Note, parse_note
from eventstore.regular_file import NotRegular, read_regular

PLACE_BYTES_MAX = 64 * 1024 * 1024
"""A file in which more is remembered is not read."""
# Nothing is tried twice: a file of any content is looked through in time that grows as it does.
_NOTE = re.compile(rb"\n*+(?P<note>(?:[^\n]++\n)++\n(?:\xe2\x80\x94 [^\n]++\n)++)")
_FILES_MAX = 1_000_000


class UnreadablePlace(Exception):
    """A place that was to remember checkpoints cannot be read; the message says why, in words."""


class FoundNote(NamedTuple):
    """A note that should be a checkpoint.

    Attributes:
        where: where it was found.
        note: it; None if there is none.
        checkpoint: what its text says; None if it says none.
        why: why there is none, in words.
    """

    where: str
    note: Note | None
    checkpoint: Checkpoint | None
    why: str = ""


class Place(NamedTuple):
    """What one place remembers."""

    name: str
    notes: list[FoundNote]


def found_note(where: str, raw: bytes) -> FoundNote:
    """What stands there."""
    note = None
    try:
        note = parse_note(raw)
        return FoundNote(where, note, parse_checkpoint(note.text))
    except InvalidNote as problem:
        return FoundNote(where, note, None, str(problem))


def kept_notes(ledger: Path) -> dict[int, FoundNote]:
    """The checkpoints that a ledger keeps, by the sizes that their names say.

    Raises:
        OSError: they cannot be read.
    """
    misplaced = "it stands in another folder than its size says"
    return {
        size: kept_note(ledger, size) or FoundNote(_kept_name(size), None, None, misplaced)
        for size in sizes(ledger)
    }


def kept_note(ledger: Path, size: int) -> FoundNote | None:
    """The checkpoint of a size that a ledger keeps; None if it keeps none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        kept = read(ledger, size) if size > 0 else None
    except DamagedCheckpoint as problem:
        where, why = str(problem.path), str(problem).removeprefix(f"{problem.path}: ")
        return FoundNote(where, None, None, why)
    return None if kept is None else FoundNote(_kept_name(size), kept.note, kept.checkpoint)


def _kept_name(size: int) -> str:
    return f"checkpoint of {size:,} entries"


def remembered(path: Path) -> Place:
    """What a file or folder remembers.

    Raises:
        UnreadablePlace: it cannot be read, or there is no note in it.
    """
    try:
        if path.is_dir():
            notes = [note for file in sorted(_files(path)) for note in _notes(file)]
        else:
            # What a person named and is no file, such as a pipe, says nothing against the ledger.
            notes = notes_in(str(path), read_regular(path, PLACE_BYTES_MAX))
    except OSError as problem:
        raise UnreadablePlace(f"{problem.filename or path}: {problem.strerror or problem}") from problem
    if not notes:
        raise UnreadablePlace(f"{path}: no checkpoint is remembered there")
    return Place(str(path), notes)


def notes_in(where: str, raw: bytes) -> list[FoundNote]:
    """The notes that stand one behind the other; if there is anything else, one that says why it is none."""
    found, at = [], 0
    while (match := _NOTE.match(raw, at)) is not None:
        found.append(found_note(where, match["note"]))
        at = match.end()
    if raw[at:].strip() or not found:
        found.append(found_note(where, raw[at:]))
    return found


def _notes(path: Path) -> list[FoundNote]:
    try:
        raw = read_regular(path, PLACE_BYTES_MAX)
    except NotRegular as problem:
        return [FoundNote(str(path), None, None, problem.strerror or "it is no file")]
    except OSError as problem:
        if problem.errno == errno.EFBIG:
            return [FoundNote(str(path), None, None, f"it is longer than {PLACE_BYTES_MAX:,} bytes")]
        raise
    return notes_in(str(path), raw)


def _files(folder: Path) -> Iterator[Path]:
    """The files in a folder and those below it, but for hidden ones, which are being written."""

    def raised(problem: OSError) -> None:
        raise problem

    count = 0
    for parent, _, names in os.walk(folder, onerror=raised):
        for name in names:
            count += 1
            if count > _FILES_MAX:
                raise OSError(errno.EFBIG, f"there are more than {_FILES_MAX:,} files", str(folder))
            if not name.startswith("."):
                yield Path(parent) / name
