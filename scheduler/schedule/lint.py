"""What is legal in a schedule and yet likely to surprise the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.schedule.calendars.by_days import SomeDaysSchedule
from scheduler.schedule.clock_changes import clock_change_lints, clocks_change
from scheduler.schedule.cron.lint import lint_cron
from scheduler.schedule.cron.schedule import CronSchedule
from scheduler.schedule.cron.several import SeveralSchedules
from scheduler.schedule.every import EverySchedule
from scheduler.schedule.jitter import JitteredSchedule
from scheduler.schedule.schedule import Lint, Schedule
from scheduler.schedule.wall_schedule import WallSchedule

_HEAVY_INTERVAL_S = 5
_DAY_S = 86_400


def lint(schedule: Schedule) -> list[Lint]:
    """Everything about a schedule that is legal but surprising; an empty list if nothing is.

    >>> from scheduler.schedule.cron.schedule import parse_cron
    >>> [remark.code for remark in lint(parse_cron("*/7 * * * *"))]
    ['uneven-step']
    """
    if isinstance(schedule, JitteredSchedule):
        return lint(schedule.nominal)
    if isinstance(schedule, SomeDaysSchedule):
        return lint(schedule.every_day)
    if isinstance(schedule, SeveralSchedules):
        return list(_several(schedule))
    if isinstance(schedule, CronSchedule):
        return list(lint_cron(schedule))
    if isinstance(schedule, EverySchedule):
        return list(_interval(schedule))
    if isinstance(schedule, WallSchedule):
        return list(clock_change_lints(schedule))
    return []


def _several(schedule: SeveralSchedules) -> Iterator[Lint]:
    seen: dict[tuple[tuple[bool, int], ...], str] = {}
    for member in schedule.members:
        for remark in lint(member):
            yield Lint(remark.code, f"of '{member.source()}': {remark.message}")
        # Two expressions with the same values, starred alike, have the same instants.
        means = tuple((field.starred, field.mask) for field in member.fields)
        if means in seen:
            yield Lint(
                "same-schedule",
                f"'{member.source()}' has the times of '{seen[means]}' again: each of them is one run",
            )
        seen.setdefault(means, member.source())


def _interval(schedule: EverySchedule) -> Iterator[Lint]:
    if schedule.interval_s < _HEAVY_INTERVAL_S:
        a_day = _DAY_S // schedule.interval_s
        yield Lint(
            "heavy-interval",
            f"this runs {a_day:,} times a day, and each run is several entries in the ledger;"
            " a service that loops by itself may serve better",
        )
    if schedule.interval_s < _DAY_S and _DAY_S % schedule.interval_s:
        yield Lint(
            "drifting-interval",
            f"'{schedule.text}' does not divide a day, so it runs at other times of day each day",
        )
    if schedule.first_s is not None:
        yield from _elapsed(schedule)
        return
    if schedule.interval_s > _DAY_S:
        yield _longer_than_a_day(schedule)
    if schedule.interval_s >= _DAY_S and schedule.zone != "UTC":
        yield Lint(
            "interval-in-utc",
            "intervals are counted from the epoch in UTC, so whole days fall at midnight UTC,"
            f" not at local midnight; '{schedule.text} from 2026-01-05T00:00' would keep the local time",
        )


def _longer_than_a_day(schedule: EverySchedule) -> Lint:
    """The remark on a long interval: the epoch sets its days, not the config and not the last run."""
    days, rest_s = divmod(schedule.interval_s, _DAY_S)
    if rest_s:
        return Lint(
            "drifting-interval",
            f"'{schedule.text}' is not a whole number of days, so it runs at another time of day each time",
        )
    weekday = "always on a Thursday" if days % 7 == 0 else "on another day of the week each time"
    return Lint(
        "interval-from-epoch",
        f"intervals are counted from 1 January 1970: this runs every {days} days, {weekday},"
        f" and the first run may be up to {days} days away; '{schedule.text} from 2026-01-05T09:00' says when it"
        " begins",
    )


def _elapsed(schedule: EverySchedule) -> Iterator[Lint]:
    """The remark on an interval from a time on that was perhaps meant to keep its time of day."""
    days, rest_s = divmod(schedule.interval_s, _DAY_S)
    if days and not rest_s and clocks_change(schedule.zone):
        yield Lint(
            "elapsed-time",
            f"with hours an interval is elapsed time, so its time of day moves when clocks in {schedule.zone} are"
            f" changed; '{days}d from …' keeps it",
        )
