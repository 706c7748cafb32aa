"""Whether a job that was imported runs when its source did: the next instants of both, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice, takewhile
from typing import NamedTuple

from scheduler.definition import JobDefinition
from scheduler.importing.conversion import InstantSource
from scheduler.rules.job_schedule import schedule_of

COMPARED = 50
"""So many instants are compared."""


class Comparison(NamedTuple):
    """The next instants of a source and of the job.

    Attributes:
        source: by the rules of the source.
        job: of the job, as the config has it.
    """

    source: list[datetime]
    job: list[datetime]

    @property
    def same(self) -> bool:
        """Whether they are the same."""
        return self.source == self.job

    @property
    def only_source(self) -> list[datetime]:
        """Those that the job lacks, as far as both lists reach."""
        return self._lacking(self.source, self.job)

    @property
    def only_job(self) -> list[datetime]:
        """Those that the source lacks, as far as both lists reach."""
        return self._lacking(self.job, self.source)

    def _lacking(self, some: list[datetime], others: list[datetime]) -> list[datetime]:
        known = set(others)
        full = min((found[-1] for found in (self.source, self.job) if len(found) == COMPARED), default=None)
        return [each for each in some if each not in known and (full is None or each <= full)]


def compare(definition: JobDefinition, source: InstantSource, after: datetime) -> Comparison:
    """The next instants of both, jitter left aside: before there is a ledger, no job has any.

    Args:
        definition: of the job, as the config was read.
        source: what it was made of.
        after: instants later than this are compared.
    """
    until = source.reach(after)
    job: Iterator[datetime] = schedule_of(definition).between(after, until, COMPARED)
    theirs = takewhile(lambda each: each <= until, source.after(after))
    return Comparison(list(islice(theirs, COMPARED)), list(job))
