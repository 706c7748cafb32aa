"""Time spans such as `1h 30min`, in seconds if no unit is written (systemd.time(7))."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction

from scheduler.schedule.duration import format_duration

_UNITS: dict[str, Fraction] = {
    **dict.fromkeys(("usec", "us", "µs", "μs"), Fraction(1, 1_000_000)),
    **dict.fromkeys(("msec", "ms"), Fraction(1, 1_000)),
    **dict.fromkeys(("seconds", "second", "sec", "s", ""), Fraction(1)),
    **dict.fromkeys(("minutes", "minute", "min", "m"), Fraction(60)),
    **dict.fromkeys(("hours", "hour", "hr", "h"), Fraction(3_600)),
    **dict.fromkeys(("days", "day", "d"), Fraction(86_400)),
    **dict.fromkeys(("weeks", "week", "w"), Fraction(604_800)),
    **dict.fromkeys(("months", "month", "M"), Fraction(2_629_800)),
    **dict.fromkeys(("years", "year", "y"), Fraction(31_557_600)),
}
_END_US = 2**64
"""systemd counts microseconds in 64 bits, and refuses a span that does not go in there."""
_PART = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,9})?)\s*([A-Za-zµμ]*)")


class BadSpan(Exception):
    """A text is no time span; the message says so."""


def seconds_of(text: str) -> int | None:
    """A span in whole seconds, rounded up; None if it never ends.

    Raises:
        BadSpan: it is none, or longer than systemd takes.
    """
    text = text.strip()
    if text == "infinity":
        return None
    total, at = Fraction(0), 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found[2] not in _UNITS:
            break
        total += Fraction(found[1]) * _UNITS[found[2]]
        at = found.end()
    if not text or at < len(text):
        raise BadSpan(f"{text[:100]!r} is no time span")
    if total * 1_000_000 >= _END_US:
        raise BadSpan(f"{text[:100]!r} is longer than systemd takes")
    return -int(-total // 1)


def duration_of(seconds: int) -> str:
    """A span as the config writes it."""
    return format_duration(timedelta(seconds=seconds))
