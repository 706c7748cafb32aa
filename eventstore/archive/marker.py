"""The marker of an archived segment: a small file beside its seal that says where the segment is now.

`<first>.archived` is one line of JSON, with the hash of its own bytes as a seal has it. A segment without a file in
the ledger's folder is no damage if it has a seal and a marker that agree. If there is the file too, the marker counts
for nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from eventstore.durable import Disk, write_file
from eventstore.own_hash import read_with_own_hash, with_own_hash
from eventstore.segment import marker_name

_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Folder = Annotated[str, msgspec.Meta(pattern=r"^/[^\x00]*\Z", max_length=4096)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """Where an archived segment is.

    Attributes:
        first: the segment's first entry.
        count: how many entries it holds.
        prev: the hash of the entry before its first one.
        root: the root of the tree over its entries alone, in hex.
        manifest: the SHA-256 of the manifest of its volume, in hex.
        folder: the folder of the volume: an absolute path.
        entry: the entry `ledger.archived` that records it.
    """

    first: _Number
    count: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    prev: _Digest
    root: _Digest
    manifest: _Digest
    folder: _Folder
    entry: _Number


def read_marker(folder: Path, first: int) -> Marker | None:
    """A segment's marker; None if it has none.

    Raises:
        ValueError: the marker cannot be read, or its bytes are not those that were written.
        OSError: the system does not let it be read.
    """
    return read_with_own_hash(f"{folder}/{marker_name(first)}", Marker)


def write_marker(disk: Disk, folder: Path, marker: Marker) -> None:
    """Write a segment's marker, or replace it, atomically; it is on disk on return.

    Raises:
        ValueError: the volume's folder has no name that a marker can hold.
        OSError: it cannot be written.
    """
    line = with_own_hash(marker)
    try:
        msgspec.json.decode(line, type=Marker)
    except msgspec.ValidationError as problem:
        raise ValueError(str(problem)) from None
    write_file(disk, folder / marker_name(marker.first), line)
