"""Days that are told by their place in the month, in words."""

from __future__ import annotations

from scheduler.schedule.cron.day_rule import DayForm

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""By the numbers 0 to 7; the names do not come from `calendar`, because there they change with the locale."""
_NTH = ("", "first", "second", "third", "fourth", "fifth")


def form_in_words(form: DayForm) -> str:
    """Which day of the month a form tells, such as "the third Friday"; "of the month" is left to the sentence.

    >>> form_in_words(DayForm("nearest_workday", 15))
    'the working day nearest to day 15'
    """
    if form.kind == "last_day":
        return "the last day"
    if form.kind == "last_workday":
        return "the last working day"
    if form.kind == "nearest_workday":
        return f"the working day nearest to day {form.value}"
    if form.kind == "last_weekday":
        return f"the last {WEEKDAYS[form.value]}"
    return f"the {_NTH[form.nth]} {WEEKDAYS[form.value]}"


def in_each_month(form: DayForm) -> bool:
    """Whether every month has such a day."""
    return form.nth < 5 and not (form.kind == "nearest_workday" and form.value > 28)
