"""Durations as people write them: `90s`, `15m`, `36h`, `7d`, and combined, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta

from scheduler.schedule.errors import ScheduleError

SECONDS_OF_UNIT = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WORDS_OF_UNIT = {"d": "day", "h": "hour", "m": "minute", "s": "second"}
_UNIT_OF_WORD = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_SHAPE = r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?"
_PIECE = r"([0-9]+)\s*([A-Za-z]+)"
# A century: anything longer is a typing mistake.
_LONGEST_S = 36_525 * 86_400


def parse_duration(text: str) -> timedelta:
    """The length of time that `text` names, in whole seconds.

    Args:
        text: Whole numbers, each with its unit `d`, `h`, `m` or `s`, the largest unit first.

    Raises:
        ScheduleError: The text is not a duration, is zero, or is longer than a century.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    shaped = re.fullmatch(_SHAPE, text)
    if not text or shaped is None:
        raise _refusal(text)
    seconds = 0
    for digits, unit_s in zip(shaped.groups(), SECONDS_OF_UNIT.values(), strict=True):
        if digits:
            if len(digits) > 12:
                raise ScheduleError(f"duration {text!r} is longer than a century", token=text)
            seconds += int(digits) * unit_s
    if seconds == 0:
        raise ScheduleError(f"duration {text!r} is zero", token=text)
    if seconds > _LONGEST_S:
        raise ScheduleError(f"duration {text!r} is longer than a century", token=text)
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as `duration` (fractions of a second are dropped).

    >>> format_duration(timedelta(seconds=5400))
    '1h30m'
    """
    pieces = [f"{count}{unit}" for unit, count in _split(duration)]
    return "".join(pieces) or "0s"


def duration_in_words(duration: timedelta) -> str:
    """A duration for a sentence that says how often: "90 seconds", "5 minutes", "hour", "1 hour 30 minutes".

    Durations between one and two minutes are given in seconds, so that `90s` stays "90 seconds".

    >>> duration_in_words(timedelta(minutes=5))
    '5 minutes'
    """
    seconds = _whole_seconds(duration)
    if 60 < seconds < 120:
        return f"{seconds} seconds"
    parts = _split(duration)
    if len(parts) == 1 and parts[0][1] == 1:
        return _WORDS_OF_UNIT[parts[0][0]]
    return " ".join(f"{count} {_WORDS_OF_UNIT[unit]}{'' if count == 1 else 's'}" for unit, count in parts)


def _split(duration: timedelta) -> list[tuple[str, int]]:
    rest = _whole_seconds(duration)
    parts: list[tuple[str, int]] = []
    for unit, unit_s in SECONDS_OF_UNIT.items():
        count, rest = divmod(rest, unit_s)
        if count:
            parts.append((unit, count))
    return parts


def _whole_seconds(duration: timedelta) -> int:
    return duration.days * 86_400 + duration.seconds


def _refusal(text: str) -> ScheduleError:
    """The refusal of `text`, which is no duration, with the accepted spelling if it is clear what was meant."""
    forms = "write whole numbers with a unit, such as 90s, 15m, 36h, 7d or 1h30m"
    stripped = text.strip()
    if not stripped:
        return ScheduleError(f"the duration is empty: {forms}")
    if stripped.isascii() and stripped.isdecimal():
        return ScheduleError(f"duration {text!r} has no unit: {forms}", _readable(f"{stripped}s"), token=text)
    if stripped.startswith("-"):
        return ScheduleError(f"duration {text!r} is negative: {forms}", token=text)
    if re.fullmatch(r"[0-9]+\.[0-9]+\s*[A-Za-z]+", stripped):
        reason = f"duration {text!r} has a fraction: {forms}"
        return ScheduleError(reason, _without_fraction(stripped), token=text)
    return ScheduleError(f"{text!r} is not a duration: {forms}", _respelled(stripped), token=text)


def _respelled(text: str) -> str | None:
    """`text` with unit words, spaces and the order of units corrected, if that makes it a duration."""
    rest = re.sub(r"\s+|,|\band\b", "", re.sub(_PIECE, "", text))
    if rest:
        return None
    total_s = 0
    for digits, word in re.findall(_PIECE, text):
        unit = _UNIT_OF_WORD.get(word.lower())
        if unit is None and word.lower() in {"w", "week", "weeks"}:
            total_s += int(digits[:12]) * 7 * 86_400
        elif unit is None:
            return None
        else:
            total_s += int(digits[:12]) * SECONDS_OF_UNIT[unit]
    return format_duration(timedelta(seconds=total_s)) if 0 < total_s <= _LONGEST_S else None


def _without_fraction(text: str) -> str | None:
    number, word = re.findall(r"([0-9.]+)\s*([A-Za-z]+)", text)[0]
    unit = _UNIT_OF_WORD.get(word.lower())
    if unit is None or len(number) > 12:
        return None
    whole, _, fraction = number.partition(".")
    seconds, rest = divmod(int(whole + fraction) * SECONDS_OF_UNIT[unit], 10 ** len(fraction))
    return format_duration(timedelta(seconds=seconds)) if 0 < seconds <= _LONGEST_S and not rest else None


def _readable(text: str) -> str | None:
    """`text` if it is a duration that would be accepted."""
    try:
        parse_duration(text)
    except ScheduleError:
        return None
    return text
