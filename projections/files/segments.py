"""What the views read: which projections there are of a ledger, up to their end or up to an earlier entry."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from eventstore.segment import segment_of
from eventstore.store import EMPTY, Head
from projections.files.manifest import KINDS, Beginning, Folder, Kind, Part, SealedSegment
from projections.schema.tables import ENTRY_TYPES, carried_rows, left_open_rows, listed, no_rows

_POSITION: dict[Kind, str] = {"events": "seq", "runs": "settled_seq", "notes": "seq"}
_NOTED = ("seq", "time", "type", "actor", "job", "run", "data")


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


class Sealed(NamedTuple):
    """What has its projections: the views read these, and the ledger's own lines after them.

    Attributes:
        folder: where the projections are.
        segments: the full segments, from entry 0 without gaps.
        parts: the files that hold them; the last one may hold later ones too.
        segment_entries: how many entries a segment holds.
        beginning: the segment after those, as far as it was projected.
        last: the last entry that counts, where that is an earlier one than the last that was projected.
    """

    folder: Folder
    segments: list[SealedSegment]
    parts: list[Part]
    segment_entries: int
    beginning: Beginning | None = None
    last: int | None = None

    @property
    def full(self) -> Sealed:
        """Of full segments alone."""
        return self._replace(beginning=None)

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
        """The last entry that the views read here; of one of the past the hash is not known."""
        if self.last is not None:
            return Head(self.last, "")
        if self.beginning is not None:
            return Head(self.beginning.last, self.beginning.hash)
        return Head(self.end - 1, self.segments[-1].last) if self.segments else EMPTY

    @property
    def offset(self) -> int:
        """Where the entry after `head` begins in its segment."""
        return 0 if self.beginning is None else self.beginning.bytes

    @property
    def carried(self) -> list[int]:
        """`seq` of each entry that causes or starts a run which had not ended by the last full segment's end."""
        return self.segments[-1].carried if self.segments else []

    def until(self, seq: int) -> Sealed:
        """The same up to entry `seq`: what was said by then, they say now."""
        if seq >= self.head.seq:
            return self
        segments = self.segments[: max(0, (seq + 1) // self.segment_entries)]
        parts = [part for part in self.parts if part.first <= seq]
        begun = self.beginning is not None and self.beginning.first <= seq
        return self._replace(
            segments=segments, parts=parts, beginning=self.beginning if begun else None, last=seq
        )

    def files(self, kind: Kind) -> list[str]:
        """The Parquet files of a kind, oldest first."""
        files = [self.folder.parquet(kind, part.first, part.segments) for part in self.parts]
        if self.beginning is not None:
            files.append(self.folder.beginning(kind, self.beginning.first, self.beginning.last))
        return [str(file) for file in files]

    def carried_sql(self) -> str:
        """SQL of the rows of `parts.carried`: what causes or starts a run that had not ended by `head`."""
        if self.last is not None and self.last >= self.end:
            files = self._holding([self.end, self.last, *self.carried])
            return left_open_rows(files, self.end, self.last, self.carried)
        if self.last is None and self.beginning is not None:
            return carried_rows(self._holding(self.beginning.carried), self.beginning.carried)
        return carried_rows(self._holding(self.carried), self.carried)

    def views_sql(self) -> list[str]:
        """SQL that creates the views over the Parquet files."""
        return [f"CREATE OR REPLACE VIEW parts.sealed_{kind} AS {self._rows(kind)}" for kind in KINDS]

    def _holding(self, seqs: list[int]) -> list[str]:
        """The Parquet files that these entries are in."""
        holding = [
            part
            for part in self.parts
            if any(part.first <= seq < part.first + part.segments * self.segment_entries for seq in seqs)
        ]
        beginning = self.beginning
        if beginning is not None and not any(beginning.first <= seq <= beginning.last for seq in seqs):
            beginning = None
        return self._replace(parts=holding, beginning=beginning).files("events")

    def _rows(self, kind: Kind) -> str:
        files = self.files(kind)
        if not files:
            return _nothing(kind)
        until = "" if self.last is None else f" WHERE {_POSITION[kind]} <= {self.last}"
        return f"SELECT * FROM read_parquet({listed(files)}){until}"  # noqa: S608 - quoted paths


def _nothing(kind: Kind) -> str:
    if kind == "runs":
        return "SELECT * FROM parts.ended WHERE false"
    wanted = ENTRY_TYPES if kind == "events" else {name: ENTRY_TYPES[name] for name in _NOTED}
    return no_rows(wanted)
