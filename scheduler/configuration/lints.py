"""What is legal in a config, and surprising."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from scheduler.configuration.model import Config, ConfigLint, ConfiguredJob
from scheduler.configuration.timing import parse_timing
from scheduler.schedule import Lint, lint
from scheduler.shortening import bounded_message


def lints(config: Config) -> list[ConfigLint]:
    """What is legal but surprising in a config, in the order of the file."""
    found = sorted([*config.remarks, *_schedule_lints(config.jobs.values(), config.read_at)])
    return [remark._replace(message=bounded_message(remark.message)) for remark in found]


def _schedule_lints(jobs: Iterable[ConfiguredJob], now: datetime | None) -> Iterator[ConfigLint]:
    """What is legal but surprising about when jobs run.

    Args:
        jobs: Any jobs of one file.
        now: With it, a single instant that has passed is remarked on.
    """
    known: dict[tuple[str, str, str], list[Lint]] = {}
    for job in jobs:
        definition = job.definition
        if definition.on_demand:
            continue
        kind = "schedule" if definition.schedule else "every" if definition.every else "at"
        text = definition.schedule or definition.every or definition.at or ""
        shared = (kind, text, definition.timezone)
        if (remarks := known.get(shared)) is None:
            schedule = parse_timing(*shared)
            remarks = lint(schedule)
            if kind == "at" and now is not None and schedule.next_after(now) is None:
                remarks = [*remarks, Lint("in-the-past", f"{text} has passed: this job will not run")]
            known[shared] = remarks
        for remark in remarks:
            yield ConfigLint(*job.timing_place, definition.name, remark.code, remark.message)
