"""The past: the state as it was after any entry, and the first entry at which something came to hold.

The folded state at the end of every full segment is kept, so that the past costs as little as the present: the
nearest one that was kept, and the entries of one segment after it. They are disposable, and valid only as any
snapshot is: an entry records each (`segment_states`). One that there is not is folded from the one before it and
remembered for as long as the past is asked, so that the entries between the two are folded once.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

import msgspec

from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import Entry, EventStore
from scheduler.home import Home
from scheduler.ledger.state_file import StateFile, state_files
from scheduler.rules.evolve import evolve
from scheduler.rules.state import State

NEAR_ENTRIES = 20_000
"""At most this many entries after an entry are read one by one; beyond them, states are searched by bisection."""
_SEGMENTS_REMEMBERED = 2

OnProgress = Callable[[int, int], None]
"""Given how much of some work is done, and how much there is to do."""


class Past:
    """A ledger's past, up to the head that its store knows.

    Args:
        store: the ledger.
        folder: where states are kept; nothing is written there.
        segment_entries: how many entries a segment holds.
        on_progress: called at the end of each segment that is folded, with how many entries are folded and are to be.
        present: the state after the last entry, encoded as MessagePack, where the caller has it.
    """

    def __init__(
        self,
        store: EventStore,
        folder: Path,
        segment_entries: int,
        on_progress: OnProgress | None = None,
        present: bytes | None = None,
    ) -> None:
        self.store, self._folder, self._segment_entries = store, folder, segment_entries
        self._on_progress, self._present = on_progress, present
        self._segments: dict[int, list[Entry]] = {}
        self._folded: dict[int, bytes] = {}

    @classmethod
    def of(
        cls,
        home: Home,
        store: EventStore,
        on_progress: OnProgress | None = None,
        present: bytes | None = None,
    ) -> Past:
        """The past of a home; of a ledger that is not in files, stretches as long as a segment take its place."""
        files = store.files
        segment_entries = SEGMENT_ENTRIES if files is None else files.segment_entries
        return cls(store, home.segment_states, segment_entries, on_progress, present)

    @property
    def head_seq(self) -> int:
        """The last entry."""
        return self.store.head().seq

    def state_at(self, seq: int) -> State:
        """The state right after entry `seq`, as a copy of its own; the empty one for -1.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says.
        """
        if self._present is not None and seq == self.head_seq:
            return msgspec.msgpack.decode(self._present, type=State)
        state = self._known_at_or_before(seq)
        begin = state.head.seq
        for entry in self.entries(state.head.seq + 1, seq):
            evolve(state, entry)
            if self._is_end(entry.seq):
                self._folded[entry.seq] = zlib.compress(msgspec.msgpack.encode(state), 1)
                if self._on_progress is not None:
                    self._on_progress(entry.seq - begin, seq - begin)
        return state

    def first_where(self, holds: Callable[[State], bool], *, after: int = -1) -> Entry | None:
        """The first entry after `after` that makes something true of the state.

        Args:
            holds: what; once it is true, it must be so for good. It is asked about a handful of segments and the
                entries of one.
            after: an entry; what was true then already is not found.

        Returns:
            None if it does not hold yet.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says.
        """
        ends = self._ends(after)
        found = bisect_left(ends, True, key=lambda seq: holds(self.state_at(seq)))
        begin = ends[found - 1] if found else after
        last = ends[found] if found < len(ends) else self.head_seq
        state = self.state_at(begin)
        for entry in self.entries(begin + 1, last):
            if holds(evolve(state, entry)):
                return entry
        return None

    def seq_at(self, time: datetime) -> int | None:
        """The last entry that had been made at a moment; None if that was before the first.

        `seq` orders entries, `time` does not, for a clock may be set back. So this is a rule: of the segments that
        begin at or before the moment the last one counts, and in it the last entry made at or before the moment.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says.
        """
        if self.head_seq < 0:
            return None
        for first in range(self._first_of(self.head_seq), -1, -self._segment_entries):
            if next(self.store.read(first, first)).time <= time:
                last = min(first + self._segment_entries - 1, self.head_seq)
                return max(entry.seq for entry in self.entries(first, last) if entry.time <= time)
        return None

    def entries(self, first: int, last: int) -> Iterator[Entry]:
        """Entries `first` to `last`, inclusive and checked; whole segments are read, the last few remembered.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says.
        """
        last = min(last, self.head_seq)
        for begin in range(self._first_of(max(first, 0)), last + 1, self._segment_entries):
            segment = self._segment(begin)
            yield from segment[max(0, first - begin) : last - begin + 1]

    def entry(self, seq: int) -> Entry:
        """One entry, which is there."""
        near = self._segments.get(self._first_of(seq))
        return near[seq % self._segment_entries] if near else next(self.store.read(seq, seq))

    @property
    def segment_entries(self) -> int:
        """How many entries a segment holds."""
        return self._segment_entries

    @property
    def segment_ends(self) -> list[int]:
        """The last entries of the full segments."""
        return self._ends(-1)

    def is_kept(self, seq: int) -> bool:
        """Whether the state after entry `seq` is kept, and valid."""
        return self._kept_at(seq) is not None

    def _segment(self, first: int) -> list[Entry]:
        segment = self._segments.pop(first, None)
        if segment is None:
            segment = list(self.store.read(first, first + self._segment_entries - 1))
        self._segments[first] = segment  # the newest is the last to be forgotten
        while len(self._segments) > _SEGMENTS_REMEMBERED:
            del self._segments[next(iter(self._segments))]
        return segment

    def _first_of(self, seq: int) -> int:
        return seq - seq % self._segment_entries

    def _is_end(self, seq: int) -> bool:
        return (seq + 1) % self._segment_entries == 0

    def _ends(self, after: int) -> list[int]:
        """The last entries of the full segments, those after `after`."""
        first = self._first_of(after + 1) + self._segment_entries - 1
        return list(range(first, self.head_seq + 1, self._segment_entries))

    def _known_at_or_before(self, seq: int) -> State:
        """The latest state that was folded here or is kept; the empty one if there is none."""
        for end in range(self._first_of(seq + 1) - 1, -1, -self._segment_entries):
            if (folded := self._folded.get(end)) is not None:
                return msgspec.msgpack.decode(zlib.decompress(folded), type=State)
            state = self._kept_at(end)
            if state is not None:
                return state
        return State()

    def _kept_at(self, seq: int) -> State | None:
        found = (file.state(self.store) for file in self._kept.get(seq, ()))
        return next((state for state in found if state is not None), None)

    @cached_property
    def _kept(self) -> dict[int, list[StateFile]]:
        """The files that may hold states, by the entries that they end at."""
        kept: dict[int, list[StateFile]] = {}
        for file in state_files(self._folder):
            kept.setdefault(file.seq, []).append(file)
        return kept
