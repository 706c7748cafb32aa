"""What is legal in a schedule and yet likely to surprise the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.schedule.cron.lint import lint_cron
from scheduler.schedule.cron.schedule import CronSchedule
from scheduler.schedule.every import EverySchedule
from scheduler.schedule.schedule import Lint, Schedule

_HEAVY_INTERVAL_S = 5


def lint(schedule: Schedule) -> list[Lint]:
    """Everything about a schedule that is legal but surprising; an empty list when nothing is.

    >>> from scheduler.schedule.cron.schedule import parse_cron
    >>> [remark.code for remark in lint(parse_cron("*/7 * * * *"))]
    ['uneven-step']
    """
    if isinstance(schedule, CronSchedule):
        return list(lint_cron(schedule))
    if isinstance(schedule, EverySchedule):
        return list(_interval(schedule))
    return []


def _interval(schedule: EverySchedule) -> Iterator[Lint]:
    if schedule.interval_s < _HEAVY_INTERVAL_S:
        a_day = 86_400 // schedule.interval_s
        yield Lint(
            "heavy-interval",
            f"this runs {a_day:,} times a day, and each run is several entries in the ledger;"
            " a service that loops by itself may serve better",
        )
    if schedule.interval_s < 86_400 and 86_400 % schedule.interval_s:
        yield Lint(
            "drifting-interval",
            f"'{schedule.text}' does not divide a day, so it runs at other times of day each day",
        )
    if schedule.interval_s >= 86_400 and schedule.zone != "UTC":
        yield Lint(
            "interval-in-utc",
            "intervals are counted from the epoch in UTC, so whole days fall at midnight UTC,"
            " not at local midnight",
        )
