"""What is legal in a config, and surprising."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from scheduler.configuration.model import Config, ConfigLint, ConfiguredJob
from scheduler.configuration.remarks.busy_minutes import busy_minute_lints
from scheduler.configuration.remarks.node_labels import node_lints
from scheduler.configuration.remarks.reversed_zones import reversed_zone_lints
from scheduler.configuration.remarks.tight_expectations import tight_expectation_lints
from scheduler.configuration.upstreams import upstream_lints
from scheduler.definition import Timing
from scheduler.home import Home
from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule.lint import lint
from scheduler.schedule.schedule import Lint
from scheduler.shortening import bounded_message


def lints(config: Config, home: Home | None = None) -> list[ConfigLint]:
    """What is legal but surprising in a config, in the order of its files, each with the one it is in.

    Args:
        config: a config.
        home: its home; with it, the programs of the jobs are looked at, as this machine has them, and files beside
            the config that are not read.
    """
    about_schedules = _schedule_lints(config.jobs.values(), config.read_at)
    found = [
        *config.remarks,
        *about_schedules,
        *upstream_lints(config.jobs),
        *reversed_zone_lints(config.jobs),
        *tight_expectation_lints(config.jobs.values(), config.read_at),
        *busy_minute_lints(config.jobs, config.settings.max_parallel),
        *node_lints(config, shared=_is_shared(config, home)),
    ]
    if home is not None:
        from scheduler.configuration.remarks.programs import program_lints
        from scheduler.configuration.remarks.unread_files import unread_file_lints

        found += [*program_lints(config, home), *unread_file_lints(home.config)]
    placed = [
        remark._replace(message=bounded_message(remark.message), file=_file(remark, config))
        for remark in found
    ]
    return sorted(placed, key=lambda remark: (remark.file or "", remark))


def _is_shared(config: Config, home: Home | None) -> bool:
    """Whether the ledger is on a database, or is to be."""
    if config.ledger.store is not None or home is None:
        return config.ledger.store is not None
    from scheduler.store import is_on_database

    return is_on_database(home)


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
