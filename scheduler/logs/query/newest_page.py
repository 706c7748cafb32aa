"""A page of log entries, the newest first by their times, and the key of the page behind it.

Entries of a day stand in its files as they were collected, mostly in the order of their times, but a line that names
its own time may stand behind younger ones. So all of a day is looked through, from its end; as soon as a page is
full, a line costs no more than to compare its time, and a range whose times are known is not read again. What would
take too long is left, and the page says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import heappushpop
from pathlib import Path
from typing import NamedTuple

from scheduler.logs.query.day_reader import opened_day
from scheduler.logs.query.query import LineFilter, LogFilter, days_of, lines_of
from scheduler.logs.query.range_times import KnownTimes, RangeTimes
from scheduler.logs.storage.entry import TIME_SLICE, LogEntry, time_text
from scheduler.logs.storage.scan import FileRange, blocks, is_fixed


class PageKey(NamedTuple):
    """Where a page begins.

    Attributes:
        time: of the first entries that may stand on it; aware.
        shown: how many of this very time stand on pages before.
    """

    time: datetime
    shown: int = 0


class LogPage(NamedTuple):
    """A page.

    Attributes:
        entries: the newest first; those of the same time as they were collected, the last one first.
        older: the key of the next page; None if there is nothing older.
        cut_at: if time was over, the time of the oldest lines that were looked at; else None.
    """

    entries: list[LogEntry]
    older: PageKey | None
    cut_at: datetime | None


_Ranked = tuple[tuple[str, int, int], LogEntry]
"""Its time, minus the number of its range from the end of the day, its number within the range; and the entry."""


def newest_page(
    folder: Path,
    wanted: LogFilter,
    count: int,
    before: PageKey | None = None,
    *,
    limit_s: float,
    admits: Callable[[LogEntry], bool] = lambda entry: True,
    times: KnownTimes | None = None,
) -> LogPage:
    """A page of wanted entries.

    Args:
        folder: where the day files are.
        wanted: which entries.
        count: how many at most.
        before: the key of the page; None: the first one.
        limit_s: after so long what was found is returned; the first range is always looked through.
        admits: what else is demanded of an entry.
        times: what is known of the files, for whoever asks more than once.

    Raises:
        OSError: a file exists and cannot be read.
    """
    skipped = 0
    if before is not None:
        end = before.time + timedelta(microseconds=1)
        wanted = wanted._replace(until=end if wanted.until is None else min(end, wanted.until))
        skipped = before.shown
    reading = _Reading(wanted, skipped + count + 1, admits, time.monotonic() + limit_s, times or KnownTimes())
    kept: list[LogEntry] = []
    for day in reversed(days_of(folder, wanted)):
        with opened_day(folder, day) as spans:
            kept += reading.newest_of(spans, len(kept))
        if len(kept) > skipped + count or reading.cut_at is not None:
            break
    return _page(kept, skipped, count, reading.cut_at)


def _page(kept: list[LogEntry], skipped: int, count: int, cut_at: str | None) -> LogPage:
    shown = kept[skipped : skipped + count]
    older = None
    if len(kept) > skipped + count:
        last = shown[-1]
        same = sum(entry.time == last.time for entry in kept[: skipped + count])
        older = PageKey(last.instant, same)
    elif cut_at is not None:
        reached = datetime.fromisoformat(cut_at)
        same = sum(entry.time == cut_at for entry in kept)
        older = PageKey(reached, same)
    return LogPage(shown, older, None if cut_at is None else datetime.fromisoformat(cut_at))


class _Reading:
    """Reads day after day until there is enough, or time is over."""

    def __init__(
        self,
        wanted: LogFilter,
        enough: int,
        admits: Callable[[LogEntry], bool],
        until_s: float,
        times: KnownTimes,
    ) -> None:
        self._wanted, self._enough, self._admits, self._until_s = wanted, enough, admits, until_s
        self._times = times
        self.cut_at: str | None = None

    def newest_of(self, spans: list[FileRange], have: int) -> list[LogEntry]:
        """The newest wanted entries of a day, the newest first; with `have` there are enough."""
        room = self._enough - have
        heap: list[_Ranked] = []
        line_filter = LineFilter(self._wanted)
        full = is_whole = False
        for number, span in enumerate(reversed(spans)):
            oldest = ""
            for ranked, first in self._ranked(span, number, line_filter, is_whole):
                oldest = min(oldest or first, first)
                for each in ranked:
                    if len(heap) < room:
                        heap.append(each)
                        if len(heap) == room:
                            heap.sort(key=lambda one: one[0])
                    elif each[0] > heap[0][0]:
                        heappushpop(heap, each)
            is_whole = is_whole or oldest != ""  # a line begins behind the ranges that follow
            if len(heap) == room and (not full or number % 8 == 0):
                # Only what is not older than the oldest that is kept can still matter.
                full = True
                line_filter = LineFilter(self._wanted._replace(since=heap[0][1].instant))
            # Each page gets further back than the one before, however little time there is.
            onward = oldest and (
                self._wanted.until is None
                or oldest < time_text(self._wanted.until - timedelta(microseconds=1))
            )
            if onward and time.monotonic() > self._until_s and number + 1 < len(spans):
                self.cut_at = oldest
                break
        heap.sort(key=lambda one: one[0], reverse=True)
        # Older ones that were collected late stand on a later page, with those of their time.
        least = self.cut_at or ""
        return [entry for _, entry in heap if entry.time >= least]

    def _ranked(
        self, span: FileRange, number: int, line_filter: LineFilter, is_whole: bool
    ) -> Iterator[tuple[list[_Ranked], str]]:
        """The wanted entries of each block of a range, and the time of its first line."""
        known = self._times.of(span)
        if known is not None and not line_filter.overlaps(known):
            yield [], known.first.decode("ascii", "replace")
            return
        place = 0
        seen: list[RangeTimes] = []
        for block in blocks(span):
            ranked: list[_Ranked] = []
            looks = known is None and line_filter.asks_for_times
            times = RangeTimes.of(lines_of(block)) if looks else None
            if times is not None:
                seen.append(times)
            if times is None or line_filter.overlaps(times):
                for entry in line_filter.admitted(block):
                    place += 1
                    if self._admits(entry):
                        ranked.append(((entry.time, -number, place), entry))
            yield ranked, block[TIME_SLICE].decode("ascii", "replace")
        if seen and is_whole and is_fixed(span):
            self._times.remember(span, RangeTimes.merged(seen))
