"""The manifest: what each projection was made of, and what it must look like to be believed.

`var/projections/manifest.json` holds one record for each sealed segment. A file whose length and modification
time are as recorded is believed; one that was touched is digested, and made anew if it is another. A segment
that was touched since is checked again, line by line. Whoever changes the manifest holds the lock beside it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

import msgspec

from eventstore.durable import FILE_MODE, REAL, create_folders, write_file

MANIFEST_NAME = "manifest.json"
LOCK_NAME = "lock"
EVENTS_FOLDER = "events"


class Stamp(msgspec.Struct, frozen=True):
    """A file's length in bytes and its modification time in nanoseconds."""

    bytes: int
    modified_ns: int


class SealedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed segment and its projection.

    Attributes:
        first: its first entry.
        prev: the hash of the entry before it.
        last: the hash of its last entry.
        source: the segment's stamp when its chain was checked.
        parquet: the projection's stamp when it was made or digested.
        sha256: digest of the projection.
        opened: of each run that this segment leaves unfinished: its number and the `seq` of the entry that
            causes or starts it.
        late: numbers of the runs that end in this segment and began in an earlier one.
    """

    first: int
    prev: str
    last: str
    source: Stamp
    parquet: Stamp
    sha256: str
    opened: list[tuple[int, int]] = []
    late: list[int] = []


class Manifest(msgspec.Struct, kw_only=True):
    """All of them, oldest first.

    Attributes:
        version: fingerprint of how projections are made; those made otherwise are made anew.
        segments: the sealed segments.
        database: fingerprint of the views in `cronledger.duckdb`.
    """

    version: str
    segments: list[SealedSegment] = []
    database: str = ""


class Folder(NamedTuple):
    """A folder of projections."""

    root: Path

    @property
    def events(self) -> Path:
        """Where the Parquet files are."""
        return self.root / EVENTS_FOLDER

    def parquet(self, first: int) -> Path:
        """The projection of the segment that begins with this entry."""
        return self.events / f"{first:020d}.parquet"

    def load(self, version: str) -> Manifest:
        """The manifest; an empty one if there is none that can be used."""
        try:
            manifest = msgspec.json.decode((self.root / MANIFEST_NAME).read_bytes(), type=Manifest)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Manifest(version=version)
        return manifest if manifest.version == version else Manifest(version=version)

    def save(self, manifest: Manifest) -> None:
        """Replace the manifest; the lock is held."""
        write_file(REAL, self.root / MANIFEST_NAME, msgspec.json.encode(manifest) + b"\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone in the folder, which is created if need be; leftovers of killed processes are removed.

        Raises:
            OSError: the folder cannot be written.
        """
        create_folders(REAL, self.events)
        fd = os.open(self.root / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            for stray in (*self.root.glob(".*"), *self.events.glob(".*")):
                with suppress(OSError):
                    stray.unlink()
            yield
        finally:
            os.close(fd)


def stamp(path: Path) -> Stamp | None:
    """A file's stamp; None if there is no such file."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Stamp(status.st_size, status.st_mtime_ns)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def publish(temporary: Path, target: Path) -> None:
    """Put a finished file in its place: on disk first, then under its name, at once for everyone.

    Raises:
        OSError: it cannot be done; the temporary file is left to be swept.
    """
    temporary.chmod(FILE_MODE)
    fd = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
    try:
        REAL.fsync(fd)
    finally:
        os.close(fd)
    REAL.rename(temporary, target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        REAL.fsync(folder)
    finally:
        os.close(folder)
