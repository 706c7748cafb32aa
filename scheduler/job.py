"""Jobs in Python: what a job is, what it is given, what it may answer.

    from scheduler.job import Job, JobContext, JobResult

    class Report(Job):
        name = "report"
        region: str = "eu"

        async def run(self, ctx: JobContext) -> JobResult:
            return JobResult(message=f"sent to {self.region}", items_processed=3)

None of these classes is needed: any class with a `name` and a `run` is a job, and any object with the members of
`JobResult`, or a mapping with them, is a result. `docs/python-jobs.md` has the rules.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    import logging

__all__ = ["Job", "JobCancelled", "JobContext", "JobResult", "Metric", "Parameter"]

Metric = int | float | bool | str
Parameter = str | int | float | bool


class JobCancelled(BaseException):
    """The run was asked to stop (SIGTERM): by a person, by its timeout, or because the scheduler stops.

    It is no `Exception`, so that a job which catches those is stopped too.
    """


class JobResult(msgspec.Struct, kw_only=True):
    """What a job says of its run; nothing at all (None) says that it succeeded.

    Attributes:
        succeeded: whether it did what was wanted.
        message: one sentence for people; recorded in the ledger, at most 1,000 characters of it.
        items_processed: how many things it dealt with.
        items_failed: how many of them it could not deal with; the run may have succeeded all the same.
        metrics: at most 32 numbers, truth values or short texts by name; recorded, and a column in SQL.
    """

    succeeded: bool = True
    message: str = ""
    items_processed: int | None = None
    items_failed: int | None = None
    metrics: dict[str, Metric] = {}


class JobContext:
    """What a run is, and what it may use.

    Attributes:
        job: the name of the job; run: the run's number in the ledger; attempt: which of its attempts, from 1.
        scheduled_for: the instant for which it runs, in UTC; None where a person asked for it.
        trigger: `schedule`, `catch_up`, `manual` or `backfill`.
        params: the values of its parameters by name, each of its type; the class has them as fields too.
        dry_run: nothing is to be changed; only where the class says `supports_dry_run = True`.
        deadline: when it will be stopped, in UTC; None without a timeout.
        previous: what the last attempt of this job that returned a result said; None if there was none.
        cancelled: whether it was asked to stop.
    """

    def __init__(
        self,
        *,
        job: str,
        run: int = 0,
        attempt: int = 1,
        scheduled_for: datetime | None = None,
        trigger: str = "manual",
        params: Mapping[str, Parameter] | None = None,
        dry_run: bool = False,
        deadline: datetime | None = None,
        previous: JobResult | None = None,
        state_folder: Path | None = None,
        logger: Callable[[], logging.Logger] | None = None,
    ) -> None:
        self.job, self.run, self.attempt, self.trigger = job, run, attempt, trigger
        self.scheduled_for, self.deadline = scheduled_for, deadline
        self.params = dict(params or {})
        self.dry_run, self.previous = dry_run, previous
        self.cancelled = False
        self._state_folder, self._make_logger = state_folder, logger
        self._uninterrupted = 0

    @property
    def logger(self) -> logging.Logger:
        """A logger whose lines keep their level, and `extra={…}` as fields, in `cronledger logs`."""
        if self._make_logger is not None:
            return self._make_logger()
        import logging

        return logging.getLogger(self.job)

    @property
    def state(self) -> Path:
        """A folder of the job's own (0700), for what it wants to remember from one run to the next.

        Raises:
            OSError: it cannot be made.
        """
        if self._state_folder is None:
            raise OSError(2, "this context has no folder for state: give it state_folder")
        for folder in (self._state_folder.parent, self._state_folder):
            folder.mkdir(mode=0o700, exist_ok=True)
        return self._state_folder

    @property
    def may_interrupt(self) -> bool:
        """Whether a request to stop ends the run where it is."""
        return not self._uninterrupted

    @contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """A stretch that a request to stop does not break off: it only sets `cancelled`, and acts at the end.

        Raises:
            JobCancelled: it came meanwhile.
        """
        self._uninterrupted += 1
        try:
            yield
        finally:
            self._uninterrupted -= 1
        if self.cancelled and not self._uninterrupted:
            raise JobCancelled("the run was asked to stop")


class Job:
    """A job: `name` is the one under which the config has it; fields with a type are its parameters.

    Attributes:
        name: as in the config.
        description: for people, where the config has none.
        supports_dry_run: whether `run` obeys `ctx.dry_run`.
    """

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    supports_dry_run: ClassVar[bool] = False

    def run(self, ctx: JobContext) -> JobResult | Awaitable[JobResult | None] | None:
        """Do the work; `async def` and plain `def` are both right. An exception is a failure."""
        raise NotImplementedError
