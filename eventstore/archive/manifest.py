"""The manifest of a volume: what the folder holds, each file with its length and digest.

A volume is a folder that one archiving writes and nothing changes afterwards:

    <ledger id>-<first>/
        <segment>.jsonl.zst    each segment, compressed
        <segment>.seal         its seal, byte for byte
        checkpoint             a signed checkpoint that covers all of it, where one was kept
        parquet/…              the same entries as tables
        manifest.json          all of this, and what the segments are in the chain and the tree
        SHA256SUMS             the digest of each file, for `sha256sum -c`

Anybody may have written it. A manifest is decoded strictly, and names no file outside of its folder.
"""

from __future__ import annotations

import errno
import re
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from eventstore.archive.compressed_segment import compressed_name
from eventstore.archive.errors import BadVolume
from eventstore.nesting import decode
from eventstore.regular_file import NotRegular, read_regular
from eventstore.seal import Seal
from eventstore.segment import seal_name

MANIFEST_NAME: Final = "manifest.json"
SUMS_NAME: Final = "SHA256SUMS"
CHECKPOINT_NAME: Final = "checkpoint"
VOLUME_FORMAT: Final = 1
_MANIFEST_BYTES_MAX: Final = 64 * 1024 * 1024
_VOLUME_NAME: Final = re.compile(r"([0-9a-f]{32})-([0-9]{20})")
_PATH: Final = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,99}/){0,3}[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a volume: its path below the folder, its length and its SHA-256."""

    path: str
    bytes: _Number
    sha256: _Digest


class SegmentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A segment in a volume.

    Attributes:
        first: its first entry.
        count: how many entries it holds.
        bytes: its length, not compressed.
        sha256: its digest, not compressed.
        prev: the hash of the entry before it.
        last: the hash of its last entry.
        root: the root of the tree over its lines, in hex.
        compressed_bytes: the length of its file in the volume.
        compressed_sha256: the digest of that file.
        proof: the hashes, in hex, that lead from `root` to the root of the checkpoint in the volume; see
            `signed_segments`.
    """

    first: _Number
    count: _Count
    bytes: _Count
    sha256: _Digest
    prev: _Digest
    last: _Digest
    root: _Digest
    compressed_bytes: _Count
    compressed_sha256: _Digest
    proof: Annotated[list[_Digest], msgspec.Meta(max_length=64)] = []

    @property
    def seal(self) -> Seal:
        """The seal that a segment of which this is true has."""
        return Seal(first=self.first, count=self.count, bytes=self.bytes, sha256=self.sha256, last=self.last)

    @property
    def file(self) -> FileRecord:
        """Its file in the volume."""
        return FileRecord(
            path=compressed_name(self.first), bytes=self.compressed_bytes, sha256=self.compressed_sha256
        )


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a volume holds.

    Attributes:
        format: of the volume.
        ledger: the identity of the ledger.
        origin: the name of the ledger in its checkpoints; None if it has no key.
        ledger_format: the format of its entries.
        software: the program that wrote the volume.
        segment_entries: how many entries a segment holds.
        first: the first entry.
        last: the last entry.
        first_time: of the first entry.
        last_time: of the last one.
        checkpoint_size: how many entries the checkpoint covers; None if there is none in the volume.
        segments: without a gap, in order.
        files: the other files, by their paths.
    """

    format: Literal[1] = 1
    ledger: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    origin: str | None
    ledger_format: _Count
    software: str
    segment_entries: _Count
    first: _Number
    last: _Number
    first_time: datetime
    last_time: datetime
    checkpoint_size: _Number | None
    segments: list[SegmentRecord]
    files: list[FileRecord]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return volume_name(self.ledger, self.first)

    @property
    def count(self) -> int:
        """How many entries it holds."""
        return self.last - self.first + 1

    @property
    def segments_bytes(self) -> int:
        """How long its segments are together, not compressed."""
        return sum(segment.bytes for segment in self.segments)

    @property
    def all_files(self) -> list[FileRecord]:
        """The segments and the other files, by their paths."""
        return sorted([*(segment.file for segment in self.segments), *self.files], key=lambda file: file.path)

    @property
    def volume_bytes(self) -> int:
        """How long its files are together, without the manifest and the sums."""
        return sum(file.bytes for file in self.all_files)

    def raw(self) -> bytes:
        """It as the file holds it."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def sums(self, manifest_sha256: str) -> bytes:
        """`SHA256SUMS`, as `sha256sum` writes it.

        Args:
            manifest_sha256: the digest of the manifest's own file. A later version may have written more into it.
        """
        files = [(file.path, file.sha256) for file in self.all_files]
        files.append((MANIFEST_NAME, manifest_sha256))
        return "".join(f"{digest}  {path}\n" for path, digest in files).encode()


class ReadManifest(NamedTuple):
    """A manifest and the SHA-256 of its file, in hex."""

    manifest: Manifest
    sha256: str


def volume_name(ledger: str, first: int) -> str:
    """The name of the folder of the volume that begins with entry `first`."""
    return f"{ledger}-{first:020d}"


def named_first(name: str, ledger: str) -> int | None:
    """The first entry of the volume that a folder has the name of; None if that is no volume of this ledger."""
    match = _VOLUME_NAME.fullmatch(name)
    return int(match[2]) if match is not None and match[1] == ledger else None


def read_manifest(folder: Path) -> ReadManifest:
    """The manifest of a volume, whose numbers fit together; the files are not looked at.

    Raises:
        BadVolume: it is not what an archiving writes.
        FileNotFoundError: there is none.
        OSError: it cannot be read.
    """
    path = folder / MANIFEST_NAME
    try:
        raw = read_regular(path, _MANIFEST_BYTES_MAX)
    except OSError as problem:
        if isinstance(problem, NotRegular) or problem.errno == errno.EFBIG:
            raise BadVolume(path, problem.strerror or str(problem)) from None
        raise
    try:
        manifest = decode(raw, Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadVolume(path, f"it is no manifest of a volume: {problem}") from None
    why = _contradiction(manifest)
    if why:
        raise BadVolume(path, why)
    return ReadManifest(manifest, sha256(raw).hexdigest())


def _contradiction(manifest: Manifest) -> str:
    """What in a manifest contradicts the rest of it; empty if nothing does."""
    if not manifest.segments:
        return "it names no segment"
    seq, prev = manifest.first, manifest.segments[0].prev
    for segment in manifest.segments:
        if segment.first != seq or segment.count != manifest.segment_entries:
            return f"it has no whole segment that begins with entry {seq}"
        if segment.prev != prev:
            return f"its segment from entry {seq} on does not follow the one before it"
        seq, prev = seq + segment.count, segment.last
    if seq != manifest.last + 1 or manifest.first % manifest.segment_entries:
        return "its first and last entry are not those of its segments"
    paths = [file.path for file in manifest.all_files]
    if len(set(paths)) != len(paths) or not all(_PATH.fullmatch(path) for path in paths):
        return "it names a file twice, or one that cannot be in a volume"
    if {MANIFEST_NAME, SUMS_NAME} & set(paths):
        return "it names itself"
    missing = {seal_name(segment.first) for segment in manifest.segments} - set(paths)
    return f"it does not name {min(missing)}" if missing else ""
