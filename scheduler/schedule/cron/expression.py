"""A whole cron expression: five fields or an alias, read strictly, with the exact place of any mistake."""

from __future__ import annotations

from scheduler.schedule.cron.field_mistakes import FieldMistake
from scheduler.schedule.cron.fields import read_field
from scheduler.schedule.cron.vocabulary import ALIASES, FIELDS, CronField, CronFields


def read_expression(expression: str, timezone: str = "UTC") -> CronFields:
    """Read a five-field cron expression or an alias.

    Args:
        expression: As it was written.
        timezone: The zone in which it is read; used only by the refusal of a zone inside the expression.

    Raises:
        ScheduleError: The expression is not one that cron knows, or names a day that no month has.
    """
    text = expression.strip(" \t")
    if text.lower() in ALIASES:
        return read_expression(ALIASES[text.lower()])
    words = text.split()
    if len(words) != len(FIELDS) or text.startswith("@") or "=" in words[0] or not _is_plain(text):
        _refuse_other_shapes(expression, timezone)
    fields: list[CronField] = []
    wrong: dict[int, FieldMistake] = {}
    for index, word in enumerate(words):
        try:
            fields.append(read_field(index, word))
        except FieldMistake as mistake:
            wrong[index] = mistake
    if wrong:
        from scheduler.schedule.cron import expression_mistakes as mistakes

        raise mistakes.wrong_fields(expression, words, wrong)
    read = CronFields(*fields)
    if not read.ever_comes:
        from scheduler.schedule.cron import expression_mistakes as mistakes

        raise mistakes.day_never_comes(expression, read)
    return read


def _is_plain(text: str) -> bool:
    """Whether all of it is printable ASCII, blanks and tabs included."""
    return text.isascii() and text.replace("\t", " ").isprintable()


def _refuse_other_shapes(expression: str, timezone: str) -> None:
    """Refuse what cannot be five fields, whatever stands in them."""
    from scheduler.schedule.cron import expression_mistakes as mistakes

    text = expression.strip(" \t")
    words = text.split()
    if not _is_plain(text):
        raise mistakes.strange_character(expression)
    if refusal := mistakes.zone_inside(expression, timezone):
        raise refusal
    if text.startswith("@"):
        raise mistakes.unknown_alias(text, len(expression) - len(expression.lstrip(" \t")))
    if len(words) != len(FIELDS):
        raise mistakes.wrong_field_count(expression)
