"""Reading the log entries that a filter admits: the newest ones, or all in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from scheduler.logs.query.day_reader import opened_day
from scheduler.logs.query.filter import Pattern
from scheduler.logs.query.merge import in_order
from scheduler.logs.query.parallel import results
from scheduler.logs.query.range_times import RangeTimes
from scheduler.logs.storage.day_files import day_files
from scheduler.logs.storage.entry import (
    LEVEL_OFFSET,
    LEVELS,
    TIME_SLICE,
    Level,
    LogEntry,
    Stream,
    decode_lines,
    encode_lines,
    time_text,
)
from scheduler.logs.storage.scan import FileRange, blocks, lines_with

_BATCH_LINES = 4_096
_ALONE_SPANS = 2
"""This many of the newest ranges of a day are read without a second process: they are small and often suffice."""
SHARED_BYTES = 8 * 1024 * 1024
"""If more than this is left to search, a second process is worth its start (some milliseconds)."""


class LogFilter(NamedTuple):
    """Which entries are wanted; a member that is None does not restrict.

    Attributes:
        level: entries of this level and those above.
        since: entries of this time or later; until: entries before this time.
        job, run, attempt, stream: entries of these.
        pattern: entries in which this is found.
    """

    level: Level | None = None
    since: datetime | None = None
    until: datetime | None = None
    job: str | None = None
    run: int | None = None
    attempt: int | None = None
    stream: Stream | None = None
    pattern: Pattern | None = None

    def admits(self, entry: LogEntry) -> bool:
        """Whether an entry is wanted."""
        if self.level is not None and LEVELS.index(entry.level) < LEVELS.index(self.level):
            return False
        if self.since is not None and entry.time < time_text(self.since):
            return False
        if self.until is not None and entry.time >= time_text(self.until):
            return False
        return self.is_about(entry) and (self.pattern is None or self.pattern.matches(entry))

    def is_about(self, entry: LogEntry) -> bool:
        """Whether an entry is of the job, run, attempt and stream that are wanted."""
        if (self.job is not None and entry.job != self.job) or (
            self.run is not None and entry.run != self.run
        ):
            return False
        if self.attempt is not None and entry.attempt != self.attempt:
            return False
        return self.stream is None or entry.stream == self.stream


def newest(
    folder: Path, wanted: LogFilter, count: int, ends: Mapping[str, int] | None = None
) -> list[LogEntry]:
    """The `count` wanted entries that were collected last, in the order of their times.

    Args:
        folder: where the day files are.
        wanted: which entries.
        count: how many at most.
        ends: how much of each growing file counts, in bytes, by its name; None: all that is there now.
    """
    found: list[LogEntry] = []
    line_filter = LineFilter(wanted)
    for day in reversed(days_of(folder, wanted)):
        with opened_day(folder, day, ends) as spans:
            for entries in _last_of(spans, line_filter, count - len(found)):
                found[:0] = entries[max(0, len(entries) - (count - len(found))) :]
                if len(found) >= count:
                    break
        if len(found) >= count:
            break
    found.sort(key=lambda entry: entry.time)
    return found


def as_collected(folder: Path, wanted: LogFilter) -> Iterator[LogEntry]:
    """All wanted entries, day by day, in the order in which they stand in the files; memory stays bounded."""
    line_filter = LineFilter(wanted)
    for day in days_of(folder, wanted):
        with opened_day(folder, day) as spans:
            for span in spans:
                for block in blocks(span):
                    yield from line_filter.admitted(block)


def oldest_first(folder: Path, wanted: LogFilter) -> Iterator[LogEntry]:
    """All wanted entries in the order of their times; entries of the same time in the order of their collection.

    Memory stays bounded, however many entries there are and however late they were collected.
    """
    line_filter = LineFilter(wanted)
    for day in days_of(folder, wanted):
        with opened_day(folder, day) as spans:
            for lines in in_order(spans):
                yield from line_filter.admitted(lines)


def admitted_lines(block: bytes, wanted: LogFilter) -> Iterator[LogEntry]:
    """The wanted entries among some whole lines."""
    return LineFilter(wanted).admitted(block)


def days_of(folder: Path, wanted: LogFilter) -> list[str]:
    """The days that can hold wanted entries, the oldest first."""
    since = None if wanted.since is None else time_text(wanted.since)[:10]
    until = None if wanted.until is None else time_text(wanted.until)[:10]
    return sorted(
        {
            file.day
            for file in day_files(folder)
            if (since is None or file.day >= since) and (until is None or file.day <= until)
        }
    )


def _last_of(spans: list[FileRange], line_filter: LineFilter, count: int) -> Iterator[list[LogEntry]]:
    """The last wanted entries of each range, at most `count` of each; the last range comes first."""

    def last(span: FileRange) -> list[LogEntry]:
        kept: deque[LogEntry] = deque(maxlen=count)
        for block in blocks(span):
            kept.extend(line_filter.admitted(block))
        return list(kept)

    turned = spans[::-1]
    for span in turned[:_ALONE_SPANS]:
        yield last(span)
    left = turned[_ALONE_SPANS:]
    if sum(span.end - span.begin for span in left) < SHARED_BYTES:
        yield from map(last, left)
    else:
        for raw in results(left, lambda span: encode_lines(last(span))):
            yield decode_lines([raw])


class LineFilter:
    """Dismisses raw lines that cannot be wanted, then decodes the rest and checks them exactly."""

    def __init__(self, wanted: LogFilter) -> None:
        self._wanted = wanted
        self._levels: tuple[bytes, ...] | None = None
        if wanted.level is not None and wanted.level != LEVELS[0]:
            allowed = LEVELS[LEVELS.index(wanted.level) :]
            self._levels = tuple(f'{level}"'.encode() for level in allowed)
        self._since = None if wanted.since is None else time_text(wanted.since).encode()
        self._until = None if wanted.until is None else time_text(wanted.until).encode()
        self._subject = [
            b'"%s":%s,' % (name.encode(), msgspec.json.encode(value))
            for name, value in (
                ("job", wanted.job), ("run", wanted.run), ("attempt", wanted.attempt), ("stream", wanted.stream),
            )
            if value is not None
        ]  # fmt: skip
        # Texts that most lines lack are looked for in many lines at once.
        self._rare: list[tuple[bytes, ...]] = [(needle,) for needle in self._subject]
        if wanted.level is not None and LEVELS.index(wanted.level) >= LEVELS.index("warning"):
            self._rare.insert(0, tuple(b'"level":"%s' % level for level in self._levels or ()))

    def admitted(self, block: bytes) -> Iterator[LogEntry]:
        """The wanted entries of a block, in their order."""
        if self._wanted.pattern is not None:
            block = self._wanted.pattern.candidates(block)
        for needles in self._rare:
            block = lines_with(block, needles)
        if self._any_time_and_level:
            lines = lines_of(block) if self._wanted.pattern is None else self._wanted.pattern.matching(block)
        else:
            lines = self._in_time_and_level(lines_of(block))
            if self._wanted.pattern is not None:
                lines = self._wanted.pattern.matching(b"\n".join([*lines, b""]))
        for begin in range(0, len(lines), _BATCH_LINES):
            entries = decode_lines(lines[begin : begin + _BATCH_LINES])
            # The text of a job or a run may stand elsewhere in a line; time and level have fixed places.
            if self._subject:
                entries = [entry for entry in entries if self._wanted.is_about(entry)]
            yield from entries

    @property
    def asks_for_times(self) -> bool:
        """Whether times are worth a look before all else.

        What only has to be older than something is dismissed sooner by its text, if that is asked for too.
        """
        by_text = self._wanted.pattern is not None or bool(self._rare)
        return self._since is not None or (self._until is not None and not by_text)

    def overlaps(self, times: RangeTimes) -> bool:
        """Whether lines of these times can be wanted."""
        return times.overlap(self._since, self._until)

    @property
    def _any_time_and_level(self) -> bool:
        return self._levels is None and self._since is None and self._until is None

    def _in_time_and_level(self, lines: list[bytes]) -> list[bytes]:
        if self._since is not None:
            since = self._since
            lines = [line for line in lines if line[TIME_SLICE] >= since]
        if self._until is not None:
            until = self._until
            lines = [line for line in lines if line[TIME_SLICE] < until]
        if self._levels is not None:
            levels = self._levels
            lines = [line for line in lines if line.startswith(levels, LEVEL_OFFSET)]
        return lines


def lines_of(block: bytes) -> list[bytes]:
    """The lines of a block, without their LF."""
    lines = block.split(b"\n")
    lines.pop()
    return lines
