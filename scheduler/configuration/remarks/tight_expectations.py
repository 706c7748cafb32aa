"""Successes that are expected more often than the job runs: it would be late however well it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from scheduler.configuration.model import ConfigLint, ConfiguredJob
from scheduler.definition import JobDefinition
from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule.duration import format_duration
from scheduler.schedule.schedule import Schedule

_TIMES: Final = 32
"""So many times of a job are looked at: a month of one that runs each day."""


def tight_expectation_lints(jobs: Iterable[ConfiguredJob], now: datetime | None) -> Iterator[ConfigLint]:
    """Of each job whose `success_every` is not longer than the time from one run to the next.

    Args:
        jobs: any jobs.
        now: from when on their times are looked at; None: they are not.
    """
    for job in jobs if now is not None else ():
        definition = job.definition
        if (every := _every(definition)) is None:
            continue
        gap = _longest_gap(schedule_of(definition), now, every)
        if gap >= every:
            written = job.written.get("expect")
            line, column = (written, 1) if written is not None else job.timing_place
            yield ConfigLint(line, column, definition.name, "success-too-often", _told(every, gap))


def _every(definition: JobDefinition) -> timedelta | None:
    expected = definition.expect
    if expected is None or expected.success_every_ms is None:
        return None
    if not (definition.enabled and definition.has_times) or definition.at is not None:
        return None
    return timedelta(milliseconds=expected.success_every_ms)


@lru_cache(maxsize=1_024)
def _longest_gap(schedule: Schedule, now: datetime, enough: timedelta) -> timedelta:
    """Between times that follow one another, as far as they are looked at; the first that is long enough is taken."""
    longest, before = timedelta(0), schedule.next_after(now)
    for _ in range(_TIMES):
        after = None if before is None else schedule.next_after(before)
        if before is None or after is None or longest >= enough:
            break
        longest, before = max(longest, after - before), after
    return longest


def _told(every: timedelta, gap: timedelta) -> str:
    limit, between = format_duration(every), format_duration(gap)
    if gap > every:
        return (
            f"up to {between} pass from one run to the next: with success_every {limit} the job is late then"
        )
    return (
        f"up to {between} pass from one run to the next: with success_every {limit} the job is late whenever a run "
        "ends a little later than the last one"
    )
