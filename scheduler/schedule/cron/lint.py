"""What is legal in a cron expression and yet likely to surprise the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scheduler.schedule.clock_changes import clock_change_lints
from scheduler.schedule.cron.day_form_words import form_in_words, in_each_month
from scheduler.schedule.cron.schedule import CronSchedule
from scheduler.schedule.cron.vocabulary import (
    FIELDS,
    HOUR,
    LONGEST_MONTH_DAYS,
    MINUTE,
    WEEKDAY,
    FieldSpec,
    Part,
)
from scheduler.schedule.cron.words import numbers_in_words
from scheduler.schedule.schedule import Lint

_HOURS = 24


def lint_cron(schedule: CronSchedule) -> Iterator[Lint]:
    """Everything about a cron schedule that is legal but surprising."""
    yield from _steps_past_the_end(schedule)
    yield from _leading_zeros(schedule)
    yield from _uneven_steps(schedule)
    yield from _every_minute_of_hours(schedule)
    yield from _day_fields(schedule)
    yield from _missing_days(schedule)
    # What runs each hour neither lacks a run nor has one too many. `*/2` does, although cron takes it for a star.
    if schedule.fields.hour.mask.bit_count() < _HOURS:
        yield from clock_change_lints(schedule)


def _steps_past_the_end(schedule: CronSchedule) -> Iterator[Lint]:
    for spec, field in zip(FIELDS, schedule.fields, strict=True):
        for part in field.parts:
            if part.step > 1 and part.alone and not _week_of_sundays(spec, part):
                span = "*" if part.star else f"{part.low}-{part.high}"
                yield Lint(
                    "step-past-end",
                    f"'{span}/{part.step}' in the {spec.name} field steps past its end,"
                    f" so of these values only {part.low} matches",
                )


def _week_of_sundays(spec: FieldSpec, part: Part) -> bool:
    """`*/7` as day of week: cron counts Sunday as 0 and as 7, so this step ends where it should."""
    return spec is FIELDS[WEEKDAY] and part.star and part.step == 7


def _leading_zeros(schedule: CronSchedule) -> Iterator[Lint]:
    """Remarks on `005`: `00` and `05` are usual for minutes, but longer numbers may be taken for octal ones."""
    for number in dict.fromkeys(re.findall(r"(?<![0-9])0[0-9]{2,}", schedule.expression)):
        value = number.lstrip("0") or "0"
        yield Lint("leading-zeros", f"'{number}' is read as {value}: zeros in front change nothing")


def _uneven_steps(schedule: CronSchedule) -> Iterator[Lint]:
    for index, (field, size) in enumerate(zip(schedule.fields, (60, 24, 0, 12, 7), strict=True)):
        for part in field.parts:
            if part.star and part.step > 1 and not part.alone and (size == 0 or size % part.step):
                every = _as_interval(schedule, index, part.step)
                yield Lint("uneven-step", _uneven_step(FIELDS[index], part.step, size) + every)


def _uneven_step(spec: FieldSpec, step: int, size: int) -> str:
    last = spec.low + (spec.star_high - spec.low) // step * step
    starts = f"'*/{step}' in the {spec.name} field starts again at {spec.low} each time round"
    if size == 0:
        return f"{starts}: after day {last} the next is day 1 of the following month, however long the month"
    rest = size - (last - spec.low)
    return f"{starts}: the last gap is {rest} {spec.unit}{'' if rest == 1 else 's'}, not {step}"


def _as_interval(schedule: CronSchedule, index: int, step: int) -> str:
    """How an even interval is written, if the expression says nothing else that would be lost."""
    texts = [field.text for field in schedule.fields]
    if index == MINUTE and texts == [f"*/{step}", "*", "*", "*", "*"]:
        return f"; for an even interval write 'every: {step}m'"
    if index == HOUR and texts == ["0", f"*/{step}", "*", "*", "*"]:
        return f"; for an even interval write 'every: {step}h'"
    return ""


def _every_minute_of_hours(schedule: CronSchedule) -> Iterator[Lint]:
    minute, hour = schedule.fields.minute, schedule.fields.hour
    hours = hour.values()
    if minute.mask.bit_count() == 60 and not hour.starred:
        meant = schedule.fields
        once = f"0 {meant.hour.text} {meant.day.text} {meant.month.text} {meant.weekday.text}"
        span = "that hour" if len(hours) == 1 else f"each of those {len(hours)} hours"
        yield Lint(
            "every-minute-of-hour",
            f"this runs 60 times in {span}, once a minute; to run once at the hour write '{once}'",
        )


def _day_fields(schedule: CronSchedule) -> Iterator[Lint]:
    day, weekday = schedule.fields.day, schedule.fields.weekday
    if schedule.fields.either_day:
        yield Lint(
            "day-or-weekday",
            "day of month and day of week are both restricted, so a day matches when either does,"
            " not only when both do",
        )
    elif day.text != "*" and weekday.text != "*":
        starred = "day of month" if day.starred else "day of week"
        yield Lint(
            "day-and-weekday",
            f"the {starred} field begins with '*', so day of month and day of week must both match;"
            " with both restricted either would do",
        )


def _missing_days(schedule: CronSchedule) -> Iterator[Lint]:
    day, month, weekday = schedule.fields.day, schedule.fields.month, schedule.fields.weekday
    yield from _missing_forms(schedule)
    days, months = day.values(), month.values()
    if day.starred or day.forms or min(days) <= 28:
        return
    first = min(days)
    otherwise = "" if weekday.starred else " by its day of month"
    if all(LONGEST_MONTH_DAYS[number] < first for number in months):
        names = " or ".join(_month_name(number) for number in months)
        yield Lint(
            "day-never-comes",
            f"there is no day {numbers_in_words(days)} in {names}, so only the day of week decides",
        )
        return
    if months == [2]:
        yield Lint("leap-day", f"29 February comes in leap years only{otherwise}")
        return
    short = [
        number for number in months if LONGEST_MONTH_DAYS[number] < first or (number == 2 and first == 29)
    ]
    if short:
        names = ", ".join(_month_name(number) for number in short)
        but = " except in leap years" if short == [2] and first == 29 else ""
        yield Lint(
            "short-months",
            f"day {numbers_in_words(days)} skips months that are shorter{otherwise}: {names}{but}",
        )


def _missing_forms(schedule: CronSchedule) -> Iterator[Lint]:
    for form in (*schedule.fields.day.forms, *schedule.fields.weekday.forms):
        if not in_each_month(form):
            yield Lint("short-months", f"not every month has {form_in_words(form)}: the others are left out")


def _month_name(number: int) -> str:
    return next(name for name, value in FIELDS[3].names.items() if value == number).capitalize()
