"""The manifest: what each projection was made of, and what it must look like to be valid.

`var/projections/manifest.json` holds a record for each sealed segment, one for each part (the files that one or
several neighbouring segments were made into), and one for the active segment, the one that is not full yet. A file is
valid if its stamp is as recorded: its length, its times and its inode, which nobody changes without the kernel's
noting it. One that was touched or copied is digested; it is valid if it is the same, and is made anew if it is
another. A segment is treated likewise, and checked line by line if it is another. Whoever changes the manifest holds
the lock beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Literal, NamedTuple

import msgspec

from eventstore.durable import REAL, create_folders, publish, write_file
from eventstore.lock import FileLock
from eventstore.nesting import decode
from eventstore.regular_file import check_folder, read_regular
from projections.files.fingerprint import Stamp, digest, stamp

MANIFEST_NAME = "manifest.json"
LOCK_NAME = "lock"
MERGE_LOCK_NAME = "merge.lock"
MERGE_MARK = "~"
"""What a merge has not finished begins with this."""
_MANIFEST_BYTES_MAX = 256 * 1024 * 1024
_PARQUET = r"[0-9]{20}(?:\+[0-9]+|-[0-9]{20})?\.parquet"
PARQUET_NAME = re.compile(_PARQUET)
"""What projections are called. Nothing that has another name is ours to remove."""
_TEMPORARY = re.compile(rf"\.(?:{_PARQUET}|{re.escape(MANIFEST_NAME)}|cronledger\.duckdb)\.[0-9]+(?:\.wal)?")
_MERGING = re.compile(rf"{MERGE_MARK}{_PARQUET}\.[0-9]+")
_SPILLED = re.compile(rf"{MERGE_MARK}[a-z0-9_]{{8}}")

Kind = Literal["events", "runs", "notes"]
KINDS: tuple[Kind, ...] = ("events", "runs", "notes")
"""What is made of a segment, each in a folder of its own: all entries; the runs that end in it, as rows of the view
`runs`; the entries of which there are few."""


class ProjectionFile(msgspec.Struct, frozen=True):
    """A projection's stamp when it was made or digested, and its SHA-256."""

    stamp: Stamp
    sha256: str


class SealedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed segment whose chain was checked.

    Attributes:
        first: its first entry.
        prev: the hash of the entry before it.
        last: the hash of its last entry.
        source: the segment's stamp when its chain was checked, or when it was digested since.
        sha256: the digest of its lines, in hex.
        month: of its last entry, UTC, such as `2026-03`.
        carried: `seq` of each entry, in it or before it, that causes or starts a run which had not ended by its end.
    """

    first: int
    prev: str
    last: str
    source: Stamp
    sha256: str
    month: str
    carried: list[int] = []


class ProjectionPart(msgspec.Struct, frozen=True, kw_only=True):
    """The files of `segments` neighbouring segments, the first of which begins with entry `first`."""

    first: int
    segments: int
    files: dict[Kind, ProjectionFile]


class ActiveSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The segment that is not full yet, as far as it was projected: the lines with which it begins.

    Attributes:
        first: its first entry.
        prev: the hash of the entry before it.
        last: the last entry that was projected.
        hash: the hash of that one.
        bytes: how long those lines are together.
        sha256: their digest: the file grows behind them, so its stamp says nothing.
        carried: as of a sealed segment, by the last entry that was projected.
        files: what was made of them.
    """

    first: int
    prev: str
    last: int
    hash: str
    bytes: int
    sha256: str
    carried: list[int]
    files: dict[Kind, ProjectionFile]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of which nothing could be made, because it is damaged.

    Attributes:
        segment: the name of its file.
        source: its stamp then; None if it was not there.
        why: where it is damaged, in words.
    """

    segment: str
    source: Stamp | None
    why: str


class Manifest(msgspec.Struct, kw_only=True):
    """What is there.

    Attributes:
        version: fingerprint of how projections are made; those made otherwise are made anew.
        segments: the sealed segments, oldest first.
        parts: their files, oldest first.
        active_segment: what was made of the segment after those, if it was long enough; `beginning` in the file.
        superseded: files that no part names any more, and since when (Unix seconds): readers may still use them.
        database: fingerprint of the views in `cronledger.duckdb`.
        refused: the segment at which the last attempt to make projections ended, if it was damaged.
    """

    version: str
    segments: list[SealedSegment] = []
    parts: list[ProjectionPart] = []
    active_segment: ActiveSegment | None = msgspec.field(default=None, name="beginning")
    superseded: dict[str, int] = {}
    database: str = ""
    refused: Refusal | None = None

    def files(self, folder: ProjectionFolder) -> Iterator[tuple[Kind, Path, ProjectionFile]]:
        """Every file that it names, and what it says of it."""
        for part in self.parts:
            for kind, file in part.files.items():
                yield kind, folder.parquet(kind, part.first, part.segments), file
        if self.active_segment is not None:
            for kind, file in self.active_segment.files.items():
                yield (
                    kind,
                    folder.active_parquet(kind, self.active_segment.first, self.active_segment.last),
                    file,
                )


class ProjectionFolder(NamedTuple):
    """A folder of projections."""

    root: Path

    @property
    def kinds(self) -> list[Path]:
        """Where the Parquet files are."""
        return [self.root / kind for kind in KINDS]

    def parquet(self, kind: Kind, first: int, segments: int = 1) -> Path:
        """The file of the segment that begins with this entry, or of so many from there on."""
        merged = f"+{segments}" if segments > 1 else ""
        return self.root / kind / f"{first:020d}{merged}.parquet"

    def active_parquet(self, kind: Kind, first: int, last: int) -> Path:
        """The file of these entries, with which a segment begins that is not full yet."""
        return self.root / kind / f"{first:020d}-{last:020d}.parquet"

    def load(self, version: str) -> Manifest:
        """The manifest; an empty one if there is none that can be used."""
        try:
            manifest = decode(read_regular(self.root / MANIFEST_NAME, _MANIFEST_BYTES_MAX), Manifest)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
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
        for kind in self.kinds:
            create_folders(REAL, kind)
            check_folder(kind)
        with closing(FileLock(self.root / LOCK_NAME)) as lock, lock:
            self._sweep_temporaries()
            yield

    @contextmanager
    def merging(self) -> Iterator[bool]:
        """Alone in merging, which goes on beside everything else; False if another process is at it."""
        for kind in self.kinds:
            check_folder(kind)
        with closing(FileLock(self.root / MERGE_LOCK_NAME)) as lock:
            if not lock.try_take():
                yield False
                return
            for folder in (self.root, *self.kinds):
                for stray in folder.iterdir():
                    if _MERGING.fullmatch(stray.name):
                        stray.unlink(missing_ok=True)
                    elif folder == self.root and _SPILLED.fullmatch(stray.name) and not stray.is_symlink():
                        rmtree(stray, ignore_errors=True)
            yield True

    def _sweep_temporaries(self) -> None:
        for folder in (self.root, *self.kinds):
            for stray in folder.iterdir():
                if _TEMPORARY.fullmatch(stray.name):
                    with suppress(OSError):
                        stray.unlink()


def publish_new(temporary: Path, target: Path) -> ProjectionFile:
    """Publish a projection that was just made; what the manifest says of it.

    Raises:
        OSError: it cannot be done.
    """
    sha256 = digest(temporary)
    publish(REAL, temporary, target)
    made = stamp(target)
    assert made is not None, "a file that was just renamed is there"
    return ProjectionFile(made, sha256)
