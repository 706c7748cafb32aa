"""Making the projections of full segments and of the active one, if there are no valid ones.

A projection is made once, by the first process that needs it, and only from a segment of which every line was checked
against the chain. It is made anew if it is no longer valid. A damaged segment is reported.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar

from msgspec import structs

from eventstore.errors import Corrupt
from eventstore.reader import segment_descriptor
from eventstore.store import Head
from projections.files.active_segment import lags, project_active_segment
from projections.files.fingerprint import same, stamp
from projections.files.garbage import sweep
from projections.files.ledger_lines import check_segment
from projections.files.manifest import (
    KINDS,
    Kind,
    Manifest,
    ProjectionFile,
    ProjectionFolder,
    ProjectionPart,
    Refusal,
    SealedSegment,
)
from projections.files.parquet import ParquetMaker, version
from projections.files.segment_source import same_source, source_stamp
from projections.files.segments import LedgerSegments, ValidProjections
from projections.files.validation import ProgressCallback, end_of, firsts_of, valid_projections

Record = TypeVar("Record", SealedSegment, ProjectionPart)


def ensure_projected(
    folder: ProjectionFolder, ledger: LedgerSegments, progress: ProgressCallback | None = None
) -> ValidProjections:
    """Make the projections that are missing or not valid; any number of processes may call this at once.

    Raises:
        Corrupt: a segment is damaged.
        Archived: a segment is archived, and cannot be read there.
        OSError: the folder cannot be written.
    """
    made_by = version(ledger.segment_entries)
    valid = valid_projections(folder, ledger, folder.load(made_by))
    if len(valid.segments) < len(ledger.firsts):
        with folder.locked():
            valid = _Builder(folder, ledger, folder.load(made_by), progress).run()
    return valid


def with_active_segment(valid: ValidProjections, ledger: LedgerSegments) -> ValidProjections:
    """The same projections with that of the active segment, which is made anew if it lags too far behind.

    The projection of the active segment only saves time: if it cannot be written, it is left out.

    Raises:
        Corrupt: a line of the active segment is damaged.
    """
    if not lags(valid, ledger):
        return valid
    folder, made_by = valid.folder, version(ledger.segment_entries)
    with suppress(OSError), folder.locked():
        manifest = folder.load(made_by)
        current = valid_projections(folder, ledger, manifest)
        if len(current.segments) == len(ledger.firsts) and lags(current, ledger):
            manifest.active_segment = project_active_segment(current, ledger)
            sweep(folder, manifest)
            folder.save(manifest)
            current = current._replace(active_segment=manifest.active_segment)
        return current if current.head.seq > valid.head.seq else valid
    return valid


def project_anew(
    folder: ProjectionFolder, ledger: LedgerSegments, progress: ProgressCallback | None = None
) -> ValidProjections:
    """Make all projections anew, valid or not; processes that need them meanwhile wait.

    Raises:
        Corrupt: a segment is damaged.
        Archived: a segment is archived, and cannot be read there.
        OSError: the folder cannot be written.
    """
    for first in ledger.firsts:
        # What is made of an archived segment is not given up while the archive cannot be read.
        if not ledger.segment(first).exists():
            with segment_descriptor(ledger.segment(first), first):
                pass
    with folder.locked():
        superseded = folder.load(version(ledger.segment_entries)).superseded
        manifest = Manifest(version=version(ledger.segment_entries), superseded=superseded)
        valid = _Builder(folder, ledger, manifest, progress).run()
        manifest = folder.load(manifest.version)
        sweep(folder, manifest)
        folder.save(manifest)
        return valid


class _Builder:
    """The work of `ensure_projected` under the lock; the manifest is saved after each segment, so no work is lost."""

    def __init__(
        self,
        folder: ProjectionFolder,
        ledger: LedgerSegments,
        manifest: Manifest,
        progress: ProgressCallback | None,
    ) -> None:
        self._folder, self._ledger, self._manifest, self._progress = folder, ledger, manifest, progress
        self._known = {segment.first: segment for segment in manifest.segments}
        self._files = {part.first: part for part in manifest.parts}
        self._valid = ValidProjections(folder, [], [], ledger.segment_entries)
        self._maker = ParquetMaker()

    def run(self) -> ValidProjections:
        """The projections from entry 0 on: those that are valid are kept, the others are made."""
        firsts = self._ledger.firsts
        try:
            while len(self._valid.segments) < len(firsts):
                first = firsts[len(self._valid.segments)]
                part = self._files.get(first)
                try:
                    if part is None or not self._keep(part):
                        self._make(first)
                except Corrupt as problem:
                    self._refuse(problem)
                    raise
                if self._progress is not None:
                    self._progress(len(self._valid.segments), len(firsts))
        finally:
            self._maker.close()
        self._manifest.refused = None
        self._save()
        return self._valid

    def _refuse(self, problem: Corrupt) -> None:
        """Note in the manifest, if it can be written, why there are no projections from here on."""
        self._manifest.refused = Refusal(
            segment=problem.segment.name, source=stamp(problem.segment), why=str(problem)
        )
        with suppress(OSError):
            self._save()

    def _keep(self, part: ProjectionPart) -> bool:
        """Take a part over if its segments and files are as they were, even if touched; False if they are not."""
        if part.first + part.segments * self._ledger.segment_entries > self._ledger.head.seq + 1:
            return False
        segments: list[SealedSegment] = []
        for first in firsts_of(part, self._ledger):
            known = self._known.get(first)
            if known is None:
                return False
            segment = self._checked(known, end_of([*self._valid.segments, *segments]))
            if segment is None:
                return False
            segments.append(segment)
        files: dict[Kind, ProjectionFile] = {}
        for kind in KINDS:
            path = self._folder.parquet(kind, part.first, part.segments)
            made = part.files.get(kind)
            found = None if made is None else same(path, made.stamp, made.sha256)
            if made is None or found is None:
                return False
            files[kind] = ProjectionFile(found, made.sha256)
        self._take(segments, ProjectionPart(first=part.first, segments=part.segments, files=files))
        return True

    def _checked(self, segment: SealedSegment, prev: str) -> SealedSegment | None:
        """The segment's record with its present stamp; None if the segment is not the one that was projected.

        Raises:
            Corrupt: the segment is another one, and damaged.
        """
        if prev != segment.prev:
            return None
        found = same_source(self._ledger.segment(segment.first), segment.source, segment.sha256)
        if found is not None:
            return structs.replace(segment, source=found)
        check_segment(self._ledger.folder, Head(segment.first - 1, prev), self._ledger.segment_entries)
        return None

    def _make(self, first: int) -> None:
        """Check a segment's chain and make its projections."""
        prev = end_of(self._valid.segments)
        path = self._ledger.segment(first)
        with segment_descriptor(path, first) as fd:
            before = source_stamp(path)
            last, sha256 = check_segment(
                self._ledger.folder, Head(first - 1, prev), self._ledger.segment_entries
            )
            made = self._maker.make(
                f"/proc/self/fd/{fd}",
                self._valid.carried_sql(),
                lambda kind: self._folder.parquet(kind, first),
            )
        segment = SealedSegment(
            first=first,
            prev=prev,
            last=last.hash,
            source=before,
            sha256=sha256,
            month=made.month,
            carried=made.carried,
        )
        self._take([segment], ProjectionPart(first=first, segments=1, files=made.files))
        self._save()

    def _take(self, segments: list[SealedSegment], part: ProjectionPart) -> None:
        self._valid.segments.extend(segments)
        self._valid.parts.append(part)

    def _save(self) -> None:
        """Save the records that are valid, and the old records of later segments."""
        end = len(self._valid.segments) * self._ledger.segment_entries
        self._manifest.segments = [*self._valid.segments, *_from(self._manifest.segments, end)]
        self._manifest.parts = [*self._valid.parts, *_from(self._manifest.parts, end)]
        if self._manifest.active_segment is not None and self._manifest.active_segment.first < end:
            # Its entries are in the projection of a full segment now.
            self._manifest.active_segment = None
        self._folder.save(self._manifest)


def _from(records: list[Record], end: int) -> list[Record]:
    return [record for record in records if record.first >= end]
