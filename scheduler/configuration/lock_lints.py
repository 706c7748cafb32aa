"""Locks of jobs that are probably others: one letter beside a lock that the scheduler block has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scheduler.configuration.model import ConfigLint, ConfiguredJob
from scheduler.schedule.errors import mistyped


def lock_lints(jobs: Mapping[str, ConfiguredJob], declared: Mapping[str, int]) -> Iterator[ConfigLint]:
    """Of each job that names such a lock.

    Args:
        jobs: the jobs of one file.
        declared: the locks of its scheduler block.
    """
    if not declared:
        return
    meant: dict[str, str] = {}
    for job in jobs.values():
        for name in job.definition.locks:
            if name in declared:
                continue
            if name not in meant:
                meant[name] = _meant(name, declared)
            if meant[name]:
                own, inherited = job.written.get("locks"), job.inherited.get("locks")
                line = own or inherited or job.timing_place.line
                message = f"its lock {name} is another one than {meant[name]}, which the scheduler block has"
                file = "" if not own and inherited else job.file
                yield ConfigLint(line, 1, job.definition.name, "lock-near-miss", message, file)


def _meant(name: str, declared: Mapping[str, int]) -> str:
    """The declared lock that was probably meant; names that differ in their numbers mean different things."""
    near = mistyped(name, declared) or ""
    return "" if re.sub("[0-9]", "", near) == re.sub("[0-9]", "", name) else near
