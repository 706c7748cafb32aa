"""When jobs are due: cron expressions, intervals and single instants, as values that know no clock.

A `Schedule` answers which instant comes next after a given one. Instants are aware datetimes in UTC, on whole
seconds. Five-field cron is read strictly and follows Vixie and Debian cron for days and for daylight saving, as
`scheduler.schedule.cron` describes.

>>> from datetime import UTC, datetime
>>> nightly = parse_cron("0 2 * * *", "Europe/Paris")
>>> nightly.next_after(datetime(2026, 7, 1, tzinfo=UTC)).isoformat()
'2026-07-02T00:00:00+00:00'
"""

from scheduler.schedule.at import AtSchedule, parse_at
from scheduler.schedule.cron.schedule import CronSchedule, parse_cron
from scheduler.schedule.cron.several import SeveralSchedules, parse_several
from scheduler.schedule.duration import format_duration, parse_duration
from scheduler.schedule.errors import ScheduleError, mistyped
from scheduler.schedule.every import EverySchedule, parse_every
from scheduler.schedule.expression import parse_expression
from scheduler.schedule.schedule import Lint, Schedule, Summary
from scheduler.schedule.uncomputed import REBOOT, AtReboot, OnDemand, is_reboot
from scheduler.schedule.zones import known_zone, nearest_zones, unknown_zone

__all__ = [
    "REBOOT",
    "AtReboot",
    "AtSchedule",
    "CronSchedule",
    "EverySchedule",
    "Lint",
    "OnDemand",
    "Schedule",
    "ScheduleError",
    "SeveralSchedules",
    "Summary",
    "format_duration",
    "is_reboot",
    "known_zone",
    "mistyped",
    "nearest_zones",
    "parse_at",
    "parse_cron",
    "parse_duration",
    "parse_every",
    "parse_expression",
    "parse_several",
    "unknown_zone",
]
