"""The segments of a ledger in files, and their valid projections, which the views read."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from eventstore.segment import segment_of
from eventstore.store import EMPTY, Head
from projections.files.manifest import (
    KINDS,
    ActiveSegment,
    Kind,
    ProjectionFolder,
    ProjectionPart,
    SealedSegment,
)
from projections.schema.literals import listed, no_rows
from projections.schema.tables import ENTRY_TYPES, NOTED, carried_rows, left_open_rows

_POSITION: dict[Kind, str] = {"events": "seq", "runs": "settled_seq", "notes": "seq"}


class LedgerSegments(NamedTuple):
    """A ledger in files, as its projections see it.

    Attributes:
        folder: where its segments are.
        head: its last entry.
        segment_entries: how many entries a segment holds.
    """

    folder: Path
    head: Head
    segment_entries: int

    @property
    def firsts(self) -> list[int]:
        """The first entries of the sealed segments."""
        return list(range(0, self.head.seq + 2 - self.segment_entries, self.segment_entries))

    def segment(self, first: int) -> Path:
        """The segment that begins with entry `first`."""
        return segment_of(self.folder, first, self.segment_entries)


class ValidProjections(NamedTuple):
    """The projections that are valid: the views read these, and the ledger's own lines after them.

    Attributes:
        folder: where the projections are.
        segments: the full segments, from entry 0 without gaps.
        parts: the files that hold them; the last part may hold later segments too.
        segment_entries: how many entries a segment holds.
        active_segment: the segment after those, as far as it was projected.
        last: the last entry that the views may read; None: all that was projected.
    """

    folder: ProjectionFolder
    segments: list[SealedSegment]
    parts: list[ProjectionPart]
    segment_entries: int
    active_segment: ActiveSegment | None = None
    last: int | None = None

    @property
    def full(self) -> ValidProjections:
        """The same, without the active segment."""
        return self._replace(active_segment=None)

    @property
    def firsts(self) -> list[int]:
        """The segments, by their first entries."""
        return [segment.first for segment in self.segments]

    @property
    def end(self) -> int:
        """The entry after the full segments."""
        return len(self.segments) * self.segment_entries

    @property
    def head(self) -> Head:
        """The last entry that the views read from projections; its hash is empty if `last` is set."""
        if self.last is not None:
            return Head(self.last, "")
        if self.active_segment is not None:
            return Head(self.active_segment.last, self.active_segment.hash)
        return Head(self.end - 1, self.segments[-1].last) if self.segments else EMPTY

    @property
    def offset(self) -> int:
        """Where the entry after `head` begins in its segment."""
        return 0 if self.active_segment is None else self.active_segment.bytes

    @property
    def carried(self) -> list[int]:
        """The `seq` of each entry that causes or starts a run that had not ended by the last full segment's end."""
        return self.segments[-1].carried if self.segments else []

    def until(self, seq: int) -> ValidProjections:
        """The same projections up to entry `seq`, for answers about that moment of the past."""
        if seq >= self.head.seq:
            return self
        segments = self.segments[: max(0, (seq + 1) // self.segment_entries)]
        parts = [part for part in self.parts if part.first <= seq]
        begun = self.active_segment is not None and self.active_segment.first <= seq
        return self._replace(
            segments=segments, parts=parts, active_segment=self.active_segment if begun else None, last=seq
        )

    def files(self, kind: Kind) -> list[str]:
        """The Parquet files of a kind, oldest first."""
        files = [self.folder.parquet(kind, part.first, part.segments) for part in self.parts]
        if self.active_segment is not None:
            files.append(
                self.folder.active_parquet(kind, self.active_segment.first, self.active_segment.last)
            )
        return [str(file) for file in files]

    def carried_sql(self) -> str:
        """SQL of the rows of `parts.carried`: the entries that cause or start a run that had not ended by `head`."""
        if self.last is not None and self.last >= self.end:
            files = self._holding([self.end, self.last, *self.carried])
            return left_open_rows(files, self.end, self.last, self.carried)
        if self.last is None and self.active_segment is not None:
            return carried_rows(self._holding(self.active_segment.carried), self.active_segment.carried)
        return carried_rows(self._holding(self.carried), self.carried)

    def views_sql(self) -> list[str]:
        """SQL that creates the views over the Parquet files."""
        return [self.view_sql(kind) for kind in KINDS]

    def view_sql(self, kind: Kind) -> str:
        """SQL that creates the view over the Parquet files of a kind; without, that of runs reads `parts.ended`."""
        return f"CREATE OR REPLACE VIEW parts.sealed_{kind} AS {self._rows(kind)}"

    def _holding(self, seqs: list[int]) -> list[str]:
        """The Parquet files that hold these entries."""
        holding = [
            part
            for part in self.parts
            if any(part.first <= seq < part.first + part.segments * self.segment_entries for seq in seqs)
        ]
        active = self.active_segment
        if active is not None and not any(active.first <= seq <= active.last for seq in seqs):
            active = None
        return self._replace(parts=holding, active_segment=active).files("events")

    def _rows(self, kind: Kind) -> str:
        files = self.files(kind)
        if not files:
            return _nothing(kind)
        until = "" if self.last is None else f" WHERE {_POSITION[kind]} <= {self.last}"
        return f"SELECT * FROM read_parquet({listed(files)}){until}"  # noqa: S608 - quoted paths


def _nothing(kind: Kind) -> str:
    if kind == "runs":
        return "SELECT * FROM parts.ended WHERE false"
    wanted = ENTRY_TYPES if kind == "events" else {name: ENTRY_TYPES[name] for name in NOTED}
    return no_rows(wanted)
