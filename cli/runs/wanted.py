"""What a person wants run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from cli.app.failures import ExitCode, Failure
from cli.home.reasons import check_reason
from cli.runs.parameters import given_values
from scheduler.definition import JobDefinition


class FailedRun(NamedTuple):
    """A run that had not succeeded and is to be made again.

    Attributes:
        run: its number; job: its job.
        scheduled_for: its instant, if it was for one.
        params: the values of parameters that it had.
    """

    run: int
    job: str
    scheduled_for: datetime | None
    params: Mapping[str, str]


class WantedRun(NamedTuple):
    """A run to be requested: its job, the values for parameters, and which run it makes again, if it does."""

    definition: JobDefinition
    params: dict[str, str]
    again: FailedRun | None = None

    @property
    def retry_of(self) -> int | None:
        """The run that it makes again."""
        return None if self.again is None else self.again.run

    @property
    def original_scheduled_for(self) -> datetime | None:
        """The instant of that run."""
        return None if self.again is None else self.again.scheduled_for


class Wanted(NamedTuple):
    """Jobs to run, or runs to make again, why, and with which values.

    Attributes:
        names: of the jobs, each once.
        reason: why, in the person's words.
        params: values for parameters of each of the jobs, as `NAME=VALUE`.
        again: the runs to make again, oldest first.
        dry_run: they are jobs in Python that change nothing then.
        with_dependents: the jobs that run after them follow.
    """

    names: Sequence[str]
    reason: str = ""
    params: Sequence[str] = ()
    again: Sequence[FailedRun] = ()
    dry_run: bool = False
    with_dependents: bool = False

    @property
    def run_count(self) -> int:
        """How many runs that are."""
        return len(self.names) + len(self.again)

    def runs(self, definition_of: Callable[[str], JobDefinition]) -> list[WantedRun]:
        """The runs to be requested.

        Args:
            definition_of: the definition of a job; it raises `Failure` if there is none.

        Raises:
            Failure: there is no such job, it takes no such parameter, or it asks for a reason.
        """
        runs = []
        for name in self.names:
            definition = definition_of(name)
            runs.append(WantedRun(definition, given_values(definition, self.params)))
        for failed in self.again:
            definition = definition_of(failed.job)
            runs.append(WantedRun(definition, _values_again(definition, failed), failed))
        check_reason((run.definition for run in runs), self.reason)
        return runs


def _values_again(definition: JobDefinition, failed: FailedRun) -> dict[str, str]:
    """The values that a run had, of the parameters that its job still has; secret ones are read when it starts.

    Raises:
        Failure: one of them is allowed no more.
    """
    kept = {name for name, parameter in definition.params.items() if not parameter.secret}
    written = [f"{name}={value}" for name, value in failed.params.items() if name in kept]
    try:
        return given_values(definition, written)
    except Failure as problem:
        told = f"run {failed.run} cannot be made again: {problem.message}"
        raise Failure(told, problem.hint, ExitCode.FAILED) from None
