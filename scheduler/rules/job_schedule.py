"""From a definition to its schedule, and from an instant to the local time in a job's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec

from scheduler.definition import JobDefinition
from scheduler.schedule import OnDemand, Schedule, parse_at, parse_cron, parse_every, parse_several
from scheduler.schedule.zones import load_zone


def schedule_of(definition: JobDefinition) -> Schedule:
    """The job's schedule; jobs with the same timing share one."""
    return _schedule(*definition.timing())


@lru_cache(maxsize=65_536)
def _schedule(
    cron: str | tuple[str, ...] | None,
    every: str | None,
    at: str | None,
    timezone: str,
    jitter_offset_ms: int,
) -> Schedule:
    if jitter_offset_ms:
        from scheduler.schedule.jitter import JitteredSchedule

        nominal = _schedule(cron, every, at, timezone, 0)
        return JitteredSchedule(nominal, timedelta(milliseconds=jitter_offset_ms), timezone)
    if isinstance(cron, tuple):
        return parse_several(cron, timezone)
    if cron is not None:
        return parse_cron(cron, timezone)
    if every is not None:
        return parse_every(every, timezone)
    return OnDemand(timezone) if at is None else parse_at(at, timezone)


def offset_of(definition: JobDefinition) -> timedelta:
    """How much later than its nominal instants a job runs; nothing without jitter."""
    return timedelta(milliseconds=definition.jitter_offset_ms)


def nominal(definition: JobDefinition, instant: datetime) -> datetime | None:
    """The instant as the schedule is written, of one that jitter moved; None of one that it did not."""
    return instant - offset_of(definition) if definition.jitter_offset_ms else None


def with_offsets(definitions: Mapping[str, JobDefinition], ledger: str) -> dict[str, JobDefinition]:
    """The definitions of a config, those with jitter with the offset that they have in a ledger."""
    return {
        name: definition if definition.jitter_ms is None else with_offset(definition, ledger)
        for name, definition in definitions.items()
    }


def with_offset(definition: JobDefinition, ledger: str) -> JobDefinition:
    """A definition with the offset that it has in a ledger, whose id may be empty: then there is none yet."""
    if definition.jitter_ms is None:
        return definition
    from scheduler.schedule.jitter import jitter_offset_ms

    offset_ms = jitter_offset_ms(ledger, definition.name, definition.jitter_ms)
    return msgspec.structs.replace(definition, jitter_offset_ms=offset_ms)


@lru_cache(maxsize=1_024)
def local_iso(instant: datetime, timezone: str) -> str:
    """The instant in the job's zone: ISO 8601 with the offset."""
    return instant.astimezone(load_zone(timezone)).isoformat(timespec="seconds")
