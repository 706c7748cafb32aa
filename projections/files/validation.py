"""Which projections are valid, and which are damaged; nothing is made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eventstore.store import EMPTY
from projections.files.active_segment import valid_active_segment
from projections.files.fingerprint import digest, is_same
from projections.files.manifest import KINDS, Kind, Manifest, ProjectionFolder, ProjectionPart, SealedSegment
from projections.files.parquet import version
from projections.files.segment_source import is_same_source
from projections.files.segments import LedgerSegments, ValidProjections

ProgressCallback = Callable[[int, int], None]
"""Called with how much is done, and how much there is to do."""


def find_damaged(
    folder: ProjectionFolder, segment_entries: int, progress: ProgressCallback | None = None
) -> list[Path]:
    """Digest every projection.

    Returns:
        The files that are missing, or not as they were made.
    """
    files = list(folder.load(version(segment_entries)).files(folder))
    damaged = []
    for number, (_, path, file) in enumerate(files):
        if not folder.holds(path) or digest(path) != file.sha256:
            damaged.append(path)
        if progress is not None:
            progress(number + 1, len(files))
    return damaged


def discard_damaged(
    folder: ProjectionFolder, segment_entries: int, progress: ProgressCallback | None = None
) -> list[Path]:
    """Remove every projection that is not as it was made, so that it is made anew.

    Returns:
        The files that were removed or were missing.

    Raises:
        OSError: a file cannot be removed.
    """
    damaged = find_damaged(folder, segment_entries, progress)
    for path in damaged:
        folder.remove(path)
    return damaged


def valid_projections(
    folder: ProjectionFolder, ledger: LedgerSegments, manifest: Manifest, *, digested: bool = False
) -> ValidProjections:
    """The projections of the manifest that are valid, from entry 0 on up to the first that is not.

    Args:
        folder: where the projections are.
        ledger: the ledger.
        manifest: the records of the projections.
        digested: whether a file with another stamp is valid if its digest is the same.
    """
    segments: list[SealedSegment] = []
    parts: list[ProjectionPart] = []
    known = {segment.first: segment for segment in manifest.segments}
    wanted = len(ledger.firsts)
    for part in manifest.parts:
        held = [known.get(first) for first in firsts_of(part, ledger)]
        end = len(segments) + part.segments
        if part.first != len(segments) * ledger.segment_entries or end > wanted:
            break
        if not all(_is_as_made(folder, part, kind, digested) for kind in KINDS):
            break
        prev = end_of(segments)
        for segment in held:
            if segment is None or not _is_valid(ledger, segment, prev, digested):
                return ValidProjections(folder, segments, parts, ledger.segment_entries)
            prev = segment.last
        segments += [segment for segment in held if segment is not None]
        parts.append(part)
    valid = ValidProjections(folder, segments, parts, ledger.segment_entries)
    return valid._replace(
        active_segment=valid_active_segment(valid, ledger, manifest.active_segment, digested=digested)
    )


def unchanged(folder: ProjectionFolder, ledger: LedgerSegments) -> ValidProjections | None:
    """All projections of full segments, if each is byte for byte as it was, even if copied or touched; else None.

    This serves a folder that cannot be written, in which new stamps cannot be noted: each query digests again.
    """
    valid = valid_projections(folder, ledger, folder.load(version(ledger.segment_entries)), digested=True)
    return valid if len(valid.segments) == len(ledger.firsts) else None


def firsts_of(part: ProjectionPart, ledger: LedgerSegments) -> list[int]:
    """The segments of a part, by their first entries."""
    return [part.first + number * ledger.segment_entries for number in range(part.segments)]


def _is_valid(ledger: LedgerSegments, segment: SealedSegment, prev: str, digested: bool) -> bool:
    if segment.prev != prev:
        return False
    return is_same_source(ledger.segment(segment.first), segment.source, segment.sha256, digested)


def _is_as_made(folder: ProjectionFolder, part: ProjectionPart, kind: Kind, digested: bool) -> bool:
    made = part.files.get(kind)
    path = folder.parquet(kind, part.first, part.segments)
    return made is not None and is_same(path, made.stamp, made.sha256, digested)


def end_of(segments: list[SealedSegment]) -> str:
    """The hash that the next segment's first entry must name as `prev`."""
    return segments[-1].last if segments else EMPTY.hash
