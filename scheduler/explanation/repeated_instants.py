"""Instants that a clock showed again after it was set back: what was in force then, though all was settled."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.definition import JobDefinition
from scheduler.explanation.clock_steps import set_backs_over, state_at_repetition
from scheduler.explanation.facts import ClockStep, Explanation, Fact, SecondPass, Verdict
from scheduler.ledger.past import Past
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.state import Job

_HAS_A_RUN: frozenset[Verdict] = frozenset({"ran", "running", "waiting", "skipped"})


def is_repeated(answer: Explanation) -> bool:
    """Whether the schedule had the instant when a clock that had been set back reached it again."""
    return any(isinstance(fact, SecondPass) for fact in answer.facts)


class SecondPasses:
    """The instants of one job that clocks reached again.

    Args:
        past: the ledger.
        name: the name of the job.
        now: the present moment: a later instant has not come again yet.
    """

    def __init__(self, past: Past, name: str, now: datetime) -> None:
        self._past, self._name, self._now = past, name, now
        self._steps: dict[datetime, list[ClockStep]] = {}

    def facts(self, instant: datetime, settled_seq: int, verdict: Verdict) -> list[Fact]:
        """The steps back that made clocks show an instant again; and what was in force then, if it has no run.

        Args:
            instant: the instant.
            settled_seq: the entry that settled it.
            verdict: what became of it.
        """
        again = [
            SecondPass(
                entries=[job.defined_seq, settled_seq],
                revision=job.revision,
                source=schedule_of(job.definition).source(),
                timezone=job.definition.timezone,
                until=job.cursor,
            )
            for job in ([] if verdict in _HAS_A_RUN else self.jobs(instant, settled_seq))
            if job.on_schedule and is_due(job.definition, instant)
        ]
        return [*self._set_backs(instant, settled_seq), *again]

    def jobs(self, instant: datetime, settled_seq: int) -> list[Job]:
        """The job as it was each time a clock reached an instant again that entry `settled_seq` had settled."""
        if instant > self._now:
            return []
        steps = self._set_backs(instant, settled_seq)
        states = [state_at_repetition(self._past, instant, step) for step in steps]
        jobs = [state.jobs.get(self._name) for state in states if state is not None]
        return [job for job in jobs if job is not None and job.present]

    def _set_backs(self, instant: datetime, settled_seq: int) -> list[ClockStep]:
        if instant not in self._steps:
            self._steps[instant] = set_backs_over(self._past, instant, settled_seq)
        return self._steps[instant]


_RAREST = timedelta(days=8 * 366)
"""The longest time between two instants of a schedule: 29 February, across a century year without one."""


def is_due(definition: JobDefinition, instant: datetime) -> bool:
    """Whether the schedule has exactly this instant."""
    return schedule_of(definition).has(instant)


def latest_before(definition: JobDefinition, instant: datetime) -> datetime | None:
    """The nearest earlier instant of a schedule; the search goes back by `_RAREST`."""
    return schedule_of(definition).latest_between(instant - _RAREST, instant)
