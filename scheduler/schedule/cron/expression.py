"""A whole cron expression: five fields or an alias, read strictly, with the exact place of any mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scheduler.schedule.cron import expression_mistakes as mistakes
from scheduler.schedule.cron.field_mistakes import FieldMistake
from scheduler.schedule.cron.fields import read_field
from scheduler.schedule.cron.vocabulary import (
    ALIASES,
    DAY,
    FIELDS,
    MONTH,
    CronField,
    CronFields,
)
from scheduler.schedule.errors import ScheduleError

_PLAIN = re.compile(r"[ -~\t]*")


def read_expression(expression: str) -> CronFields:
    """Read a five-field cron expression or an alias.

    Raises:
        ScheduleError: It is not one that cron knows, or names a day that no month has.
    """
    text = expression.strip(" \t")
    column = len(expression) - len(expression.lstrip(" \t"))
    if not _PLAIN.fullmatch(text):
        raise mistakes.strange_character(expression)
    if text.startswith("@"):
        if text.lower() not in ALIASES:
            raise mistakes.unknown_alias(text, column)
        return read_expression(ALIASES[text.lower()])
    words = text.split()
    if len(words) != len(FIELDS):
        raise mistakes.wrong_field_count(expression)
    fields: list[CronField] = []
    wrong: dict[int, FieldMistake] = {}
    for index, word in enumerate(words):
        try:
            fields.append(read_field(index, word))
        except FieldMistake as mistake:
            wrong[index] = mistake
    if wrong:
        raise _located(expression, words, wrong)
    read = CronFields(*fields)
    if not read.ever_comes:
        raise mistakes.day_never_comes(expression, read)
    return read


def _located(expression: str, words: list[str], wrong: Mapping[int, FieldMistake]) -> ScheduleError:
    """The mistakes of fields, by their index, as mistakes of the whole expression; the first with the others."""
    first, *others = [_one_located(expression, words, wrong, index) for index in wrong]
    first.others = tuple(others)
    return first


def _one_located(
    expression: str, words: list[str], wrong: Mapping[int, FieldMistake], index: int
) -> ScheduleError:
    mistake = wrong[index]
    suggestion = mistake.instead
    if suggestion is None and mistake.replacement is not None:
        meant = [wrong[i].replacement or word if i in wrong else word for i, word in enumerate(words)]
        suggestion = mistakes.accepted(" ".join(meant))
    if suggestion is None and index in (1, MONTH):  # two neighbours may have changed places
        before = index - 1 if index == 1 else DAY
        swapped = words.copy()
        swapped[before], swapped[index] = words[index], words[before]
        suggestion = mistakes.accepted(" ".join(swapped))
    column = mistakes.field_columns(expression)[index] + mistake.offset
    return ScheduleError(
        mistake.reason, suggestion, field=FIELDS[index].name, token=mistake.token, column=column
    )
