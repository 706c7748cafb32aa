"""Whether a segment is the one that was projected: by its file or, if it is archived, by its seal."""

from __future__ import annotations

from pathlib import Path

from eventstore.archive.archived_segments import moved_segment
from eventstore.seal import Seal
from eventstore.segment import first_in_name
from projections.files.fingerprint import Stamp, is_same, same, stamp


def is_same_source(path: Path, known: Stamp, sha256: str, digested: bool) -> bool:
    """Whether a segment is as it was, as `fingerprint.is_same` tells of a file; a seal tells of an archived one.

    Raises:
        Corrupt: what stands for an archived segment is not as it was written.
        OSError: it cannot be read.
    """
    if is_same(path, known, sha256, digested):
        return True
    seal = _seal(path)
    return seal is not None and seal.sha256 == sha256


def same_source(path: Path, known: Stamp, sha256: str) -> Stamp | None:
    """The stamp to note of a segment that is as it was, as `fingerprint.same`; None if it is not.

    Raises:
        Corrupt, OSError: see `is_same_source`.
    """
    found = same(path, known, sha256)
    if found is not None:
        return found
    seal = _seal(path)
    return known if seal is not None and seal.sha256 == sha256 else None


def source_stamp(path: Path) -> Stamp:
    """The stamp to note of a segment that is there, or is archived: that of no file, with the right length.

    Raises:
        FileNotFoundError: it is neither.
        Corrupt, OSError: see `is_same_source`.
    """
    found = stamp(path)
    if found is not None:
        return found
    seal = _seal(path)
    if seal is None:
        raise FileNotFoundError(path)
    return Stamp(seal.bytes, 0, 0, 0)


def _seal(path: Path) -> Seal | None:
    """The seal of a segment that is not there because it is archived."""
    first = first_in_name(path.name)
    archived = None if first is None else moved_segment(path.parent, first)
    return None if archived is None else archived.seal
