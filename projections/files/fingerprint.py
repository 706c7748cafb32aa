"""Whether a file is still what it was: by its stamp, without reading it, or by its digest."""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path

import msgspec

from eventstore.regular_file import open_regular


class Stamp(msgspec.Struct, frozen=True):
    """By what a file is told from one that was altered, without reading it.

    Attributes:
        bytes: its length.
        modified_ns: when it was last written, in Unix nanoseconds; anyone may set this to what they like.
        changed_ns: when that, or anything else about it, was last changed: the kernel's own note.
        inode: its number in the file system.
    """

    bytes: int
    modified_ns: int
    changed_ns: int
    inode: int


def stamp(path: Path) -> Stamp | None:
    """A file's stamp; None if there is no such file."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with open(open_regular(path), "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def same(path: Path, known: Stamp, sha256: str) -> Stamp | None:
    """The stamp of a file that is what it was when it had the known stamp; None if it is not, or is not there.

    Only a file that has another stamp of the same length is read.
    """
    found = stamp(path)
    if found is None or found.bytes != known.bytes:
        return None
    return found if found == known or digest(path) == sha256 else None


def is_same(path: Path, known: Stamp, sha256: str, digested: bool) -> bool:
    """Whether a file is what it was: by its stamp, and if that is another one, by its digest if that may be asked."""
    if digested:
        return same(path, known, sha256) is not None
    return stamp(path) == known
