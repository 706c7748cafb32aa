"""A cron expression in words, made from the values that match and not from how they were spelled.

A shorter sentence is used only if it says exactly what the values say; otherwise each field is worded.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scheduler.schedule.cron.day_form_words import WEEKDAYS, form_in_words, in_each_month
from scheduler.schedule.cron.vocabulary import CronField, CronFields

_TIMES_LISTED_MAX = 6
_MONTHS = (
    *("", "January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ALL_HOURS = list(range(24))


def describe_cron(fields: CronFields) -> str:
    """The schedule in words, such as "every day at 02:00" or "every 5 minutes".

    >>> from scheduler.schedule.cron.expression import read_expression
    >>> describe_cron(read_expression("0 3 * * 0"))
    'at 03:00 on Sunday'
    """
    times = _times(fields.minute.values(), fields.hour.values())
    days = _days(fields)
    if days:
        return f"{times} {days}"
    return f"every day {times}" if times.startswith("at ") and "past every hour" not in times else times


def _times(minutes: list[int], hours: list[int]) -> str:
    """When in a day: a sentence that begins with "at" or "every"."""
    if len(minutes) * len(hours) <= _TIMES_LISTED_MAX:
        return f"at {_listed([f'{hour:02}:{minute:02}' for hour in hours for minute in minutes])}"
    whole_day = hours == _ALL_HOURS
    minute_step, hour_step = _even_step(minutes, 60), _even_step(hours, 24)
    if minute_step is not None and len(minutes) > 1:
        pace = "every minute" if minute_step == 1 else f"every {minute_step} minutes"
        if whole_day:
            return pace
        if hours == list(range(hours[0], hours[-1] + 1)):
            return f"{pace} from {hours[0]:02}:00 to {hours[-1]:02}:{minutes[-1]:02}"
        return f"{pace} {_hours(hours)}"
    if len(minutes) == 1:
        minute = minutes[0]
        if hour_step is not None:
            pace = "every hour" if hour_step == 1 else f"every {hour_step} hours"
            return pace if minute == 0 else f"{pace}, at {minute} {_noun('minute', minute)} past"
        if hours == list(range(hours[0], hours[-1] + 1)):
            return f"every hour from {hours[0]:02}:{minute:02} to {hours[-1]:02}:{minute:02}"
    past = f"at minutes {numbers_in_words(minutes)}" if len(minutes) > 1 else f"at minute {minutes[0]}"
    return f"{past} past every hour" if whole_day else f"{past} {_hours(hours)}"


def _hours(hours: list[int]) -> str:
    if len(hours) == 1:
        return f"in the hour from {hours[0]:02}:00"
    return f"in the hours {numbers_in_words(hours)}"


def _even_step(values: list[int], size: int) -> int | None:
    """The step with which `values` go from 0 to `size` in equal steps, if there is one that divides `size`."""
    if size % len(values) == 0 and values == list(range(0, size, size // len(values))):
        return size // len(values)
    return None


def _days(fields: CronFields) -> str:
    """Which days: a phrase that begins with "on" or "in", or nothing if every day matches."""
    days, months, weekdays = fields.day.values(), fields.month.values(), fields.weekday.values()
    if fields.day.forms or fields.weekday.forms:
        return _days_with_forms(fields)
    all_days, all_weekdays = len(days) == 31, len(weekdays) == 7
    if fields.either_day and (all_days or all_weekdays):
        all_days = all_weekdays = True
    month_names = "" if len(months) == 12 else _span_names(months, _MONTHS)
    if all_days and all_weekdays:
        return f"in {month_names}" if month_names else ""
    if all_days:
        return f"on {_weekday_names(weekdays)}" + (f" in {month_names}" if month_names else "")
    if all_weekdays:
        return _month_days(days, months, month_names)
    numbers = numbers_in_words(days)
    if fields.either_day:
        numbered = f"{_noun('day', len(days))} {numbers} of the month"
        within = f", in {month_names}" if month_names else ""
        return f"on {numbered} and also on {_weekday_names(weekdays)}{within}"
    within = f" in {month_names}" if month_names else ""
    return f"on {_weekday_names(weekdays)} when it is day {numbers} of the month{within}"


def _days_with_forms(fields: CronFields) -> str:
    """Which days, if some of them are told by their place in the month."""
    months = fields.month.values()
    month_names = "" if len(months) == 12 else _span_names(months, _MONTHS)
    days = _listed(_numbered(fields.day) + _placed(fields.day)) if fields.day.text != "*" else ""
    weekdays = _listed(_named(fields.weekday) + _placed(fields.weekday)) if fields.weekday.text != "*" else ""
    forms = (*fields.day.forms, *fields.weekday.forms)
    of = month_names or ("every month" if all(map(in_each_month, forms)) else "the month")
    if not (days and weekdays):
        return f"on {days or weekdays} of {of}"
    if fields.either_day:
        return f"on {days} of the month and also on {weekdays}" + (
            f", in {month_names}" if month_names else ""
        )
    return f"on {weekdays} when it is {days} of {month_names or 'the month'}"


def _numbered(field: CronField) -> list[str]:
    values = field.values()
    return [f"{_noun('day', len(values))} {numbers_in_words(values)}"] if values else []


def _named(field: CronField) -> list[str]:
    return [f"each {WEEKDAYS[value]}" for value in field.values()]


def _placed(field: CronField) -> list[str]:
    return [form_in_words(form) for form in dict.fromkeys(field.forms)]


def _month_days(days: list[int], months: list[int], month_names: str) -> str:
    if len(days) == 1 and len(months) == 1:
        return f"on {days[0]} {month_names}"
    numbered = f"{_noun('day', len(days))} {numbers_in_words(days)}"
    # Not every month has a day 29.
    every = "every month" if days[-1] <= 28 else "the month"
    return f"on {numbered} of {month_names or every}"


def _weekday_names(weekdays: list[int]) -> str:
    if weekdays == [0, 6]:
        return "Saturday and Sunday"
    # Here Sunday ends the week: "Friday to Sunday".
    if len(weekdays) > 2 and 0 in weekdays and 6 in weekdays:
        shifted = [day or 7 for day in weekdays]
        return _span_names(sorted(shifted), WEEKDAYS)
    return _span_names(weekdays, WEEKDAYS)


def _span_names(values: list[int], names: Sequence[str]) -> str:
    """Names in a list, or "first to last" if at least three values follow one another."""
    if len(values) > 2 and values == list(range(values[0], values[-1] + 1)):
        return f"{names[values[0]]} to {names[values[-1]]}"
    return _listed([names[value] for value in values])


def numbers_in_words(values: list[int]) -> str:
    """Ascending numbers in a list, with long runs and even steps shortened.

    >>> numbers_in_words([1, 2, 3, 4, 15])
    '1 to 4 and 15'
    >>> numbers_in_words([1, 3, 5, 7, 9, 11, 13])
    '1, 3, 5 and so on to 13'
    """
    if len(values) > 5:
        steps = {later - earlier for earlier, later in pairwise(values)}
        if len(steps) == 1 and steps != {1}:
            return f"{values[0]}, {values[1]}, {values[2]} and so on to {values[-1]}"
    spans: list[str] = []
    begin = 0
    for at in range(1, len(values) + 1):
        if at == len(values) or values[at] != values[at - 1] + 1:
            if at - begin > 2:
                spans.append(f"{values[begin]} to {values[at - 1]}")
            else:
                spans += [str(value) for value in values[begin:at]]
            begin = at
    return _listed(spans)


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _noun(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
