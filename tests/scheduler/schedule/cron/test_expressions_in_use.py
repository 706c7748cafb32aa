"""What is remarked on in expressions that people use: only what is so, by rules that are told here once more."""

from __future__ import annotations

import re

from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.expression import parse_expression
from scheduler.schedule.lint import lint
from scheduler.schedule.schedule import Schedule
from tests.scheduler.schedule.cron.in_use import IN_USE

_SIZES = (60, 24, 0, 12, 7)


def _accepted() -> list[tuple[str, Schedule]]:
    found = []
    for text in IN_USE:
        try:
            found.append((text, parse_expression(text, "Europe/Paris")))
        except ScheduleError:
            continue  # of another dialect, or a mistake
    return found


ACCEPTED = _accepted()


def _is_so(code: str, expression: str) -> bool:
    """Whether a remark is right, by the look of the fields."""
    fields = expression.split()
    minute, hour, day, month, weekday = fields
    if code == "uneven-step":
        return any(
            int(step) > 1 and (size == 0 or size % int(step) != 0)
            for field, size in zip(fields, _SIZES, strict=True)
            for step in re.findall(r"\*/([0-9]+)", field)
        )
    if code == "step-past-end":
        spans = re.findall(r"([0-9]+)-([0-9]+)/([0-9]+)", expression)
        past = any(int(step) > int(last) - int(first) for first, last, step in spans)
        return past or any(int(step) >= 12 for step in re.findall(r"\*/([0-9]+)", expression))
    if code in ("skipped-time", "repeated-time"):
        # In Paris what begins with 02: is skipped in spring and comes twice in autumn.
        return bool(re.search(r"(?<![0-9/])0?2(?![0-9])|(?<![0-9])[01]-|\*/2", hour))
    return {
        "every-minute-of-hour": minute == "*" and not hour.startswith("*"),
        "leap-day": day == "29" and month == "2",
        "day-or-weekday": not day.startswith("*") and not weekday.startswith("*"),
        "short-months": bool(re.search(r"29|30|31|L|#5", f"{day} {weekday}")),
        "day-and-weekday": day != "*" and weekday != "*",
        "leading-zeros": bool(re.search(r"0[0-9]{2}", expression)),
    }[code]


def test_most_are_understood() -> None:
    """The rest belongs to dialects with seconds or years, or is a mistake."""
    assert len(IN_USE) > 900
    assert len(ACCEPTED) > 750


def test_no_remark_is_a_false_alarm() -> None:
    """What is told of an expression is so."""
    for text, schedule in ACCEPTED:
        for remark in lint(schedule):
            assert _is_so(remark.code, schedule.source() if text.startswith("@") else text), (text, remark)


def test_what_people_use_gets_few_remarks() -> None:
    """Besides what clock changes do to times in the night, which nobody sees in an expression."""
    remarked = [
        text
        for text, schedule in ACCEPTED
        if {remark.code for remark in lint(schedule)} - {"skipped-time", "repeated-time"}
    ]
    assert len(remarked) < len(ACCEPTED) / 15
