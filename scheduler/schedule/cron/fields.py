"""The five fields of a cron expression, each read and checked on its own.

A field is a list of parts between commas. A part is `*`, a value, or a range `a-b`; `*` and a range may
carry a step, `/n`. Months and days of the week may be written by their English three-letter names. Sunday is
0 or 7. The set of values is kept as a bit mask: bit v is set when the value v matches.

What Debian's cron accepts means the same here: leading zeros (`007`), and a step that goes past the end of its
range (`7-7/2`, `*/100,1-7`), which leaves only the first value. Four things that Debian's cron accepts are refused:
a lone `*/n` beyond the field in minute or hour, since nobody who writes `*/90` means minute 0 of each hour; a
range that ends before it begins, which matches nothing there; text that follows a part without a comma
(`5;30`), which is skipped there; and a field that holds none of its values.

Beside these a day may be told by its place in the month (`L`, `LW`, `15W`; `5#3`, `5L`), which Debian's cron does not
know: `scheduler.schedule.cron.day_rule` says what these forms mean.

croniter accepts far more than this (`5-1`, `H`, six fields); so it gets only what has been read here first.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scheduler.schedule.cron import field_mistakes as mistakes
from scheduler.schedule.cron.day_rule import DayForm
from scheduler.schedule.cron.vocabulary import DAY, FIELDS, HOUR, MINUTE, WEEKDAY, CronField, Part

_DAY_FORM = r"(?i)(?P<near>[0-9]+)W|L(?P<work>W)?"
_DAY_FORM_ENDS = ("W", "w", "L", "l")
_WEEKDAY_FORM = r"(?i)(?P<weekday>[0-9]+|[A-Z]{3})(?:#(?P<nth>[0-9]+)|L)"
_PART = re.compile(r"(?:(\*)|([0-9]+|[A-Za-z]+)(?:-([0-9]+|[A-Za-z]+))?)(?:/([0-9]+))?")


@lru_cache(maxsize=4096)
def read_field(index: int, text: str) -> CronField:
    """Read one field.

    Args:
        index: Its place among the five, from 0.
        text: The field, without white space.

    Raises:
        FieldMistake: The text is not a field that cron knows.

    >>> read_field(WEEKDAY, "MON-FRI").values()
    [1, 2, 3, 4, 5]
    """
    parts: list[Part] = []
    mask = 0
    offset = 0
    forms: list[DayForm] = []
    spelled: list[str] = []
    for piece in text.split(","):
        if (form := _read_form(index, text, piece, offset)) is not None:
            forms.append(form)
            spelled.append(piece.upper())
        else:
            part = _read_part(index, text, piece, offset)
            parts.append(part)
            spelled.append(_spelled(part))
            for value in range(part.low, part.high + 1, part.step):
                mask |= 1 << value
        offset += len(piece) + 1
    if index == WEEKDAY and mask >> 7 & 1:
        mask = mask & 0x7F | 1
    return CronField(",".join(spelled), text.startswith("*"), mask, tuple(parts), tuple(forms))


def _read_form(index: int, text: str, piece: str, offset: int) -> DayForm | None:
    """A day that is told by its place in the month; None if it is not told so."""
    if index == DAY and piece.endswith(_DAY_FORM_ENDS) and (found := re.fullmatch(_DAY_FORM, piece)):
        if found["near"]:
            return DayForm("nearest_workday", _read_value(index, text, found["near"], offset))
        return DayForm("last_workday" if found["work"] else "last_day")
    if index == WEEKDAY and (piece.endswith(_DAY_FORM_ENDS) or "#" in piece):
        found = re.fullmatch(_WEEKDAY_FORM, piece)
        if found is None:
            return None
        weekday = _read_value(index, text, found["weekday"], offset) % 7
        if found["nth"] is None:
            return DayForm("last_weekday", weekday)
        nth = _number(found["nth"])
        if not 1 <= nth <= 5:
            raise mistakes.no_such_nth(piece, offset)
        return DayForm("nth_weekday", weekday, nth)
    return None


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
    step = _number(step_text)
    if step == 0:
        raise mistakes.step_of_zero(index, piece, offset)
    if star and piece == text and index in (MINUTE, HOUR) and step > high - low:
        raise mistakes.unreachable_step(index, piece, offset, step)
    return Part(low, high, step, star is not None)


def _read_value(index: int, text: str, token: str, offset: int) -> int:
    spec = FIELDS[index]
    if not token[0].isdecimal():
        value = spec.names.get(token.upper())
        if value is None:
            raise mistakes.unknown_name(index, text, token, offset)
        return value
    value = _number(token)
    if not spec.low <= value <= spec.high:
        raise mistakes.out_of_range(index, text, token, offset, value)
    return value


def _number(digits: str) -> int:
    """The number that decimal digits mean, leading zeros ignored; a number above 999,999 counts as a million."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= 6 else 1_000_000


def _spelled(part: Part) -> str:
    if part.alone:
        return str(part.low)
    span = f"{part.low}-{part.high}"
    if part.star:
        span = "*"
    return span if part.step == 1 else f"{span}/{part.step}"
