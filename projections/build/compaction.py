"""Merging: the many small files of a long history become few.

The parts of a past month are merged into one part. In the current month, eight segments are merged into one part, and
eight such parts into a larger one. So the number of files grows with the number of months, there are only a few small
files, and no entry is rewritten more than three times. Queries and sealing continue during a merge. If a merging
process is killed, only its work is lost.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from projections.files.fingerprint import digest, stamp
from projections.files.garbage import sweep
from projections.files.manifest import KINDS, Manifest, ProjectionFolder, ProjectionPart, SealedSegment
from projections.files.parquet import merge_parquet, version
from projections.files.validation import ProgressCallback


class Sizes(NamedTuple):
    """How many neighbours are merged in the current month, and how many segments a file may hold."""

    batch: int = 8
    most: int = 256


def due(
    parts: list[ProjectionPart], segments: list[SealedSegment], sizes: Sizes
) -> list[list[ProjectionPart]]:
    """Which neighbours are to be merged, each in one merge at most; a pure function.

    Args:
        parts: the existing parts, oldest first, without gaps.
        segments: the segments from which they were made.
        sizes: the numbers of the rules.
    """
    months = {segment.first: segment.month for segment in segments}
    grouped = [list(group) for _, group in groupby(parts, key=lambda part: months.get(part.first))]
    over = [chunk for group in grouped[:-1] for chunk in _filled(group, sizes.most)]
    return [*over, *(_batches(grouped[-1], sizes) if grouped else [])]


def merge(
    folder: ProjectionFolder,
    segment_entries: int,
    sizes: Sizes | None = None,
    progress: ProgressCallback | None = None,
) -> int:
    """Merge what is due; do nothing if another process is merging.

    Returns:
        How many files of each kind were made.

    Raises:
        OSError: a file cannot be read or written.
    """
    made_by = version(segment_entries)
    merged = 0
    with folder.merging() as alone:
        if not alone:
            return 0
        manifest = folder.load(made_by)
        todo = due(manifest.parts, manifest.segments, sizes or Sizes())
        for number, neighbours in enumerate(todo):
            if _are_as_made(folder, neighbours):
                merged += _replace(folder, made_by, neighbours, _merged(folder, neighbours))
            if progress is not None:
                progress(number + 1, len(todo))
        if not merged and manifest.superseded:
            _sweep(folder, made_by)
    return merged


def _are_as_made(folder: ProjectionFolder, neighbours: list[ProjectionPart]) -> bool:
    """Whether the files to be merged have their digests: damage must not become part of a valid file."""
    return all(
        stamp(path) is not None and digest(path) == file.sha256
        for part in neighbours
        for kind, file in part.files.items()
        for path in [folder.parquet(kind, part.first, part.segments)]
    )


def _merged(folder: ProjectionFolder, neighbours: list[ProjectionPart]) -> ProjectionPart:
    first, count = neighbours[0].first, sum(part.segments for part in neighbours)
    files = {
        kind: merge_parquet(
            folder,
            kind,
            [str(folder.parquet(kind, part.first, part.segments)) for part in neighbours],
            folder.parquet(kind, first, count),
        )
        for kind in KINDS
    }
    return ProjectionPart(first=first, segments=count, files=files)


def _replace(
    folder: ProjectionFolder, made_by: str, neighbours: list[ProjectionPart], merged: ProjectionPart
) -> int:
    """Put the new part into the manifest; returns 0 if the manifest no longer has the old parts as they were."""
    with folder.locked():
        manifest: Manifest = folder.load(made_by)
        if not all(part in manifest.parts for part in neighbours):
            return 0
        others = [part for part in manifest.parts if part not in neighbours]
        manifest.parts = sorted([*others, merged], key=lambda part: part.first)
        sweep(folder, manifest)
        folder.save(manifest)
    return 1


def _sweep(folder: ProjectionFolder, made_by: str) -> None:
    """Remove the files that were superseded long enough ago."""
    with folder.locked():
        manifest = folder.load(made_by)
        before = dict(manifest.superseded)
        sweep(folder, manifest)
        if manifest.superseded != before:
            folder.save(manifest)


def _filled(group: list[ProjectionPart], most: int) -> list[list[ProjectionPart]]:
    """Chunks of at most `most` segments, as full as possible; chunks of a single part are left out."""
    chunks: list[list[ProjectionPart]] = [[]]
    for part in group:
        if chunks[-1] and sum(one.segments for one in chunks[-1]) + part.segments > most:
            chunks.append([])
        chunks[-1].append(part)
    return [chunk for chunk in chunks if len(chunk) > 1]


def _batches(group: list[ProjectionPart], sizes: Sizes) -> list[list[ProjectionPart]]:
    """Neighbours that exactly fill a batch, or a batch of batches; at each place the largest possible one."""
    wanted = [sizes.batch]
    while wanted[0] * sizes.batch <= sizes.most:
        wanted.insert(0, wanted[0] * sizes.batch)
    batches: list[list[ProjectionPart]] = []
    at = 0
    while at < len(group):
        chunk = next(filter(None, (_exactly(group, at, segments) for segments in wanted)), None)
        batches += [] if chunk is None else [chunk]
        at += 1 if chunk is None else len(chunk)
    return batches


def _exactly(group: list[ProjectionPart], at: int, segments: int) -> list[ProjectionPart]:
    """The smaller parts from index `at` on that together hold exactly `segments` segments; none if there are none."""
    held = 0
    for end, part in enumerate(group[at:], at + 1):
        held += part.segments
        if held >= segments or part.segments >= segments:
            return group[at:end] if held == segments and end - at > 1 else []
    return []
