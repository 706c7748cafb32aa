"""Turning an output file into log entries: it is read slice by slice as it grows, up to where the run ended."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from eventstore.regular_file import NotRegular
from scheduler.home import Home
from scheduler.logs.collection.ledger_entries import from_here_on
from scheduler.logs.collection.parser import ParsedLine, parse, speaks_of_levels
from scheduler.logs.collection.record_splitter import LineSplitter, SplitLines, bounded
from scheduler.logs.collection.secret_masking import KEY_BEGINS, KEY_ENDS, MASK, WITHHELD, Masker, suspicious
from scheduler.logs.storage.checkpoint import OutputPosition
from scheduler.logs.storage.entry import LogEntry, Stream, time_text
from scheduler.logs.storage.raw_output import DamagedOutput, RawOutput

SLICE_BYTES: Final = 256 * 1024
LINES_MAX: Final = 1_000_000
STREAM_BYTES_MAX: Final = 256 * 1024 * 1024
"""So much of one stream of an attempt becomes entries: a short line takes a hundred times its own length there."""
_STAYS_SO: Final = frozenset([errno.EACCES, errno.EPERM, errno.ELOOP, errno.EISDIR, errno.EIO])
"""Errors that another try would meet again: the file is given up, so that it does not delay all others."""


class StreamEnd:
    """How a stream of an attempt ended.

    Attributes:
        at: the time of its `run.finished`.
        recorded_bytes: the length that this entry records; None if it was not measured.
    """

    __slots__ = ("at", "recorded_bytes")

    def __init__(self, at: datetime, recorded_bytes: int | None) -> None:
        self.at, self.recorded_bytes = at, recorded_bytes


class FollowedOutput:
    """One stream of one attempt.

    Attributes:
        position: how far the stream was turned into entries; kept up to date.
        missing_bytes: how much of what the run wrote can no longer be read, once that is known.
        unreadable: whether the file exists but cannot be read.
    """

    def __init__(self, home: Home, position: OutputPosition) -> None:
        self.position = position
        self.path: Path = home.output(position.run, position.attempt, position.started, position.stream)
        self._stream: Stream = "stderr" if position.stream == "stderr" else "stdout"
        self._splitter = LineSplitter(position.offset)
        self.missing_bytes = 0
        self.unreadable = False

    @property
    def read_bytes(self) -> int:
        """How far the file was read; the last line may not have ended yet."""
        return self._splitter.read

    def is_full(self) -> bool:
        """Whether as much of the stream is in entries as may be: what comes then is in the captured output alone."""
        return self.position.lines >= LINES_MAX or self.position.offset >= STREAM_BYTES_MAX

    def pump(
        self, masker: Masker, now: datetime, budget_bytes: int, ending: StreamEnd | None
    ) -> Iterator[LogEntry]:
        """The entries of new output, at most about `budget_bytes` of it; none if there is nothing new.

        Args:
            masker: the one of its job.
            now: the time for lines that name no time themselves.
            budget_bytes: how much to read.
            ending: None while the run is running; then the file is read no further than the run wrote.

        Raises:
            OSError: the file cannot be read now.
        """
        output = None if self.is_full() else self._open()
        if output is None:
            return
        try:
            seen = now if ending is None else _clamped(output.modified_s(), self.position.started, ending.at)
            while budget_bytes > 0 and not self.is_full():
                chunk = self._read(output, self._wanted(budget_bytes, ending))
                if not chunk:
                    return
                budget_bytes -= len(chunk)
                yield from self._entries(self._splitter.feed(chunk), masker, seen)
        finally:
            output.close()

    def drained(self, ending: StreamEnd) -> bool:
        """Whether the run's output was read as far as it can be; if so, `missing_bytes` is final."""
        if self.is_full():
            return True
        if ending.recorded_bytes is not None and self._splitter.read >= ending.recorded_bytes:
            return True
        output = self._open()
        if output is not None:
            try:
                if self._read(output, 1):
                    return False
            finally:
                output.close()
        if ending.recorded_bytes is not None:
            self.missing_bytes = max(0, ending.recorded_bytes - self._splitter.read)
        return True

    def _open(self) -> RawOutput | None:
        try:
            return None if self.unreadable else RawOutput.open(self.path)
        except OSError as problem:
            self._give_up(problem)
            return None

    def _read(self, output: RawOutput, size_bytes: int) -> bytes:
        try:
            return output.read(self._splitter.read, size_bytes)
        except (OSError, DamagedOutput) as problem:
            self._give_up(problem)
            return b""

    def _give_up(self, problem: OSError | DamagedOutput) -> None:
        if isinstance(problem, OSError) and not (
            problem.errno in _STAYS_SO or isinstance(problem, NotRegular)
        ):
            raise problem
        self.unreadable = True

    def last(self, masker: Masker, ending: StreamEnd) -> Iterator[LogEntry]:
        """The entry of the text after the last line end, once the output is drained."""
        return self._entries(self._splitter.finish(), masker, ending.at)

    def _wanted(self, budget_bytes: int, ending: StreamEnd | None) -> int:
        wanted = min(SLICE_BYTES, budget_bytes)
        if ending is None or ending.recorded_bytes is None:
            return wanted
        return max(0, min(wanted, ending.recorded_bytes - self._splitter.read))

    def _entries(self, found: SplitLines, masker: Masker, seen: datetime) -> Iterator[LogEntry]:
        if self.is_full():
            return
        lines, dropped_bytes = found
        lines = lines[: LINES_MAX - self.position.lines]
        block = b"\n".join(lines)
        patterns = suspicious(block) or self.position.in_key
        levels = speaks_of_levels(block)
        seen_text = time_text(seen)
        for line in lines:
            line, cut_bytes = bounded(line, dropped_bytes)
            dropped_bytes = 0
            said = parse(line, self._stream, cut=cut_bytes > 0, levels=levels)
            said = self._masked(line, said, masker, patterns=patterns)
            if cut_bytes:
                text = masker.without_half_a_secret(said.message)
                said = said._replace(message=f"{text}… ({cut_bytes:,} more bytes)")
            yield LogEntry(
                time=seen_text if said.time is None else self._own(said.time, seen),
                level=said.level,
                job=self.position.job,
                run=self.position.run,
                attempt=self.position.attempt,
                stream=self._stream,
                message=said.message,
                fields=said.fields,
            )
        self.position.offset = self._splitter.offset
        self.position.lines += len(lines)
        if self.is_full():
            yield from_here_on(seen_text, self.position)

    def _own(self, said: datetime, seen: datetime) -> str:
        """The time that a line names itself, if it lies within the run; else the time at which it was seen."""
        return time_text(said if self.position.started <= said <= seen else seen)

    def _masked(self, line: bytes, said: ParsedLine, masker: Masker, *, patterns: bool) -> ParsedLine:
        if masker.withholds:
            return ParsedLine(said.level, WITHHELD, time=said.time)
        patterns = patterns and (self.position.in_key or suspicious(line))
        if patterns:
            in_key = self.position.in_key
            if in_key or KEY_BEGINS.search(line):
                # The line that ends a key is part of the key, and so are all lines between.
                self.position.in_key = KEY_ENDS.search(line) is None
            if in_key:
                return ParsedLine(said.level, MASK)
        if not patterns and masker.knows_nothing:
            return said
        fields = masker.fields(said.fields) if said.fields else said.fields
        return ParsedLine(said.level, masker.text(said.message, patterns=patterns), fields, said.time)


def _clamped(modified_s: float, started: datetime, ended: datetime) -> datetime:
    return max(started, min(datetime.fromtimestamp(modified_s, UTC), ended))
