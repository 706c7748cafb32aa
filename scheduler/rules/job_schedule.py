"""From a definition to its schedule, and from an instant to the local time in a job's zone."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from scheduler.definition import JobDefinition
from scheduler.schedule import OnDemand, Schedule, parse_at, parse_cron, parse_every, parse_several
from scheduler.schedule.zones import load_zone


def schedule_of(definition: JobDefinition) -> Schedule:
    """The job's schedule; jobs with the same timing share one."""
    return _schedule(*definition.timing())


@lru_cache(maxsize=65_536)
def _schedule(
    cron: str | tuple[str, ...] | None, every: str | None, at: str | None, timezone: str
) -> Schedule:
    if isinstance(cron, tuple):
        return parse_several(cron, timezone)
    if cron is not None:
        return parse_cron(cron, timezone)
    if every is not None:
        return parse_every(every, timezone)
    return OnDemand(timezone) if at is None else parse_at(at, timezone)


@lru_cache(maxsize=1_024)
def local_iso(instant: datetime, timezone: str) -> str:
    """The instant in the job's zone: ISO 8601 with the offset."""
    return instant.astimezone(load_zone(timezone)).isoformat(timespec="seconds")
