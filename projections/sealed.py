"""What the views read: which projections there are of a ledger, up to the end or up to an earlier entry."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from eventstore.segment import segment_of
from eventstore.store import EMPTY, Head
from projections.manifest import KINDS, Folder, Kind, Part, SealedSegment
from projections.schema import ENTRY_TYPES, carried_rows, listed, no_rows

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
    """The sealed segments that have their projections: the views read these, and JSONL after them.

    Attributes:
        folder: where the projections are.
        segments: the segments, from entry 0 without gaps.
        parts: the files that hold them; the last one may hold later ones too.
        segment_entries: how many entries a segment holds.
    """

    folder: Folder
    segments: list[SealedSegment]
    parts: list[Part]
    segment_entries: int

    @property
    def firsts(self) -> list[int]:
        """The segments, by their first entries."""
        return [segment.first for segment in self.segments]

    @property
    def head(self) -> Head:
        """The last entry of the last of them."""
        if not self.segments:
            return EMPTY
        return Head(self.segments[-1].first + self.segment_entries - 1, self.segments[-1].last)

    @property
    def carried(self) -> list[int]:
        """`seq` of each entry in them that causes or starts a run which had not ended by `head`."""
        return self.segments[-1].carried if self.segments else []

    def until(self, seq: int) -> Sealed:
        """Those that end with this entry or before it: what they said then, they say now."""
        segments = self.segments[: max(0, (seq + 1) // self.segment_entries)]
        end = len(segments) * self.segment_entries
        return self._replace(segments=segments, parts=[part for part in self.parts if part.first < end])

    def files(self, kind: Kind) -> list[str]:
        """The Parquet files of a kind, oldest first."""
        return [str(self.folder.parquet(kind, part.first, part.segments)) for part in self.parts]

    def carried_sql(self) -> str:
        """SQL of the rows of `parts.carried`."""
        return carried_rows(self.holding_carried(), self.carried)

    def holding_carried(self) -> list[str]:
        """The Parquet files that the carried entries are in."""
        seqs = self.carried
        holding = [part for part in self.parts if any(part.first <= seq < self._end(part) for seq in seqs)]
        return self._replace(parts=holding).files("events")

    def views_sql(self) -> list[str]:
        """SQL that creates the views over the Parquet files."""
        return [f"CREATE OR REPLACE VIEW parts.sealed_{kind} AS {self._rows(kind)}" for kind in KINDS]

    def _rows(self, kind: Kind) -> str:
        if not self.parts:
            return _nothing(kind)
        beyond = self._end(self.parts[-1]) > self.head.seq + 1
        until = f" WHERE {_POSITION[kind]} <= {self.head.seq}" if beyond else ""
        return f"SELECT * FROM read_parquet({listed(self.files(kind))}){until}"  # noqa: S608 - quoted paths

    def _end(self, part: Part) -> int:
        return part.first + part.segments * self.segment_entries


def _nothing(kind: Kind) -> str:
    if kind == "runs":
        return "SELECT * FROM parts.ended WHERE false"
    wanted = ENTRY_TYPES if kind == "events" else {name: ENTRY_TYPES[name] for name in _NOTED}
    return no_rows(wanted)
