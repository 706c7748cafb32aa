"""What people write in a field where cron expects something else, and what it means if that is certain.

The functions build the mistake if there is one; the reader of the field raises it. A replacement means what was
written: what Debian's cron understands if it accepts the text, else what the scheduler understands from which the
spelling comes. If readings differ, there is no replacement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from scheduler.schedule.cron.vocabulary import DAY, FIELDS, HOUR, MINUTE, MONTH, WEEKDAY, FieldSpec
from scheduler.schedule.duration import parse_duration
from scheduler.schedule.errors import ScheduleError, mistyped

Words = Sequence[str]

_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAY_NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_UNRESTRICTED = {"*", "?"}


def bare(*indexes: int) -> Callable[[Words], bool]:
    """A condition on the words of an expression: the fields at these places are `*`."""
    return lambda words: all(words[index] in _UNRESTRICTED for index in indexes)


def _always(words: Words) -> bool:  # noqa: ARG001 -- the condition that is none
    return True


class FieldMistake(Exception):
    """What is wrong inside one field.

    Attributes:
        reason: What is wrong, with the field named.
        token: The wrong characters.
        offset: Where they stand inside the field.
        replacement: The whole field as it may be written, or None.
        instead: What to write instead of the whole expression, or None.
        holds: Whether `replacement` or `instead` means the same beside the other words of the expression.
    """

    def __init__(
        self,
        reason: str,
        token: str,
        offset: int,
        replacement: str | None = None,
        *,
        instead: str | None = None,
        holds: Callable[[Words], bool] = _always,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.token = token
        self.offset = offset
        self.replacement = replacement
        self.instead = instead
        self.holds = holds


def misshapen(index: int, text: str, piece: str, offset: int) -> FieldMistake:
    """The mistake in a part that is neither a value, a range nor a step."""
    spec = FIELDS[index]
    if not piece:
        kept = ",".join(part for part in text.split(",") if part)
        where = (
            "ends with a comma"
            if text.endswith(",") and offset == len(text)
            else "holds an empty list element"
        )
        reason = f"the {spec.name} field '{text}' {where}"
        return FieldMistake(reason, ",", max(0, min(offset, len(text) - 1)), kept or None)
    if extension := _extension(index, text, piece, offset):
        return extension
    return FieldMistake(
        f"'{piece}' in the {spec.name} field is neither a value, a range 'a-b' nor a step '*/n' or 'a-b/n'",
        piece,
        offset,
        _tidied(text, piece, offset),
    )


def _tidied(text: str, piece: str, offset: int) -> str | None:
    """The field with a slip of the keyboard put right: `/5`, `1--5`, `*//5`, `**`."""
    if piece == "**":
        better = "*"
    elif re.fullmatch(r"/[0-9]+", piece):
        better = f"*{piece}"
    else:
        better = re.sub(r"([/-])\1", r"\1", piece)
    return _replaced(text, piece, offset, better) if better != piece else None


def _extension(index: int, text: str, piece: str, offset: int) -> FieldMistake | None:
    """Syntax of other schedulers: Quartz's `?`, `L`, `W`, `#`; Jenkins' `H`; `R` and `~` for random."""
    where = f"'{piece}' in the {FIELDS[index].name} field"
    upper = piece.upper()
    if piece == "?":
        reason = f"{where} is Quartz's way to say 'any': cron writes '*'"
        better = "*" if text == "?" and index in (DAY, WEEKDAY) else None
        return FieldMistake(reason, piece, offset, better, holds=_weekday_by_name)
    if re.fullmatch(r"(?:[HR](?:\([0-9]+-[0-9]+\))?|[0-9]*~[0-9]*)(?:/[0-9]+)?", upper):
        return _chosen(index, text, piece, offset)
    return _misplaced_form(index, text, piece, offset)


_DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"


def _misplaced_form(index: int, text: str, piece: str, offset: int) -> FieldMistake | None:
    """A day told by its place in the month that is written otherwise than here, or stands in another field."""
    where = f"'{piece}' in the {FIELDS[index].name} field"
    upper = piece.upper()
    if "#" in piece:
        what = "the nth such weekday of the month is written 5#3 or FRI#3, in the day of week field"
        return FieldMistake(f"{where}: {what}", piece, offset)
    if found := re.fullmatch(rf"L([0-7]|{_DAYS})|([0-7]|{_DAYS})L", upper):
        better = _replaced(text, piece, offset, f"{found[1]}L") if found[1] and index == WEEKDAY else None
        reason = (
            f"{where}: the last such weekday of the month is written 5L or FRIL, in the day of week field"
        )
        return FieldMistake(reason, piece, offset, better)
    if index == WEEKDAY and upper == "L":
        reason = (
            f"{where} is Quartz's way to say Saturday: write SAT, or 6L for the last Saturday of the month;"
            " the last day of the month is L in the day of month field"
        )
        return FieldMistake(reason, piece, offset)
    if re.fullmatch(r"L-[0-9]+W?", upper):
        reason = f"{where}: days counted from the end of a month cannot be written, only the last one, L"
        return FieldMistake(reason, piece, offset)
    if re.fullmatch(r"LW?", upper):
        reason = f"{where}: the last day of the month, L, stands in the day of month field, and so does LW"
        return FieldMistake(reason, piece, offset)
    if re.fullmatch(r"[0-9]*W|W[0-9]+", upper):
        reason = (
            f"{where}: the working day nearest to day 15 of the month is written 15W, in the day of month field;"
            " for all working days write MON-FRI in the day of week field"
        )
        better = (
            _replaced(text, piece, offset, f"{upper[1:]}W")
            if index == DAY and upper[1:].isdecimal()
            else None
        )
        return FieldMistake(reason, piece, offset, better)
    return None


def no_such_nth(piece: str, offset: int) -> FieldMistake:
    """The mistake in `5#6`: no month has six of a weekday."""
    reason = f"'{piece}' in the day of week field: a month has a weekday 5 times at most, so write #1 to #5"
    return FieldMistake(reason, piece, offset)


def _chosen(index: int, text: str, piece: str, offset: int) -> FieldMistake:
    """The mistake in `H`, `H(0-29)`, `H/15`, `R` and `0~30`: a value that the scheduler shall choose.

    The replacement is the lowest value that the scheduler could choose; steps in a range have no replacement.
    """
    spec = FIELDS[index]
    reason = (
        f"'{piece}' in the {spec.name} field asks for a value chosen for you:"
        " a ledger's times are written down, so choose one, and the key jitter keeps jobs of one time apart"
    )
    first, last, step = (
        int(number[:6]) if number else None
        for number in re.fullmatch(r"[HR]?\(?([0-9]*)[~-]?([0-9]*)\)?(?:/([0-9]+))?", piece.upper()).groups()  # type: ignore[union-attr]
    )
    low, high = spec.low if first is None else first, spec.star_high if last is None else last
    better: str | None = None
    # Debian's cron takes 0 of `0~30` and skips the rest of the field.
    if step is None and spec.low <= low <= high <= spec.high and ("~" not in piece or piece == text):
        better = _replaced(text, piece, offset, str(low))
    elif index in (MINUTE, HOUR) and piece.upper() in {f"H/{step}", f"R/{step}"}:
        better = _replaced(text, piece, offset, f"*/{step}")
    return FieldMistake(reason, piece, offset, better, holds=_one_kind_of_day)


def _one_kind_of_day(words: Words) -> bool:
    """Whether at most one day field is restricted: if both are, some schedulers demand both and some either."""
    return words[DAY] in _UNRESTRICTED or words[WEEKDAY] in _UNRESTRICTED


def _weekday_by_name(words: Words) -> bool:
    """Beside a `?`, 1 may be Monday as in cron or Sunday as in Quartz."""
    return _one_kind_of_day(words) and not re.search("[0-9]", words[WEEKDAY])


def backward_range(index: int, text: str, piece: str, offset: int, low: int, high: int) -> FieldMistake:
    """The mistake in a range such as `22-2` that ends before it begins."""
    spec = FIELDS[index]
    better = None
    if "/" not in piece:
        after = f"{low}-{spec.star_high}" if low < spec.star_high else str(low)
        before = f"{spec.low}-{high}" if high > spec.low else str(high)
        better = f"{low}-7" if index == WEEKDAY and high == 0 else f"{after},{before}"
    reason = f"'{piece}' in the {spec.name} field ends before it begins: a range does not wrap around"
    return FieldMistake(reason, piece, offset, better and _replaced(text, piece, offset, better))


def step_without_range(index: int, text: str, piece: str, offset: int, step: str) -> FieldMistake:
    """The mistake in `5/15`: a step needs a range or `*` to step through.

    Schedulers that accept it step to the end of the field; they differ about whether Sunday ends the week.
    """
    spec = FIELDS[index]
    better = f"{piece.partition('/')[0]}-{spec.high}/{step}" if index != WEEKDAY else None
    reason = f"'{piece}' in the {spec.name} field steps through a single value: a step follows '*' or a range"
    return FieldMistake(reason, piece, offset, better and _replaced(text, piece, offset, better))


def step_of_zero(index: int, piece: str, offset: int) -> FieldMistake:
    """The mistake in `*/0`: a step of 0 never reaches another value."""
    reason = f"'{piece}' in the {FIELDS[index].name} field has a step of 0: steps begin at 1"
    return FieldMistake(reason, piece, offset)


def unreachable_step(index: int, piece: str, offset: int, step: int) -> FieldMistake:
    """The mistake in `*/90` as the whole minute or hour field: cron would run it at 0 of every hour or day.

    The writer meant an interval. The interval replaces the whole expression if nothing else restricts it. A step of
    60 minutes or 24 hours means the same in both readings.
    """
    spec = FIELDS[index]
    reason = (
        f"'{piece}' in the {spec.name} field steps past its end: the values go from {spec.low} to {spec.high},"
        f" so only {spec.name} {spec.low} would ever match"
    )
    if step == spec.high + 1:
        return FieldMistake(reason, piece, offset, str(spec.low))
    unit = "m" if index == MINUTE else "h"
    interval = f"{step}{unit}" if step < 1_000_000 else ""
    others = bare(HOUR, DAY, MONTH, WEEKDAY) if index == MINUTE else bare(DAY, MONTH, WEEKDAY)
    return FieldMistake(
        f"{reason}; an interval is written as every: {interval}" if interval else reason,
        piece,
        offset,
        instead=interval_key(interval),
        holds=lambda words: others(words) and (index == MINUTE or words[MINUTE] in {"0", "00"}),
    )


def unknown_name(index: int, text: str, token: str, offset: int) -> FieldMistake:
    """The mistake in a word that is no month and no day of the week."""
    spec = FIELDS[index]
    # An extension is recognised by what follows the word: `H/15`, `L-3`.
    piece = text[offset:].partition(",")[0]
    if extension := _extension(index, text, piece, offset) or _extension(index, text, token, offset):
        return extension
    if not spec.names:
        reason = f"'{token}' in the {spec.name} field is not a number: it takes {_span(spec)}"
        return FieldMistake(reason, token, offset)
    known = ", ".join(spec.names)
    near = _name_meant(index, token)
    reason = f"'{token}' in the {spec.name} field is not a {spec.name}: names are {known}"
    return FieldMistake(reason, token, offset, near and _replaced(text, token, offset, near))


def _name_meant(index: int, token: str) -> str | None:
    """The three letters of a name that was written longer (`Friday`, `Sept`) or with one slip, if only one fits.

    The first letter must match: it is the one least often mistyped, and names in other languages differ in it.
    """
    folded = token.lower()
    names = [name for name in (_MONTH_NAMES if index == MONTH else _DAY_NAMES) if name[0] == folded[0]]
    longer = [name for name in names if len(folded) > 3 and name.startswith(folded)]
    found = longer[0] if longer else mistyped(folded, [name[:3] for name in names] + names)
    return None if found is None else found[:3].upper()


def out_of_range(index: int, text: str, token: str, offset: int, value: int) -> FieldMistake:
    """The mistake in a number beyond the field's range.

    Minute 60 is minute 0 of the next hour, and hour 24 is midnight of the next day. So 0 replaces it if the job
    runs in every hour, or on every day.
    """
    spec = FIELDS[index]
    reason = f"'{token}' in the {spec.name} field is out of range: it takes {_span(spec)}"
    if token != text or index not in (MINUTE, HOUR) or value != spec.high + 1:
        return FieldMistake(reason, token, offset)
    every = bare(HOUR, DAY, MONTH, WEEKDAY) if index == MINUTE else bare(DAY, MONTH, WEEKDAY)
    return FieldMistake(reason, token, offset, "0", holds=every)


def _span(spec: FieldSpec) -> str:
    if spec is FIELDS[WEEKDAY]:
        return "0 to 7 (0 and 7 are Sunday)"
    return f"{spec.low} to {spec.high}"


def _replaced(text: str, token: str, offset: int, better: str) -> str:
    return text[:offset] + better + text[offset + len(token) :]


def interval_key(duration: str) -> str | None:
    """`every: …` if the duration would be accepted, or has a spelling that would be; a number needs its unit."""
    try:
        parse_duration(duration)
    except ScheduleError as error:
        return f"every: {error.suggestion}" if error.suggestion and not duration.isdecimal() else None
    return f"every: {duration}"
