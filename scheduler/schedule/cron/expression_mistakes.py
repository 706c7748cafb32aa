"""What people write instead of a cron expression, why it is refused, and what means the same if that is certain.

The functions build the error if there is one; the reader of the expression raises it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from scheduler.schedule.cron.dialects import accepted_fields, as_five_fields, tidied
from scheduler.schedule.cron.field_mistakes import FieldMistake, interval_key
from scheduler.schedule.cron.fields import read_field
from scheduler.schedule.cron.vocabulary import (
    ALIASES,
    DAY,
    FIELDS,
    HOUR,
    MINUTE,
    MONTH,
    WEEKDAY,
    CronFields,
)
from scheduler.schedule.errors import ScheduleError, mistyped
from scheduler.schedule.uncomputed import REBOOT
from scheduler.schedule.zones import known_zone, zone_of_any_case

# Dashes and asterisks that word processors and web pages put in place of the plain ones.
_LOOKALIKES = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212\u2217\u204e", "------**")
_FIVE = "minute hour day-of-month month day-of-week"
_WORD = re.compile(r"[^ \t]+")
_ZONE_IN_FRONT = re.compile(r"(?:CRON_)?TZ=(\S*)[ \t]*")
_WRAPPED = re.compile(r"cron\((.*)\)", re.IGNORECASE)
_RATE = re.compile(r"rate\(([0-9]+) +(minute|hour|day)s?\)", re.IGNORECASE)
_COMMAND = re.compile(r"[./~]?[a-z_][\w./-]*")
# Aliases of other schedulers (systemd's calendar words, FreeBSD's cron), as five fields.
_FOREIGN_ALIASES = {
    "@every_minute": "* * * * *",
    "@minutely": "* * * * *",
    "@quarterly": "0 0 1 1,4,7,10 *",
    "@semiannually": "0 0 1 1,7 *",
}


def accepted(expression: str) -> str | None:
    """The expression if it would be accepted, else None: only accepted expressions may be suggested."""
    words = expression.split()
    if len(words) == 1:
        return expression if expression.lower() in ALIASES else None
    if len(words) != len(FIELDS) or accepted_fields(words) is None:
        return None
    fields = CronFields(*(read_field(index, word) for index, word in enumerate(words)))
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
    plain = None
    # A superscript is no digit.
    if not any(unicodedata.category(char) == "No" for char in expression):
        plain = unicodedata.normalize("NFKC", expression)
        plain = "".join(str(unicodedata.digit(char, char)) for char in plain)
        plain = " ".join(plain.translate(_LOOKALIKES).split())
    return ScheduleError(
        f"a cron expression is plain ASCII, but this one holds {character!r} ({name})",
        accepted(plain) if plain and plain.isascii() and plain.isprintable() else None,
        token=character,
        column=column,
    )


def wrong_fields(expression: str, words: list[str], wrong: Mapping[int, FieldMistake]) -> ScheduleError:
    """The mistakes of fields, given by index, as mistakes of the whole expression: the first one holds the others."""
    suggestion = _mended(words, wrong)
    columns = field_columns(expression)
    first, *others = [
        ScheduleError(
            mistake.reason,
            suggestion,
            field=FIELDS[index].name,
            token=mistake.token,
            column=columns[index] + mistake.offset,
        )
        for index, mistake in wrong.items()
    ]
    first.others = tuple(others)
    return first


def _mended(words: list[str], wrong: Mapping[int, FieldMistake]) -> str | None:
    """The expression with all its mistakes corrected, if each can be."""
    if len(wrong) == 1:
        ((index, mistake),) = wrong.items()
        if mistake.instead is not None:
            return mistake.instead if mistake.holds(words) else None
        if mistake.replacement is None:
            return _swapped(words, index)
    meant = words.copy()
    for index, mistake in wrong.items():
        if mistake.replacement is None or not mistake.holds(words):
            return None
        meant[index] = mistake.replacement
    return accepted(" ".join(tidied(meant)))


def _swapped(words: list[str], index: int) -> str | None:
    """`2 30 * * *` is 02:30 and `0 0 4 25 *` is 25 April: two neighbours have changed places."""
    if index not in (HOUR, MONTH):
        return None
    before = MINUTE if index == HOUR else DAY
    pair = words[before], words[index]
    if not all(word.isdecimal() for word in pair) or int(pair[0][:4]) == 0 or pair[1] == "24":
        return None
    swapped = words.copy()
    swapped[index], swapped[before] = pair
    return accepted(" ".join(swapped))


def unknown_alias(text: str, column: int) -> ScheduleError:
    """The refusal of a word after `@` that is no alias, or of what follows one."""
    first, *others = text.split(maxsplit=1)
    rest = others[0] if others else ""
    token = first
    lowered = first.lower()
    if lowered == REBOOT:
        reason = (
            "@reboot is no time, and stands alone: what is to run once for each boot of the machine, and at other"
            " times too, is two jobs"
        )
        return ScheduleError(reason, token=token, column=column)
    if lowered == "@every" and rest:
        reason = "@every is not cron: intervals are written with the key `every`"
        return ScheduleError(reason, interval_key(rest.lower()), token=token, column=column)
    if lowered in ALIASES:
        reason = f"this looks like a line of a crontab: {first} is its schedule, the rest a command"
        return ScheduleError(reason, first, token=token, column=column)
    meant = _FOREIGN_ALIASES.get(lowered) or mistyped(first, ALIASES)
    reason = (
        f"there is no alias {first!r}: the aliases are {', '.join(ALIASES)}; beside them there is {REBOOT}"
    )
    return ScheduleError(reason, None if rest else meant, token=token, column=column)


def zone_inside(expression: str, timezone: str) -> ScheduleError | None:
    """The refusal of a zone before the fields (`CRON_TZ=Asia/Tokyo`) or behind them; None if there is none.

    Args:
        expression: As it was written.
        timezone: The zone in which it is read. The zone inside can be left out only if it is the same.
    """
    begin = len(expression) - len(expression.lstrip(" \t"))
    words = expression.split()
    if found := _ZONE_IN_FRONT.match(expression, begin):
        zone, token, column = found[1].strip("\"':"), words[0], begin
        rest = words[1:]
    elif (len(words) in (6, 7) or (len(words) == 2 and words[0].startswith("@"))) and (
        named := zone_of_any_case(words[-1])
    ):
        zone, token, column = named, words[-1], field_columns(expression)[-1]
        rest = words[:-1]
    else:
        return None
    schedule = " ".join(rest)
    meant = accepted(schedule) or (as_five_fields(rest) if len(rest) in (6, 7) else None)
    reason = "a time zone stands beside a cron expression, not in it"
    if meant is not None and zone == timezone:
        return ScheduleError(f"{reason}, and {zone} does already", meant, token=token, column=column)
    if known_zone(zone):
        what = f"'{meant}' with the zone" if meant and not meant.startswith("every") else "the zone"
        reason += (
            f": write {what} as `timezone: {zone}` in the config, `--timezone {zone}` on the command line"
        )
    return ScheduleError(reason, token=token, column=column)


def wrong_field_count(expression: str) -> ScheduleError:
    """The refusal of an expression that does not have five fields."""
    words = expression.split()
    columns = field_columns(expression)
    if not words:
        return ScheduleError(f"the cron expression is empty: it takes five fields, {_FIVE}")
    if wrapped := _wrapped(expression.strip(" \t")):
        return wrapped
    if len(words) < len(FIELDS):
        return _too_few(expression, words, columns)
    token, column = words[5], columns[5]
    if _is_command(words) and accepted(" ".join(words[:5])):
        reason = (
            "this looks like a line of a crontab: the first five fields are its schedule, the rest a command"
        )
        return ScheduleError(reason, " ".join(words[:5]), token=token, column=column)
    joined = re.sub(r"[ \t]*,[ \t]*", ",", expression)
    if joined != expression and accepted(joined.strip(" \t")):
        reason = "a space beside a comma ends the field: a list is written without spaces"
        return ScheduleError(reason, " ".join(joined.split()), token=token, column=column)
    if len(words) == 6:
        reason = (
            f"six fields: cron has five ({_FIVE}), no seconds and no years; a job that runs more often than each"
            " minute is written with `every`"
        )
    elif len(words) == 7:
        reason = f"seven fields: cron has five ({_FIVE}), without seconds and years"
    else:
        reason = f"{len(words)} fields: cron has five ({_FIVE})"
    return ScheduleError(reason, _of_dialect(words), token=token, column=column)


def _of_dialect(words: Sequence[str]) -> str | None:
    """What six or seven fields of another scheduler mean, if it is certain and would be accepted."""
    if len(words) not in (6, 7):
        return None
    meant = as_five_fields(words)
    return meant if meant is None or meant.startswith("every: ") else accepted(meant)


def _is_command(words: Sequence[str]) -> bool:
    """Whether the sixth word is a user or a program, and not a field such as `mon`."""
    if not _COMMAND.fullmatch(words[5]):
        return False
    try:
        read_field(WEEKDAY, words[5])
    except FieldMistake:
        return True
    return False


def _wrapped(text: str) -> ScheduleError | None:
    """The refusal of AWS's `cron(…)` and `rate(…)`."""
    if rate := _RATE.fullmatch(text):
        reason = "'rate(…)' is AWS's way to write an interval: here it has a key of its own, `every`"
        suggestion = interval_key(f"{int(rate[1][:9])}{rate[2][0].lower()}")
        return ScheduleError(reason, suggestion, token=text[:4])
    if inside := _WRAPPED.fullmatch(text):
        words = inside[1].split()
        reason = f"'cron(…)' is AWS's way to write a schedule: the fields stand alone, five of them ({_FIVE})"
        return ScheduleError(reason, _of_dialect(words) if len(words) == 6 else None, token=text[:4])
    return None


