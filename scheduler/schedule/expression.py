"""One expression of a `schedule`: five cron fields, an alias, or @reboot."""

from __future__ import annotations

from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.schedule import Schedule
from scheduler.schedule.uncomputed import AtReboot, is_reboot


def parse_expression(text: str, zone: str = "UTC") -> Schedule:
    """The schedule of an expression that stands alone.

    Args:
        text: the expression; zone: IANA name of the zone in which its times are read.

    Raises:
        ScheduleError: it is none.
    """
    return AtReboot(zone) if is_reboot(text) else parse_cron(text, zone)
