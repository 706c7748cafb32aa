"""Merging: the many small files of a long history become few.

The parts of a month that is over become one, and in the month that is not, each eight segments do, and each eight
times eight: so the number of files grows with the months, there are never more than a few of the newest, and no entry
is rewritten more than three times. Merging goes on beside those who ask, beside those who seal, and a process that is
killed at it has lost nothing but its work.
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
    """How many neighbours are merged in a month that is not over yet, and how many segments a file holds at most."""

    batch: int = 8
    most: int = 256


def due(
    parts: list[ProjectionPart], segments: list[SealedSegment], sizes: Sizes
) -> list[list[ProjectionPart]]:
    """Which neighbours are to become one; none of them twice. Pure.

    Args:
        parts: what there is, oldest first, without gaps.
        segments: the segments they were made of.
        sizes: the rules' numbers.
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
    """Merge what is due; nothing if another process is at it.

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
    """Digest what is to be merged: damage must not become part of a valid file."""
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
    """Let the manifest name the new part; 0 if it no longer names the old ones as they were."""
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
    """Remove what was superseded long enough ago."""
    with folder.locked():
        manifest = folder.load(made_by)
        before = dict(manifest.superseded)
        sweep(folder, manifest)
        if manifest.superseded != before:
            folder.save(manifest)


def _filled(group: list[ProjectionPart], most: int) -> list[list[ProjectionPart]]:
    """Chunks of at most so many segments, as full as can be; those of one part are as they should be."""
    chunks: list[list[ProjectionPart]] = [[]]
    for part in group:
        if chunks[-1] and sum(one.segments for one in chunks[-1]) + part.segments > most:
            chunks.append([])
        chunks[-1].append(part)
    return [chunk for chunk in chunks if len(chunk) > 1]


def _batches(group: list[ProjectionPart], sizes: Sizes) -> list[list[ProjectionPart]]:
    """Neighbours that fill a batch, or a batch of batches, exactly; the largest one that can be had."""
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
    """The smaller parts from this one on that hold so many segments together; none if they do not."""
    held = 0
    for end, part in enumerate(group[at:], at + 1):
        held += part.segments
        if held >= segments or part.segments >= segments:
            return group[at:end] if held == segments and end - at > 1 else []
    return []
