"""Whether a file is unchanged: by its stamp, without reading it, or by its digest."""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path

import msgspec

from eventstore.regular_file import open_regular, regular_status


class Stamp(msgspec.Struct, frozen=True):
    """The facts about a file that show, without reading it, whether it was altered.

    Attributes:
        bytes: its length.
        modified_ns: when it was last written, in Unix nanoseconds; a program can set this to any time.
        changed_ns: when the file or anything about it was last changed; only the kernel sets this.
        inode: its number in the file system.
    """

    bytes: int
    modified_ns: int
    changed_ns: int
    inode: int


def stamp(path: Path) -> Stamp | None:
    """A file's stamp; None if there is no such file, or something else has its name."""
    try:
        status = regular_status(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if status is None:
        return None
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with open(open_regular(path), "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def same(path: Path, known: Stamp, sha256: str) -> Stamp | None:
    """The present stamp of a file that is as it was when it had stamp `known`; None if it is not, or does not exist.

    The file is read only if its stamp is another one with the same length.
    """
    found = stamp(path)
    if found is None or found.bytes != known.bytes:
        return None
    return found if found == known or digest(path) == sha256 else None


def is_same(path: Path, known: Stamp, sha256: str, digested: bool) -> bool:
    """Whether a file is as it was: by its stamp or, if `digested` and the stamp is another one, by its digest."""
    if digested:
        return same(path, known, sha256) is not None
    return stamp(path) == known
