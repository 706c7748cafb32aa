"""Six and seven fields of other schedulers, read as these schedulers read them and written as five fields of cron.

- AWS EventBridge: minute, hour, day of month, month, day of week, year; one of the two days is `?`.
- Quartz: a second before the five, and perhaps a year after them; one of the two days is `?`.
- Spring, NCrontab, node-cron, robfig and others: a second before the five; `?` is `*`.
- croniter: a second after the five.

In AWS and Quartz, Sunday is 1 and Saturday 7; in the others, Sunday is 0 or 7. `5/15` steps to the end of the
field in all but the last. An expression does not say for which scheduler it was written. So there is no answer if two
schedulers accept it with different meanings, or if five fields cannot express it (seconds, years, `L-3`). A day told
by its place in the month (`L`, `15W`, `6#3`) means the same in all of them, but for the number of the weekday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum

from scheduler.schedule.cron.field_mistakes import FieldMistake
from scheduler.schedule.cron.fields import read_field
from scheduler.schedule.cron.vocabulary import DAY, FIELDS, HOUR, MINUTE, MONTH, WEEKDAY

_ANY = {"*", "?"}
_SPECIAL = re.compile(r"[LW#]", re.IGNORECASE)
_DAY_FORM = re.compile(r"LW?|(?:[1-9]|[12][0-9]|3[01])W", re.IGNORECASE)
_WEEKDAY_FORM = re.compile(r"([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(#[1-5]|L)", re.IGNORECASE)
_SECOND_PART = r"(?:\*|[0-5]?[0-9](?:-[0-5]?[0-9])?)(?:/[0-9]{1,2})?"
_SECOND = re.compile(rf"{_SECOND_PART}(?:,{_SECOND_PART})*")
_YEAR = re.compile(r"\*(?:/[0-9]{1,3})?|[0-9]{4}(?:-[0-9]{4})?(?:/[0-9]{1,3})?")
_VALUE = r"[0-9]{1,6}|[A-Za-z]{3}"
_PART = re.compile(rf"(\*|{_VALUE})(?:-({_VALUE}))?(?:/([0-9]{{1,6}}))?")


class _Answer(Enum):
    """The result of a reading that is not five fields."""

    REFUSED = 1
    CANNOT_SAY = 2


_Reading = str | _Answer


def as_five_fields(words: Sequence[str]) -> str | None:
    """What six or seven fields mean, as five fields or as `every: 30s`; None if that is not certain.

    >>> as_five_fields("0 12 ? * 2-6 *".split())
    '0 12 * * 1-5'
    >>> as_five_fields("0 0/5 9 ? * MON".split())
    '0-59/5 9 * * MON'
    """
    readings = {reading(words) for reading in _READINGS} - {_Answer.REFUSED}
    if len(readings) != 1:
        return None
    (found,) = readings
    return found if isinstance(found, str) else None


def _aws(words: Sequence[str]) -> _Reading:
    if len(words) != 6 or not _YEAR.fullmatch(words[5]) or not _one_is_any(words[:5]):
        return _Answer.REFUSED
    five = _five(words[:5], sunday=1)
    return five if words[5] == "*" else _cannot_say(five)


def _quartz(words: Sequence[str]) -> _Reading:
    year = words[6] if len(words) == 7 else "*"
    if not _YEAR.fullmatch(year) or not _one_is_any(words[1:6]):
        return _Answer.REFUSED
    return _with_seconds(words[0], _five(words[1:6], sunday=1), year)


def _seconds_first(words: Sequence[str]) -> _Reading:
    year = words[6] if len(words) == 7 else "*"
    if not _YEAR.fullmatch(year):
        return _Answer.REFUSED
    five = _five(words[1:6], sunday=0)
    if _one_is_any(words[1:6]) and _quartz(words) is not _Answer.REFUSED:
        # Only Quartz demands such a `?`.
        return _Answer.REFUSED
    if len(words) == 7 and re.search("[0-9]", words[5]):
        # In some schedulers with a year field, Sunday is 1.
        return _cannot_say(five)
    return _with_seconds(words[0], five, year)


def _seconds_last(words: Sequence[str]) -> _Reading:
    if len(words) != 6 or not re.fullmatch("[0-5]?[0-9]", words[5]):
        return _Answer.REFUSED
    five = accepted_fields(words[:5])
    if five is None:
        return _Answer.REFUSED
    return five if int(words[5]) == 0 and _one_kind_of_day(words[:5]) else _Answer.CANNOT_SAY


_READINGS: tuple[Callable[[Sequence[str]], _Reading], ...] = (_aws, _quartz, _seconds_first, _seconds_last)


def accepted_fields(words: Sequence[str]) -> str | None:
    """Five fields as one expression, if each can be read."""
    try:
        for index, word in enumerate(words):
            read_field(index, word)
    except FieldMistake:
        return None
    return " ".join(words)


def tidied(words: Sequence[str]) -> list[str]:
    """Five fields with `0-59/5` written as `*/5`, if a `*` at the beginning does not change which instants match."""
    found = list(words)
    for index, other in ((HOUR, MINUTE), (MINUTE, HOUR), (DAY, WEEKDAY), (WEEKDAY, DAY), (MONTH, MONTH)):
        low, high = FIELDS[index].low, FIELDS[index].star_high
        step = re.fullmatch(rf"{low}-{high}/([0-9]+)", found[index])
        unchanged = found[other].startswith("*") if index in (MINUTE, HOUR) else found[other] == "*"
        if step and (unchanged or index == MONTH):
            found[index] = f"*/{step[1]}"
    return found


def _one_is_any(five: Sequence[str]) -> bool:
    """Whether exactly one of the fields is `?`, and that is a day's."""
    return [index for index, word in enumerate(five) if "?" in word] in ([DAY], [WEEKDAY]) and "?" in five


