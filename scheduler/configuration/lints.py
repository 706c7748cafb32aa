"""What is legal in a config, and surprising."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from scheduler.configuration.model import Config, ConfigLint, ConfiguredJob
from scheduler.configuration.upstreams import upstream_lints
from scheduler.definition import Timing
from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule import Lint
from scheduler.schedule.lint import lint
from scheduler.shortening import bounded_message


def lints(config: Config) -> list[ConfigLint]:
    """What is legal but surprising in a config, in the order of its files, each with the one it is in."""
    about_schedules = _schedule_lints(config.jobs.values(), config.read_at)
    found = [*config.remarks, *about_schedules, *upstream_lints(config.jobs)]
    placed = [
        remark._replace(message=bounded_message(remark.message), file=_file(remark, config))
        for remark in found
    ]
    return sorted(placed, key=lambda remark: (remark.file or "", remark))


def _file(remark: ConfigLint, config: Config) -> str:
    if remark.file is not None:
        return remark.file
    return config.jobs[remark.job].file if remark.job in config.jobs else ""


def _schedule_lints(jobs: Iterable[ConfiguredJob], now: datetime | None) -> Iterator[ConfigLint]:
    """What is legal but surprising about when jobs run.

    Args:
        jobs: Any jobs of one file.
        now: With it, a single instant that has passed is remarked on.
    """
    known: dict[Timing, list[Lint]] = {}
    for job in jobs:
        definition = job.definition
        shared = definition.timing()
        if (remarks := known.get(shared)) is None:
            schedule = schedule_of(definition)
            remarks = lint(schedule)
            if definition.at is not None and now is not None and schedule.next_after(now) is None:
                remarks = [
                    *remarks,
                    Lint("in-the-past", f"{definition.at} has passed: this job will not run"),
                ]
            elif definition.calendars is not None and now is not None and schedule.next_after(now) is None:
                message = "its calendars leave no day on which its times come: this job will not run"
                remarks = [*remarks, Lint("no-day-left", message)]
            known[shared] = remarks
        for remark in remarks:
            yield ConfigLint(*job.timing_place, definition.name, remark.code, remark.message)
