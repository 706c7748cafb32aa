"""Which sealed segments have projections that can be believed, and the making of those that have none.

A projection is made once, by whoever comes first, and only of a segment whose every line was checked against
the chain. It is made anew whenever it cannot be believed; a segment that cannot be is reported.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar

from msgspec import structs

from eventstore.errors import Corrupt
from eventstore.store import Head
from projections.files.active_segment import lags, make_beginning
from projections.files.fingerprint import same, stamp
from projections.files.garbage import sweep
from projections.files.ledger_lines import check_segment
from projections.files.manifest import KINDS, File, Folder, Kind, Manifest, Part, Refusal, SealedSegment
from projections.files.parquet import ParquetMaker, version
from projections.files.segments import Sealed, Source
from projections.files.validation import Progress, end_of, firsts_of, valid_projections

Record = TypeVar("Record", SealedSegment, Part)


def ensure_sealed(folder: Folder, source: Source, progress: Progress | None = None) -> Sealed:
    """Make the projections that are missing or cannot be believed. Any number of processes may do so at once.

    Raises:
        Corrupt: a segment is damaged.
        OSError: the folder cannot be written.
    """
    made_by = version(source.segment_entries)
    sealed = valid_projections(folder, source, folder.load(made_by))
    if len(sealed.segments) < len(source.firsts):
        with folder.locked():
            sealed = _Sealing(folder, source, folder.load(made_by), progress).run()
    return sealed


def with_beginning(sealed: Sealed, source: Source) -> Sealed:
    """The same with the beginning of the segment that is not full, made anew if it lags too far behind.

    It only saves time: where it cannot be written, there is none.

    Raises:
        Corrupt: a line of it is damaged.
    """
    if not lags(sealed, source):
        return sealed
    folder, made_by = sealed.folder, version(source.segment_entries)
    with suppress(OSError), folder.locked():
        manifest = folder.load(made_by)
        current = valid_projections(folder, source, manifest)
        if len(current.segments) == len(source.firsts) and lags(current, source):
            manifest.beginning = make_beginning(current, source)
            sweep(folder, manifest)
            folder.save(manifest)
            current = current._replace(beginning=manifest.beginning)
        return current if current.head.seq > sealed.head.seq else sealed
    return sealed


def seal_anew(folder: Folder, source: Source, progress: Progress | None = None) -> Sealed:
    """Make all of them anew, whatever is there; whoever asks meanwhile waits.

    Raises:
        Corrupt: a segment is damaged.
        OSError: the folder cannot be written.
    """
    with folder.locked():
        superseded = folder.load(version(source.segment_entries)).superseded
        manifest = Manifest(version=version(source.segment_entries), superseded=superseded)
        sealed = _Sealing(folder, source, manifest, progress).run()
        manifest = folder.load(manifest.version)
        sweep(folder, manifest)
        folder.save(manifest)
        return sealed


class _Sealing:
    """Under the lock: what `ensure_sealed` does. The manifest is saved after each segment, so no work is lost."""

    def __init__(self, folder: Folder, source: Source, manifest: Manifest, progress: Progress | None) -> None:
        self._folder, self._source, self._manifest, self._progress = folder, source, manifest, progress
        self._known = {segment.first: segment for segment in manifest.segments}
        self._files = {part.first: part for part in manifest.parts}
        self._sealed = Sealed(folder, [], [], source.segment_entries)
        self._maker = ParquetMaker()

    def run(self) -> Sealed:
        """Everything from entry 0 on: kept where it can be believed, and made where it cannot."""
        firsts = self._source.firsts
        try:
            while len(self._sealed.segments) < len(firsts):
                first = firsts[len(self._sealed.segments)]
                part = self._files.get(first)
                try:
                    if part is None or not self._keep(part):
                        self._make(first)
                except Corrupt as problem:
                    self._refuse(problem)
                    raise
                if self._progress is not None:
                    self._progress(len(self._sealed.segments), len(firsts))
        finally:
            self._maker.close()
        self._manifest.refused = None
        self._save()
        return self._sealed

    def _refuse(self, problem: Corrupt) -> None:
        """Note down, where that can be done, why there are no projections from here on."""
        self._manifest.refused = Refusal(
            segment=problem.segment.name, source=stamp(problem.segment), why=str(problem)
        )
        with suppress(OSError):
            self._save()

    def _keep(self, part: Part) -> bool:
        """Whether a part is right: its segments as they were, and its files, which may have been touched."""
        if part.first + part.segments * self._source.segment_entries > self._source.head.seq + 1:
            return False
        segments: list[SealedSegment] = []
        for first in firsts_of(part, self._source):
            known = self._known.get(first)
            if known is None:
                return False
            segment = self._checked(known, end_of([*self._sealed.segments, *segments]))
            if segment is None:
                return False
            segments.append(segment)
        files: dict[Kind, File] = {}
        for kind in KINDS:
            path = self._folder.parquet(kind, part.first, part.segments)
            made = part.files.get(kind)
            found = None if made is None else same(path, made.stamp, made.sha256)
            if made is None or found is None:
                return False
            files[kind] = File(found, made.sha256)
        self._take(segments, Part(first=part.first, segments=part.segments, files=files))
        return True

    def _checked(self, segment: SealedSegment, prev: str) -> SealedSegment | None:
        """The segment's record, if it is the one that was projected.

        Raises:
            Corrupt: it is another one, and damaged.
        """
        if prev != segment.prev:
            return None
        found = same(self._source.segment(segment.first), segment.source, segment.sha256)
        if found is not None:
            return structs.replace(segment, source=found)
        check_segment(self._source.ledger, Head(segment.first - 1, prev), self._source.segment_entries)
        return None

    def _make(self, first: int) -> None:
        """Check a segment's chain and make its projections."""
        prev = end_of(self._sealed.segments)
        before = stamp(self._source.segment(first))
        last, sha256 = check_segment(self._source.ledger, Head(first - 1, prev), self._source.segment_entries)
        assert before is not None, "a segment that was just read is there"
        made = self._maker.make(
            str(self._source.segment(first)),
            self._sealed.carried_sql(),
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
        self._take([segment], Part(first=first, segments=1, files=made.files))
        self._save()

    def _take(self, segments: list[SealedSegment], part: Part) -> None:
        self._sealed.segments.extend(segments)
        self._sealed.parts.append(part)

    def _save(self) -> None:
        """Save what is believed, and what was known of later segments."""
        end = len(self._sealed.segments) * self._source.segment_entries
        self._manifest.segments = [*self._sealed.segments, *_from(self._manifest.segments, end)]
        self._manifest.parts = [*self._sealed.parts, *_from(self._manifest.parts, end)]
        if self._manifest.beginning is not None and self._manifest.beginning.first < end:
            self._manifest.beginning = None  # it is a part of a whole now
        self._folder.save(self._manifest)


def _from(records: list[Record], end: int) -> list[Record]:
    return [record for record in records if record.first >= end]
