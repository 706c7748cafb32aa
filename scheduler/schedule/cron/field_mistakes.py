"""What people write in a field where cron expects something else, and what they probably meant.

The functions build the mistake when there is one; the reader of the field raises it.
"""

from __future__ import annotations

import re

from scheduler.schedule.cron.vocabulary import DAY, FIELDS, HOUR, MINUTE, WEEKDAY, FieldSpec
from scheduler.schedule.duration import parse_duration
from scheduler.schedule.errors import ScheduleError, nearest


class FieldMistake(Exception):
    """What is wrong inside one field.

    Attributes:
        reason: What is wrong, with the field named.
        token: The wrong characters.
        offset: Where they stand inside the field.
        replacement: The whole field as it was probably meant, or None.
        instead: What to write instead of the whole expression, or None.
    """

    def __init__(
        self, reason: str, token: str, offset: int, replacement: str | None = None, instead: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.token = token
        self.offset = offset
        self.replacement = replacement
        self.instead = instead


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
        return FieldMistake(reason, ",", max(0, min(offset, len(text) - 1)), kept or "*")
    if extension := _extension(index, text, piece, offset):
        return extension
    if "_" in piece:
        reason = f"'{piece}' in the {spec.name} field holds an underscore: numbers are written plainly"
        return FieldMistake(reason, piece, offset, text.replace("_", ""))
    return FieldMistake(
        f"'{piece}' in the {spec.name} field is neither a value, a range 'a-b' nor a step '*/n' or 'a-b/n'",
        piece,
        offset,
        _tidied(text, piece, offset),
    )


def _tidied(text: str, piece: str, offset: int) -> str | None:
    """The field with small slips of the keyboard put right: `-5`, `1--5`, `**`, `/5`, `1;2`."""
    if piece.startswith("/"):
        better = f"*{piece}"
    else:
        better = re.sub(r"[;.|+]", ",", piece)
        better = re.sub(r"([*/-])\1+", r"\1", better).strip("-/,")
    return _replaced(text, piece, offset, better) if better and better != piece else None


def _extension(index: int, text: str, piece: str, offset: int) -> FieldMistake | None:
    """Syntax of other schedulers: Quartz's `?`, `L`, `W`, `#`; Jenkins' `H`; `R` and `~` for random."""
    spec = FIELDS[index]
    where = f"'{piece}' in the {spec.name} field"
    upper = piece.upper()
    if piece == "?":
        reason = f"{where} is Quartz's way to say 'any': cron writes '*'"
        return FieldMistake(reason, piece, offset, _replaced(text, piece, offset, "*"))
    hashed = re.fullmatch(r"(?:[HR](?:\([0-9]+-[0-9]+\))?|[0-9]*~[0-9]*)(?:/([0-9]+))?", upper)
    if hashed:
        reason = f"{where} asks for a value chosen for you: a ledger's times are written down, so choose one"
        better = f"*/{hashed[1]}" if hashed[1] else str(spec.low)
        return FieldMistake(reason, piece, offset, _replaced(text, piece, offset, better))
    if "#" in piece:
        reason = (
            f"{where} uses '#' (the nth such weekday of the month), an extension that cron does not have:"
            " run it on that weekday and let the command look at the date"
        )
        return FieldMistake(reason, piece, offset)
    if re.fullmatch(r"L(?:-[0-9]+)?|LW|[0-9]+L|L[0-9]+|(?:SUN|MON|TUE|WED|THU|FRI|SAT)L", upper):
        reason = (
            f"{where} uses 'L' (the last), an extension that cron does not have: choose a day that every"
            " month has (1 to 28), or run it on 28-31 and let the command look at the date"
        )
        return FieldMistake(reason, piece, offset)
    if re.fullmatch(r"[0-9]*W", upper):
        reason = (
            f"{where} uses 'W' (the nearest working day), an extension that cron does not have:"
            " restrict the day of week, or let the command look at the date"
        )
        return FieldMistake(reason, piece, offset)
    return None


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
    """The mistake in `5/15`: a step needs a range or `*` to step through."""
    spec = FIELDS[index]
    start = piece.partition("/")[0]
    better = f"*/{step}" if start == str(spec.low) else f"{start}-{spec.star_high}/{step}"
    reason = f"'{piece}' in the {spec.name} field steps through a single value: a step follows '*' or a range"
    return FieldMistake(reason, piece, offset, _replaced(text, piece, offset, better))


def unreachable_step(
    index: int, text: str, piece: str, offset: int, low: int, high: int, step: int
) -> FieldMistake:
    """The mistake in `*/0` and `*/90`: a step that never gets anywhere."""
    spec = FIELDS[index]
    if step == 0:
        reason = f"'{piece}' in the {spec.name} field has a step of 0: steps begin at 1"
        return FieldMistake(reason, piece, offset, _replaced(text, piece, offset, piece.rpartition("/")[0]))
    alone = str(low)
    reason = (
        f"'{piece}' in the {spec.name} field steps past its end: the values go from {low} to {high},"
        f" so only {spec.name} {low} would ever match"
    )
    unit = {MINUTE: "m", HOUR: "h", DAY: "d"}.get(index)
    if unit is None or not piece.startswith("*") or text != piece or step >= 999_999:
        return FieldMistake(reason, piece, offset, _replaced(text, piece, offset, alone))
    if (index, step) in {(MINUTE, 60), (HOUR, 24)}:
        return FieldMistake(reason, piece, offset, alone)
    return FieldMistake(reason, piece, offset, instead=interval_key(f"{step}{unit}"))


def unknown_name(index: int, text: str, token: str, offset: int) -> FieldMistake:
    """The mistake in a word that is no month and no day of the week."""
    spec = FIELDS[index]
    piece = text[offset:].partition(",")[0]  # an extension is told by what follows it: `H/15`, `L-3`
    if extension := _extension(index, text, piece, offset) or _extension(index, text, token, offset):
        return extension
    if not spec.names:
        reason = f"'{token}' in the {spec.name} field is not a number: it takes {_span(spec)}"
        return FieldMistake(reason, token, offset)
    known = ", ".join(spec.names)
    full = token.upper()[:3] if len(token) > 3 and token.upper()[:3] in spec.names else None
    near = full or nearest(token, spec.names)
    reason = f"'{token}' in the {spec.name} field is not a {spec.name}: names are {known}"
    return FieldMistake(reason, token, offset, near and _replaced(text, token, offset, near))


def out_of_range(index: int, text: str, token: str, offset: int) -> FieldMistake:
    """The mistake in a number that the field does not go to."""
    spec = FIELDS[index]
    reason = f"'{token}' in the {spec.name} field is out of range: it takes {_span(spec)}"
    value = int(token[:9])
    if spec.low <= value <= spec.high:
        better: str | None = str(value)
    elif value == spec.high + 1 or value < spec.low:
        better = str(spec.low)
    else:
        better = None
    return FieldMistake(reason, token, offset, better and _replaced(text, token, offset, better))


def _span(spec: FieldSpec) -> str:
    if spec is FIELDS[WEEKDAY]:
        return "0 to 7 (0 and 7 are Sunday)"
    return f"{spec.low} to {spec.high}"


def _replaced(text: str, token: str, offset: int, better: str) -> str:
    return text[:offset] + better + text[offset + len(token) :]


def interval_key(duration: str) -> str | None:
    """`every: …` if the duration would be accepted."""
    try:
        parse_duration(duration)
    except ScheduleError as error:
        return f"every: {error.suggestion}" if error.suggestion else None
    return f"every: {duration}"
