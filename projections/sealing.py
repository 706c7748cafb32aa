"""Which sealed segments have projections that can be believed, and the making of those that have none.

A projection is made once, by whoever comes first, and only of a segment whose every line was checked against
the chain. It is made anew whenever it cannot be believed; a segment that cannot be is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from eventstore.store import EMPTY, Head
from projections.beginning import believed_beginning, lags, make_beginning
from projections.lines import check_segment
from projections.manifest import KINDS, File, Folder, Kind, Manifest, Part, SealedSegment, digest, stamp
from projections.parquet import ParquetMaker, version
from projections.sealed import Sealed, Source
from projections.superseded import sweep

Progress = Callable[[int, int], None]
"""Is told how much is done, and of how much."""

Record = TypeVar("Record", SealedSegment, Part)


def ensure_sealed(folder: Folder, source: Source, progress: Progress | None = None) -> Sealed:
    """Make the projections that are missing or cannot be believed. Any number of processes may do so at once.

    Raises:
        Corrupt: a segment is damaged.
        OSError: the folder cannot be written.
    """
    made_by = version(source.segment_entries)
    sealed = believed(folder, source, folder.load(made_by))
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
        current = believed(folder, source, manifest)
        if len(current.segments) == len(source.firsts) and lags(current, source):
            manifest.beginning = make_beginning(current, source)
            sweep(folder, manifest)
            folder.save(manifest)
            current = current._replace(beginning=manifest.beginning)
        return current if current.head.seq > sealed.head.seq else sealed
    return sealed


def rebuild(folder: Folder, source: Source, progress: Progress | None = None) -> Sealed:
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


def find_damaged(folder: Folder, segment_entries: int, progress: Progress | None = None) -> list[Path]:
    """Digest every projection.

    Returns:
        Those that are not as they were made, or not there.
    """
    files = list(folder.load(version(segment_entries)).files(folder))
    damaged = []
    for number, (_, path, file) in enumerate(files):
        if not path.exists() or digest(path) != file.sha256:
            damaged.append(path)
        if progress is not None:
            progress(number + 1, len(files))
    return damaged


def discard_damaged(folder: Folder, segment_entries: int) -> list[Path]:
    """Remove every projection that is not as it was made.

    Returns:
        Those that are gone now.
    """
    damaged = find_damaged(folder, segment_entries)
    for path in damaged:
        path.unlink(missing_ok=True)
    return damaged


def believed(folder: Folder, source: Source, manifest: Manifest) -> Sealed:
    """What of the manifest can be believed as it stands, from entry 0 on."""
    segments: list[SealedSegment] = []
    parts: list[Part] = []
    known = {segment.first: segment for segment in manifest.segments}
    wanted = len(source.firsts)
    for part in manifest.parts:
        held = [known.get(first) for first in _firsts(part, source)]
        end = len(segments) + part.segments
        if part.first != len(segments) * source.segment_entries or end > wanted:
            break
        if not all(_is_as_made(folder, part, kind) for kind in KINDS):
            break
        prev = _end(segments)
        for segment in held:
            if segment is None or not _is_believed(source, segment, prev):
                return Sealed(folder, segments, parts, source.segment_entries)
            prev = segment.last
        segments += [segment for segment in held if segment is not None]
        parts.append(part)
    sealed = Sealed(folder, segments, parts, source.segment_entries)
    return sealed._replace(beginning=believed_beginning(sealed, source, manifest.beginning))


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
                if part is None or not self._keep(part):
                    self._make(first)
                if self._progress is not None:
                    self._progress(len(self._sealed.segments), len(firsts))
        finally:
            self._maker.close()
        self._save()
        return self._sealed

    def _keep(self, part: Part) -> bool:
        """Whether a part is right: its segments as they were, and its files, which may have been touched."""
        if part.first + part.segments * self._source.segment_entries > self._source.head.seq + 1:
            return False
        segments: list[SealedSegment] = []
        for first in _firsts(part, self._source):
            known = self._known.get(first)
            if known is None:
                return False
            segment = self._checked(known, _end([*self._sealed.segments, *segments]))
            if segment is None:
                return False
            segments.append(segment)
        files: dict[Kind, File] = {}
        for kind in KINDS:
            path = self._folder.parquet(kind, part.first, part.segments)
            found, made = stamp(path), part.files.get(kind)
            if found is None or made is None or (found != made.stamp and digest(path) != made.sha256):
                return False
            files[kind] = File(found, made.sha256)
        self._take(segments, Part(first=part.first, segments=part.segments, files=files))
        return True

    def _checked(self, segment: SealedSegment, prev: str) -> SealedSegment | None:
        """The segment's record, if it is the one that was projected; its chain is checked if it was touched."""
        if _is_believed(self._source, segment, prev):
            return segment
        before = stamp(self._source.segment(segment.first))
        last = check_segment(self._source.ledger, Head(segment.first - 1, prev), self._source.segment_entries)
        if before is None or last.hash != segment.last or prev != segment.prev:
            return None
        return SealedSegment(
            first=segment.first,
            prev=prev,
            last=segment.last,
            source=before,
            month=segment.month,
            carried=segment.carried,
        )

    def _make(self, first: int) -> None:
        """Check a segment's chain and make its projections."""
        prev = _end(self._sealed.segments)
        before = stamp(self._source.segment(first))
        last = check_segment(self._source.ledger, Head(first - 1, prev), self._source.segment_entries)
        assert before is not None, "a segment that was just read is there"
        made = self._maker.make(
            str(self._source.segment(first)),
            self._sealed.carried_sql(),
            lambda kind: self._folder.parquet(kind, first),
        )
        segment = SealedSegment(
            first=first, prev=prev, last=last.hash, source=before, month=made.month, carried=made.carried
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


def _firsts(part: Part, source: Source) -> list[int]:
    """The segments of a part, by their first entries."""
    return [part.first + number * source.segment_entries for number in range(part.segments)]


def _is_believed(source: Source, segment: SealedSegment, prev: str) -> bool:
    return segment.prev == prev and stamp(source.segment(segment.first)) == segment.source


def _is_as_made(folder: Folder, part: Part, kind: Kind) -> bool:
    made = part.files.get(kind)
    return made is not None and stamp(folder.parquet(kind, part.first, part.segments)) == made.stamp


def _end(segments: list[SealedSegment]) -> str:
    """The hash that the next segment's first entry must name."""
    return segments[-1].last if segments else EMPTY.hash
