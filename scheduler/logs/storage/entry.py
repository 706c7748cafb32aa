"""A log entry, and how it is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import msgspec

from eventstore.nesting import DEEP_BYTES_MIN, nests_deeper
from scheduler.wording.signs import Level as Level  # noqa: PLC0414 - an entry has one

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""From the least to the most urgent."""

Stream = Literal["stdout", "stderr", "scheduler"]
STREAMS: Final[tuple[Stream, ...]] = get_args(Stream)


class LogEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line; `scheduler.logs` describes its members. `time` is a text that sorts in the order of time."""

    time: str
    level: Level
    job: str | None = None
    run: int | None = None
    attempt: int | None = None
    stream: Stream
    message: str
    fields: dict[str, Any] | None = None

    @property
    def instant(self) -> datetime:
        """Its time, aware, in UTC."""
        return datetime.fromisoformat(self.time)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(LogEntry)

LEVEL_OFFSET: Final = len('{"time":"2026-11-23T02:00:00.000512Z","level":"')
"""Where the level stands in each line, in bytes: `time` always has the same length."""
TIME_SLICE: Final = slice(len('{"time":"'), len('{"time":"2026-11-23T02:00:00.000512Z'))


def time_text(instant: datetime) -> str:
    """An aware instant as it is written in entries."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def encode_lines(entries: list[LogEntry]) -> bytes:
    """The entries as lines, each with its LF."""
    return _ENCODER.encode_lines(entries)


def decode(line: bytes) -> LogEntry | None:
    """The entry of a line; None if the line is no entry."""
    if nests_deeper(line):
        return None
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def decode_lines(lines: list[bytes]) -> list[LogEntry]:
    """The entries of some lines; lines that are no entries are left out."""
    try:
        if not any(len(line) >= DEEP_BYTES_MIN and nests_deeper(line) for line in lines):
            return _DECODER.decode_lines(b"\n".join(lines))
    except (msgspec.DecodeError, UnicodeDecodeError):
        # At least one line is no entry: decode the lines one at a time.
        pass
    return [entry for line in lines if (entry := decode(line)) is not None]
