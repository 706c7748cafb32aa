"""The manifest: from what each projection was made, and when its file is valid.

`var/projections/manifest.json` holds a record for each sealed segment, one for each part (the files made from one or
several neighbouring segments), and one for the active segment, which is not full yet. A file is valid if its stamp
(its length, times and inode) is as recorded: the kernel notes every change. A file that was touched or copied is
digested: if the digest is the same it is valid, otherwise it is made anew. A segment is treated likewise; if its
digest is another one, it is checked line by line. A process that changes the manifest holds the lock beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Literal, NamedTuple

import msgspec

from eventstore.durable import REAL, create_folders, publish, write_file
from eventstore.lock import FileLock
from eventstore.nesting import decode
from eventstore.regular_file import check_folder, read_regular, regular_status
from projections.files.fingerprint import Stamp, digest, stamp
from scheduler.home import Home

MANIFEST_NAME = "manifest.json"
LOCK_NAME = "lock"
MERGE_LOCK_NAME = "merge.lock"
MERGE_MARK = "~"
"""The names of files and folders of an unfinished merge begin with this."""
_MANIFEST_BYTES_MAX = 256 * 1024 * 1024
_PARQUET = r"[0-9]{20}(?:\+[0-9]+|-[0-9]{20})?\.parquet"
PARQUET_NAME = re.compile(_PARQUET)
"""The names of projection files; files with other names are never removed."""
_TEMPORARY = re.compile(rf"\.(?:{_PARQUET}|{re.escape(MANIFEST_NAME)}|cronledger\.duckdb)\.[0-9]+(?:\.wal)?")
_MERGING = re.compile(rf"{MERGE_MARK}{_PARQUET}\.[0-9]+")
_SPILLED = re.compile(rf"{MERGE_MARK}[a-z0-9_]{{8}}")

Kind = Literal["events", "runs", "notes"]
KINDS: tuple[Kind, ...] = ("events", "runs", "notes")
"""The kinds of files that are made from a segment, each kind in its own folder.

`events` holds all entries; `runs` the runs that end in the segment, as rows of the view `runs`; `notes` the entries
of rare types.
"""


_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Of an entry, or of bytes."""
_Count = Annotated[int, msgspec.Meta(ge=1, le=2**16)]
"""Of the segments of one part: many more than are ever merged, and few enough to be counted through."""


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
        month: the month of its last entry, UTC, such as `2026-03`.
        carried: the `seq` of each entry, up to its end, that causes or starts a run which had not ended by then.
    """

    first: _Number
    prev: str
    last: str
    source: Stamp
    sha256: str
    month: str
    carried: list[_Number] = []


class ProjectionPart(msgspec.Struct, frozen=True, kw_only=True):
    """The files of `segments` neighbouring segments, the first of which begins with entry `first`."""

    first: _Number
    segments: _Count
    files: dict[Kind, ProjectionFile]


class ActiveSegment(msgspec.Struct, frozen=True, kw_only=True):
    """The segment that is not full yet, as far as it was projected: the lines with which it begins.

    Attributes:
        first: its first entry.
        prev: the hash of the entry before it.
        last: the last entry that was projected.
        hash: the hash of that entry.
        bytes: how long the projected lines are together.
        sha256: the digest of these lines; the file grows, so its stamp proves nothing.
        carried: as for a sealed segment, up to the last entry that was projected.
        files: the files that were made from these lines.
    """

    first: _Number
    prev: str
    last: _Number
    hash: str
    bytes: _Number
    sha256: str
    carried: list[_Number]
    files: dict[Kind, ProjectionFile]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that could not be projected, because it is damaged.

    Attributes:
        segment: the name of its file.
        source: its stamp at that time; None if the file did not exist.
        why: where it is damaged, in words.
    """

    segment: str
    source: Stamp | None
    why: str


class Manifest(msgspec.Struct, kw_only=True):
    """The records of all projections.

    Attributes:
        version: fingerprint of how projections are made; projections of another version are made anew.
        segments: the sealed segments, oldest first.
        parts: their files, oldest first.
        active_segment: the projection of the segment after those, if it was long enough; `beginning` in the file.
        superseded: files that no part names any more, and since when (Unix seconds); readers may still use them.
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
        """Every file that the manifest names, and its record."""
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

    @classmethod
    def of(cls, home: Home) -> ProjectionFolder:
        """A home's, by the name that the kernel knows; where there is a link instead, it is not followed."""
        return cls(home.var.resolve() / home.projections.name)

    @property
    def kinds(self) -> list[Path]:
        """The folders of the Parquet files, one for each kind."""
        return [self.root / kind for kind in KINDS]

    def parquet(self, kind: Kind, first: int, segments: int = 1) -> Path:
        """The file of `segments` neighbouring segments, the first of which begins with entry `first`."""
        merged = f"+{segments}" if segments > 1 else ""
        return self.root / kind / f"{first:020d}{merged}.parquet"

    def active_parquet(self, kind: Kind, first: int, last: int) -> Path:
        """The file of entries `first` to `last`, the beginning of the active segment."""
        return self.root / kind / f"{first:020d}-{last:020d}.parquet"

    def load(self, version: str) -> Manifest:
        """The manifest; an empty one if there is none, or it is unusable or of another version."""
        try:
            manifest = decode(read_regular(self.root / MANIFEST_NAME, _MANIFEST_BYTES_MAX), Manifest)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return Manifest(version=version)
        return manifest if manifest.version == version else Manifest(version=version)

    def save(self, manifest: Manifest) -> None:
        """Replace the manifest; the caller holds the lock."""
        write_file(REAL, self.root / MANIFEST_NAME, msgspec.json.encode(manifest) + b"\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the folder, which is created if needed; leftovers of killed processes are removed.

        Raises:
            OSError: the folder cannot be written.
        """
        if self.root.is_symlink():
            check_folder(self.root)
        for kind in self.kinds:
            create_folders(REAL, kind)
            check_folder(kind)
        with closing(FileLock(self.root / LOCK_NAME)) as lock, lock:
            self._sweep_temporaries()
            yield

    @contextmanager
    def merging(self) -> Iterator[bool]:
        """Hold the lock for merging, which excludes only other merges; False if another process is merging."""
        for folder in (self.root, *self.kinds):
            check_folder(folder)
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

    def holds(self, path: Path) -> bool:
        """Whether a projection is there, as a regular file, and no folder on the way to it is a link."""
        try:
            for folder in {self.root, path.parent}:
                check_folder(folder)
            return regular_status(path) is not None
        except OSError:
            return False

    def remove(self, path: Path) -> None:
        """Remove a projection, if it is there; never what stands behind a folder that is a link.

        Raises:
            OSError: it cannot be removed.
        """
        with suppress(FileNotFoundError):
            for folder in {self.root, path.parent}:
                check_folder(folder)
            path.unlink()

    def _sweep_temporaries(self) -> None:
        for folder in (self.root, *self.kinds):
            for stray in folder.iterdir():
                if _TEMPORARY.fullmatch(stray.name):
                    with suppress(OSError):
                        stray.unlink()


def publish_new(temporary: Path, target: Path) -> ProjectionFile:
    """Publish a projection that was just made, and return its record for the manifest.

    Raises:
        OSError: it cannot be done.
    """
    sha256 = digest(temporary)
    publish(REAL, temporary, target)
    made = stamp(target)
    assert made is not None, "a file that was just renamed is there"
    return ProjectionFile(made, sha256)
