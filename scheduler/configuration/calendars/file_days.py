"""The days of iCalendar files, read once for each version of a file.

They are worked out by a process of its own, within bounds, and kept by the digest of the file: whoever reads the
config later imports no library and waits for nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.regular_file import read_regular
from scheduler.configuration.model import SlowParts
from scheduler.home import Home

LIMIT_S: Final = 10.0
"""So long the process that works out the days of a file may take: whoever reads a config waits for it."""
CPU_S: Final = 3
"""And so much of a processor."""
MEMORY_BYTES_MAX: Final = 1024**3
RULES: Final = 1
"""Another number, and no file is read by what is kept: it changes with how days follow from events."""
KEPT_MAX: Final = 32
KEPT_BYTES_MAX: Final = 8 * 1024 * 1024
_ANSWER_BYTES_MAX: Final = 1024 * 1024
_ENV: Final = {"LC_ALL": "C.UTF-8"}
TOO_LONG: Final = (
    "it takes too long to work out its days: an event recurs too often, or in a way that hardly ever comes"
)
Range = tuple[date, date]
_Day = Annotated[int, msgspec.Meta(ge=date.min.toordinal(), le=date.max.toordinal())]


class Answer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The first and the last day of each stretch, as ordinals of the calendar; or why nobody knows."""

    ranges: list[tuple[_Day, _Day]] = []
    error: str = ""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was read of a file.

    Attributes:
        answer: what it was; rules: by which it was read.
        tried_at: when, in seconds since 1970.
    """

    answer: Answer
    rules: int
    tried_at: float


class FileDays:
    """The days of the iCalendar files that a config names; nothing is read before one is asked for.

    Args:
        home: the home in which they are kept; None: they are not.
        slow: whether they are worked out, where they are not known.
    """

    def __init__(self, home: Path | None, slow: SlowParts) -> None:
        self._kept_file = None if home is None else Home(home).var / "calendar-days.json"
        self._slow = slow

    def of(self, raw: bytes, digest: str) -> Sequence[Range]:
        """The stretches of days of a file, given its bytes and their SHA-256.

        Raises:
            ValueError: it is no calendar, or more than anybody would write.
            NotYetKnown: it would take a while to say.
        """
        known, slow = self._kept.get(digest), self._slow
        if known is None or known.rules != RULES or (known.answer.error and slow.tries_again(known.tried_at)):
            slow.check_reads()
            known = Kept(answer=days_in_file(raw), rules=RULES, tried_at=time.time())
            self._keep(digest, known)
        if known.answer.error:
            raise ValueError(known.answer.error)
        return [(date.fromordinal(first), date.fromordinal(last)) for first, last in known.answer.ranges]

    @cached_property
    def _kept(self) -> dict[str, Kept]:
        if self._kept_file is None:
            return {}
        try:
            return msgspec.json.decode(read_regular(self._kept_file, KEPT_BYTES_MAX), type=dict[str, Kept])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}

    def _keep(self, digest: str, known: Kept) -> None:
        """Keep what was read, and the newest of the rest; where that cannot be done, it is read again next time."""
        self._kept[digest] = known
        if self._kept_file is None or not self._kept_file.parent.exists():
            return
        newest = sorted(self._kept.items(), key=lambda item: item[1].tried_at, reverse=True)[:KEPT_MAX]
        with contextlib.suppress(OSError):
            write_file(REAL, self._kept_file, msgspec.json.encode(dict(newest)), durable=False)


def days_in_file(raw: bytes, limit_s: float = LIMIT_S) -> Answer:
    """What a process of its own makes of the bytes of an iCalendar file, within bounds."""
    from scheduler.processes.bounded_answer import bounded_answer

    command = [sys.executable, "-I", "-m", "scheduler.configuration.calendars"]
    try:
        stdin = os.memfd_create("ical", os.MFD_CLOEXEC)
        try:
            with open(stdin, "wb", closefd=False) as file:
                file.write(raw)
            os.lseek(stdin, 0, os.SEEK_SET)
            said = bounded_answer(
                command, env=_ENV, cwd="/", limit_s=limit_s, bytes_max=_ANSWER_BYTES_MAX, stdin=stdin
            )
        finally:
            os.close(stdin)
    except OSError as error:
        return Answer(error=f"no process could be started to read it: {error.strerror or error}")
    if said is None:
        return Answer(error=TOO_LONG)
    try:
        return msgspec.json.decode(said, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Answer(error="the process that read it ended before it had its days")
