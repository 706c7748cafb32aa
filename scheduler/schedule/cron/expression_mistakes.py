"""What people write instead of a cron expression, why it is refused, and what they probably meant.

The functions build the error when there is one; the reader of the expression raises it.
"""

from __future__ import annotations

import re

from scheduler.schedule.cron.field_mistakes import FieldMistake, interval_key
from scheduler.schedule.cron.fields import read_field
from scheduler.schedule.cron.vocabulary import ALIASES, DAY, FIELDS, LONGEST_MONTH_DAYS, CronFields
from scheduler.schedule.errors import ScheduleError, nearest

# Dashes and asterisks that word processors and web pages put in place of the plain ones.
_LOOKALIKES = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212\u2217\u204e", "------**")
_FIVE = "minute hour day-of-month month day-of-week"
_WORD = re.compile(r"[^ \t]+")


def accepted(expression: str) -> str | None:
    """The expression if its five fields would be accepted: nothing else may be suggested."""
    words = expression.split()
    if len(words) != len(FIELDS):
        return None
    try:
        fields = CronFields(*(read_field(index, word) for index, word in enumerate(words)))
    except FieldMistake:
        return None
    return expression if fields.ever_comes else None


def field_columns(expression: str) -> list[int]:
    """Where each white-space separated field begins in the expression, from 0."""
    return [found.start() for found in _WORD.finditer(expression)]


def strange_character(expression: str) -> ScheduleError:
    """The refusal of anything but printable ASCII, such as digits of other scripts."""
    import unicodedata

    column, character = next(
        (at, char) for at, char in enumerate(expression) if not (" " <= char <= "~" or char == "\t")
    )
    name = unicodedata.name(character, f"control character {ord(character):#04x}")
    plain = unicodedata.normalize("NFKC", expression)
    plain = "".join(str(unicodedata.digit(char, char)) for char in plain)
    plain = " ".join(plain.translate(_LOOKALIKES).split())
    return ScheduleError(
        f"a cron expression is plain ASCII, but this one holds {character!r} ({name})",
        accepted(plain) if plain.isascii() and plain.isprintable() else None,
        token=character,
        column=column,
    )


def unknown_alias(text: str, column: int) -> ScheduleError:
    """The refusal of a word after `@` that is no alias."""
    if text.lower() == "@reboot":
        reason = (
            "@reboot is not a time: a ledger records instants, and a restart has none that could be missed"
            " or caught up; name a time, or start the command from the system's own init"
        )
        return ScheduleError(reason, token=text, column=column)
    every = re.fullmatch(r"@every[ \t]+(\S+)", text.lower())
    if every:
        reason = "@every is not cron: intervals are written with the key `every`"
        return ScheduleError(reason, interval_key(every[1]), token=text.split(maxsplit=1)[0], column=column)
    reason = f"there is no alias {text!r}: the aliases are {', '.join(ALIASES)}"
    return ScheduleError(reason, nearest(text, ALIASES, cutoff=0.5), token=text, column=column)


def wrong_field_count(expression: str) -> ScheduleError:
    """The refusal of an expression that does not have five fields."""
    words = expression.split()
    columns = field_columns(expression)
    if not words:
        return ScheduleError(f"the cron expression is empty: it takes five fields, {_FIVE}")
    if len(words) < len(FIELDS):
        return _too_few(expression, words, columns)
    token, column = words[5], columns[5]
    command = re.fullmatch(r"[./~]?[a-z_][\w./-]*", words[5]) is not None
    if command and accepted(" ".join(words[:5])):
        reason = (
            "this looks like a line of a crontab: the first five fields are its schedule, the rest a command"
        )
        return ScheduleError(reason, " ".join(words[:5]), token=token, column=column)
    if len(words) == 6:
        reason = (
            f"six fields: cron has five ({_FIVE}) and no seconds; a job that runs more often than each minute"
            " is written with `every`"
        )
    elif len(words) == 7:
        reason = f"seven fields: cron has five ({_FIVE}), without seconds and years"
    else:
        reason = f"{len(words)} fields: cron has five ({_FIVE})"
    return ScheduleError(reason, _without_seconds(words), token=token, column=column)


def _too_few(expression: str, words: list[str], columns: list[int]) -> ScheduleError:
    text = expression.strip().lower()
    suggestion = None
    if f"@{text}" in ALIASES:
        suggestion = f"@{text}"
    elif every := re.fullmatch(r"every:?\s*(\S+)", text):
        suggestion = interval_key(every[1])
    elif re.fullmatch(r"[0-9]+[smhd]", text):
        suggestion = interval_key(text)
    elif len(words) > 1:
        suggestion = accepted(" ".join(words + ["*"] * (len(FIELDS) - len(words))))
    names = {1: "one field", 2: "two fields", 3: "three fields", 4: "four fields"}
    reason = f"{names[len(words)]}: cron has five ({_FIVE})"
    return ScheduleError(reason, suggestion, token=words[-1], column=columns[-1])


def _without_seconds(words: list[str]) -> str | None:
    """The five fields that six or seven probably hold: seconds come first in most dialects, years last."""
    seconds = re.fullmatch(r"(?:\*|0)/([1-9]|[1-5][0-9])", words[0])
    if len(words) == 6 and set(words[1:]) <= {"*", "?"} and (seconds or words[0] == "*"):
        return f"every: {seconds[1] if seconds else 1}s"
    plain = ["*" if word == "?" else word for word in words]
    by_position = [plain[1:6], plain[:5]]
    if words[0] not in {"0", "00"} and words[-1] in {"0", "00"}:
        by_position.reverse()
    return next((found for fields in by_position if (found := accepted(" ".join(fields)))), None)


def day_never_comes(expression: str, fields: CronFields) -> ScheduleError:
    """The refusal of a date that no calendar has, such as 31 February."""
    names = {number: name.capitalize() for name, number in FIELDS[3].names.items()}
    months = fields.month.values()
    longest = max(LONGEST_MONTH_DAYS[month] for month in months)
    columns = field_columns(expression)
    words = expression.split()
    never = ", ".join(f"{day} {names[month]}" for month in months[:3] for day in fields.day.values()[:2])
    last_day = 28 if months == [2] else longest
    return ScheduleError(
        f"this never comes: there is no {never}",
        accepted(" ".join([*words[:DAY], str(last_day), *words[DAY + 1 :]])),
        field=FIELDS[DAY].name,
        token=words[DAY],
        column=columns[DAY],
    )
