"""Which sealed segments have a projection that can be believed, and the making of those that have none.

A projection is made once, by whoever comes first, and only of a segment whose every line was checked against
the chain. It is made anew whenever it cannot be believed; a segment that cannot be is reported.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from eventstore.segment import segment_of
from eventstore.store import EMPTY, Head
from projections.lines import check_segment
from projections.manifest import Folder, Manifest, SealedSegment, digest, stamp
from projections.parquet import Made, ParquetMaker, version


class Sealed(NamedTuple):
    """The sealed segments that have their projection: the views read these, and JSONL after them.

    Attributes:
        folder: where the projections are.
        firsts: the segments, by their first entries, from entry 0 without gaps.
        head: the last entry of the last of them.
        carried: `seq` of each entry in them that causes or starts a run which had not ended by `head`.
    """

    folder: Folder
    firsts: list[int]
    head: Head
    carried: list[int]

    @property
    def files(self) -> list[str]:
        """The Parquet files, oldest first."""
        return [str(self.folder.parquet(first)) for first in self.firsts]

    def files_of(self, seqs: list[int]) -> list[str]:
        """The Parquet files that these entries are in."""
        entries = (self.head.seq + 1) // max(1, len(self.firsts))
        return [str(self.folder.parquet(first)) for first in sorted({seq - seq % entries for seq in seqs})]


class Source(NamedTuple):
    """The ledger as projections see it.

    Attributes:
        ledger: its folder.
        head: its last entry.
        segment_entries: how many entries a segment holds.
    """

    ledger: Path
    head: Head
    segment_entries: int

    @property
    def firsts(self) -> list[int]:
        """The first entries of the sealed segments."""
        return list(range(0, self.head.seq + 2 - self.segment_entries, self.segment_entries))

    def segment(self, first: int) -> Path:
        """The segment that begins with this entry."""
        return segment_of(self.ledger, first, self.segment_entries)


def ensure_sealed(folder: Folder, source: Source, max_segments: int | None = None) -> Sealed:
    """Make the projections that are missing or cannot be believed. Any number of processes may do so at once.

    Args:
        folder: where they are.
        source: the ledger.
        max_segments: make at most this many now; what is left then counts as recent.

    Raises:
        Corrupt: a segment is damaged.
        OSError: the folder cannot be written.
    """
    made_by = version(source.segment_entries)
    good = _believed(folder, source, folder.load(made_by))
    if len(good) < len(source.firsts) and max_segments != 0:
        with folder.locked():
            good = _make(folder, source, folder.load(made_by), max_segments)
    head = Head(good[-1].first + source.segment_entries - 1, good[-1].last) if good else EMPTY
    ended = {run for record in good for run in record.late}
    carried = [seq for record in good for run, seq in record.opened if run not in ended]
    return Sealed(folder, [record.first for record in good], head, carried)


def rebuild(folder: Folder, source: Source) -> Sealed:
    """Make all of them anew, whatever is there.

    Raises:
        Corrupt: a segment is damaged.
        OSError: the folder cannot be written.
    """
    with folder.locked():
        for path in folder.events.glob("*.parquet"):
            path.unlink(missing_ok=True)
        folder.save(Manifest(version=version(source.segment_entries)))
    return ensure_sealed(folder, source)


def discard_damaged(folder: Folder, segment_entries: int) -> list[Path]:
    """Digest every projection and remove those that are not as they were made.

    Returns:
        What was removed.
    """
    damaged = []
    for record in folder.load(version(segment_entries)).segments:
        path = folder.parquet(record.first)
        if stamp(path) is not None and digest(path) != record.sha256:
            path.unlink(missing_ok=True)
            damaged.append(path)
    return damaged


def _believed(folder: Folder, source: Source, manifest: Manifest) -> list[SealedSegment]:
    """The records, from entry 0 on, up to the first that is missing or not to be believed."""
    good: list[SealedSegment] = []
    for first, record in zip(source.firsts, manifest.segments, strict=False):
        if record.first != first or not _is_believed(folder, source, record, _end(good)):
            break
        good.append(record)
    return good


def _make(
    folder: Folder, source: Source, manifest: Manifest, max_segments: int | None
) -> list[SealedSegment]:
    """Under the lock: what `ensure_sealed` does. The manifest is saved after each, so no work is lost."""
    known = {record.first: record for record in manifest.segments}
    good: list[SealedSegment] = []
    made = 0
    maker = ParquetMaker(folder, source.ledger, source.segment_entries)
    try:
        for first in source.firsts:
            record = known.get(first)
            if record is None or not _is_believed(folder, source, record, _end(good)):
                if made == max_segments:
                    break
                made += 1
                known[first] = _make_or_mend(maker, folder, source, Head(first - 1, _end(good)), record)
                records = [known[number] for number in sorted(known)]
                folder.save(Manifest(version=manifest.version, segments=records, database=manifest.database))
            good.append(known[first])
    finally:
        maker.close()
    return good


def _make_or_mend(
    maker: ParquetMaker, folder: Folder, source: Source, before: Head, record: SealedSegment | None
) -> SealedSegment:
    """The record of the segment after `before`: its chain checked, its projection made unless it is right."""
    first = before.seq + 1
    segment_stamp = stamp(source.segment(first))
    last = check_segment(source.ledger, before, source.segment_entries)
    assert segment_stamp is not None, "a segment that was just read is there"
    target = folder.parquet(first)
    found = stamp(target)
    if record is None or record.last != last.hash or found is None or digest(target) != record.sha256:
        made = maker.make(first, last.hash)
    else:
        made = Made(found, record.sha256, record.opened, record.late)
    return SealedSegment(
        first=first,
        prev=before.hash,
        last=last.hash,
        source=segment_stamp,
        parquet=made.parquet,
        sha256=made.sha256,
        opened=made.opened,
        late=made.late,
    )


def _is_believed(folder: Folder, source: Source, record: SealedSegment, prev: str) -> bool:
    return (
        record.prev == prev
        and stamp(source.segment(record.first)) == record.source
        and stamp(folder.parquet(record.first)) == record.parquet
    )


def _end(records: list[SealedSegment]) -> str:
    """The hash that the next segment's first entry must name."""
    return records[-1].last if records else EMPTY.hash
