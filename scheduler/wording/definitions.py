"""A job's definition in words."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scheduler.definition import JobDefinition

if TYPE_CHECKING:
    from scheduler.schedule.schedule import Schedule


def timing_words(definition: JobDefinition) -> tuple[str, str]:
    """When a job runs: in words, and as it was written."""
    from scheduler.rules.job_schedule import schedule_of, source_of

    if definition.follows:
        return f"after {' and '.join(definition.follows)}", source_of(definition)
    schedule = schedule_of(definition)
    after = f", once {' and '.join(definition.awaits)} succeeded" if definition.awaits else ""
    return _described(schedule) + _days_words(definition) + after, schedule.source()


@lru_cache(maxsize=16_384)
def _described(schedule: Schedule) -> str:
    """A schedule in words; many jobs share one."""
    return schedule.describe()


def _days_words(definition: JobDefinition) -> str:
    """On which days a job does not run, or runs alone, as the end of a sentence; empty if it runs on all."""
    calendars = definition.calendars
    if calendars is None:
        return ""
    only = f", only on days of {' or '.join(calendars.only)}" if calendars.only else ""
    return only + (f", not on {' or '.join(calendars.without)}" if calendars.without else "")


def change_words(name: str, definition: JobDefinition) -> str:
    """The name of a setting that was changed; for one that is true or false, its value now too."""
    value = getattr(definition, name, None)
    return f"{name} (now {str(value).lower()})" if isinstance(value, bool) else name


def command_line(command: str | list[str]) -> str:
    """A command in one line: as it was written, or the program and its arguments quoted as a shell wants them."""
    if isinstance(command, str):
        return command
    import shlex

    return shlex.join(command)


def command_words(definition: JobDefinition) -> str:
    """What a job runs: its command line, its class or function in Python, or that it is built in."""
    command = definition.command
    if definition.python is not None:
        return f"python: {definition.python}"
    return f"built in: {definition.name}" if command is None else command_line(command)