def _one_kind_of_day(five: Sequence[str]) -> bool:
    """Whether at most one day field is restricted: if both are, some schedulers demand both and some either."""
    return five[DAY] in _ANY or five[WEEKDAY] in _ANY


def _cannot_say(five: _Reading) -> _Reading:
    return _Answer.REFUSED if five is _Answer.REFUSED else _Answer.CANNOT_SAY


def _with_seconds(second: str, five: _Reading, year: str) -> _Reading:
    """The five fields that stand between a second and a year, if both can be left out."""
    if not _SECOND.fullmatch(second):
        return _Answer.REFUSED
    if not isinstance(five, str) or year != "*":
        return _cannot_say(five)
    if second in {"0", "00"}:
        return five
    pace = re.fullmatch(r"(?:\*|0)/([0-9]+)", second)
    step = 1 if second == "*" else int(pace[1]) if pace else 0
    if five == "* * * * *" and step and 60 % step == 0:
        return f"every: {step}s" if step < 60 else five
    return _Answer.CANNOT_SAY


def _five(words: Sequence[str], sunday: int) -> _Reading:
    """Minute to day of week in cron's spelling."""
    found: list[str] = []
    # Whether there is something that five fields cannot express.
    special = False
    for index, word in enumerate(words):
        if word == "?" and index in (DAY, WEEKDAY):
            found.append("*")
        elif index in (DAY, WEEKDAY) and _SPECIAL.search(re.sub("(?i)WED", "", word)):
            form = _form(index, word, sunday)
            special = special or form is None
            found.append(form or "*")
        elif index == WEEKDAY and not sunday and "/" in word:
            # Schedulers differ about whether a week begins on Sunday.
            special = True
        else:
            parts = [_part(index, piece, sunday) for piece in word.split(",")]
            if None in parts:
                return _Answer.REFUSED
            found.append(",".join(filter(None, parts)))
    if special:
        return _Answer.CANNOT_SAY
    five = accepted_fields(tidied(found))
    if five is None:
        return _Answer.REFUSED
    return five if _one_kind_of_day(words) else _Answer.CANNOT_SAY


def _form(index: int, word: str, sunday: int) -> str | None:
    """A day told by its place in the month in the spelling of five fields; None if they cannot express it."""
    if index == DAY:
        return word.upper() if _DAY_FORM.fullmatch(word) else None
    found = _WEEKDAY_FORM.fullmatch(word)
    if found is None:
        return None
    if not found[1].isdecimal():
        return word.upper()
    weekday = int(found[1]) - sunday
    return f"{weekday}{found[2].upper()}" if weekday >= 0 else None


def _part(index: int, piece: str, sunday: int) -> str | None:
    """One element of a list in cron's spelling; None if it cannot be read."""
    spec = FIELDS[index]
    found = _PART.fullmatch(piece)
    if found is None or (found[1] == "*" and found[2]):
        return None
    shift = sunday if index == WEEKDAY else 0
    highest = spec.star_high if shift else spec.high
    if found[1] == "*":
        return piece if found[3] is None else _stepped(spec.low, spec.star_high, int(found[3]))
    values = [_value(index, text, shift) for text in (found[1], found[2]) if text]
    if any(value is None or not spec.low <= value <= highest for value in values):
        return None
    if found[3] is not None:
        high = values[1] if len(values) == 2 else spec.star_high
        return _stepped(values[0], high, int(found[3]))  # type: ignore[arg-type]
    if shift and len(values) == 1 and found[1].isdecimal():
        return str(values[0])
    return piece if not shift or not re.search("[0-9]", piece) else f"{values[0]}-{values[1]}"


def _stepped(low: int, high: int, step: int) -> str | None:
    if step == 0 or high < low:
        return None
    return f"{low}-{high}/{step}" if low + step <= high else str(low)


def _value(index: int, text: str, shift: int) -> int | None:
    return int(text) - shift if text.isdecimal() else FIELDS[index].names.get(text.upper())
