"""The five fields of a cron expression, each read and checked on its own.

A field is a list of parts between commas. A part is `*`, a value, or a range `a-b`; `*` and a range may
carry a step, `/n`. Months and days of the week may be written by their English three-letter names. Sunday is
0 or 7. The set of values is kept as a bit mask: bit v is set when the value v matches.

croniter accepts far more than this (`*/90`, `5-1`, `H`, `L`, six fields); so nothing reaches it that has not
been read here first.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scheduler.schedule.cron import field_mistakes as mistakes
from scheduler.schedule.cron.vocabulary import FIELDS, WEEKDAY, CronField, Part

_PART = re.compile(r"(?:(\*)|([0-9]+|[A-Za-z]+)(?:-([0-9]+|[A-Za-z]+))?)(?:/([0-9]+))?")


@lru_cache(maxsize=4096)
def read_field(index: int, text: str) -> CronField:
    """Read one field.

    Args:
        index: Its place among the five, from 0.
        text: What stands there, without white space.

    Raises:
        FieldMistake: It is not a field that cron knows.

    >>> read_field(WEEKDAY, "MON-FRI").values()
    [1, 2, 3, 4, 5]
    """
    parts: list[Part] = []
    mask = 0
    offset = 0
    for piece in text.split(","):
        part = _read_part(index, text, piece, offset)
        parts.append(part)
        for value in range(part.low, part.high + 1, part.step):
            mask |= 1 << value
        offset += len(piece) + 1
    if index == WEEKDAY and mask >> 7 & 1:
        mask = mask & 0x7F | 1
    return CronField(",".join(map(_spelled, parts)), text.startswith("*"), mask, tuple(parts))


def _read_part(index: int, text: str, piece: str, offset: int) -> Part:
    spec = FIELDS[index]
    found = _PART.fullmatch(piece)
    if found is None:
        raise mistakes.misshapen(index, text, piece, offset)
    star, first, last, step_text = found.groups()
    if star:
        low, high = spec.low, spec.star_high
    else:
        low = _read_value(index, text, first, offset)
        high = low if last is None else _read_value(index, text, last, offset + len(first) + 1)
        if high < low:
            raise mistakes.backward_range(index, text, piece, offset, low, high)
    if step_text is None:
        return Part(low, high, 1, star is not None)
    if not star and last is None:
        raise mistakes.step_without_range(index, text, piece, offset, step_text)
    step = int(step_text) if len(step_text) <= 6 else 999_999
    if not 1 <= step <= max(1, high - low + (1 if index == WEEKDAY and star else 0)):
        raise mistakes.unreachable_step(index, text, piece, offset, low, high, step)
    return Part(low, high, step, star is not None)


def _read_value(index: int, text: str, token: str, offset: int) -> int:
    spec = FIELDS[index]
    if not token[0].isdecimal():
        value = spec.names.get(token.upper())
        if value is None:
            raise mistakes.unknown_name(index, text, token, offset)
        return value
    if len(token) > 2 or not spec.low <= int(token) <= spec.high:
        raise mistakes.out_of_range(index, text, token, offset)
    return int(token)


def _spelled(part: Part) -> str:
    span = str(part.low) if part.low == part.high else f"{part.low}-{part.high}"
    if part.star:
        span = "*"
    return span if part.step == 1 else f"{span}/{part.step}"