def _too_few(expression: str, words: list[str], columns: list[int]) -> ScheduleError:
    text = expression.strip().lower()
    suggestion = None
    if f"@{text}" in ALIASES:
        suggestion = f"@{text}"
    elif every := re.fullmatch(r"every:?\s*(\S+)", text):
        suggestion = interval_key(every[1])
    elif re.fullmatch(r"[0-9]+[smhd]", text):
        suggestion = interval_key(text)
    names = {1: "one field", 2: "two fields", 3: "three fields", 4: "four fields"}
    reason = f"{names[len(words)]}: cron has five ({_FIVE})"
    return ScheduleError(reason, suggestion, token=words[-1], column=columns[-1])


def day_never_comes(expression: str, fields: CronFields) -> ScheduleError:
    """The refusal of a date that no calendar has, such as 31 February, which some people write to mean "never"."""
    names = {number: name.capitalize() for name, number in FIELDS[MONTH].names.items()}
    months = fields.month.values()
    forms = fields.day.forms or fields.weekday.forms
    never = ", ".join(f"{day} {names[month]}" for month in months[:3] for day in fields.day.values()[:2])
    if forms:
        never = "day that fits, in any year"
    return ScheduleError(
        f"this never comes: there is no {never}; a job that runs only when somebody asks for it says so with"
        " `on_demand: true` in place of a schedule",
        # 30 and 31 February are how people write "never"; 31 April may have been meant for the last day.
        "on_demand: true" if months == [2] and not forms else None,
        field=FIELDS[DAY].name,
        token=expression.split()[DAY],
        column=field_columns(expression)[DAY],
    )
