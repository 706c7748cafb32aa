"""Which schedule of a job was in force at an instant, and whether it has that."""

from __future__ import annotations

from datetime import datetime

from scheduler.definition import JobDefinition
from scheduler.explanation.facts import Fact, ScheduleChange, ScheduleInForce
from scheduler.explanation.repeated_instants import is_due, latest_before
from scheduler.explanation.wall_time import daylight_saving
from scheduler.ledger.past import Past
from scheduler.rules.job_schedule import nominal, schedule_of, source_of
from scheduler.rules.state import Job

_EDITS_MAX = 50
"""At most this many edits after an instant are followed back to find the definition that was in force at it."""


class SchedulesInForce:
    """The schedules of one job.

    Args:
        past: the ledger; job: the job as it is now.
    """

    def __init__(self, past: Past, job: Job) -> None:
        self._past, self._job = past, job

    def facts(self, job: Job, instant: datetime) -> list[Fact]:
        """What was in force at an instant, given the job right before the entry that settled it."""
        job = self.as_defined(job, instant)
        definition = job.definition
        schedule = schedule_of(definition)
        due = is_due(definition, instant)
        scheduled = ScheduleInForce(
            entries=[job.defined_seq],
            revision=job.revision,
            source=source_of(definition),
            timezone=definition.timezone,
            due=due,
            on_demand=definition.on_demand,
            before=None if due else latest_before(definition, instant),
            after=None if due else schedule.next_after(instant),
            nominal=nominal(definition, instant) if due else None,
        )
        facts: list[Fact] = [scheduled]
        changed = daylight_saving(definition, instant)
        if changed is not None:
            facts.append(changed)
        if self._job.present and self._job.definition.timing() != definition.timing():
            facts.append(self._rescheduled(definition))
        return facts

    def latest_due(self, now: datetime) -> datetime | None:
        """The last instant up to `now` that a schedule of the job had while the job had it; None if none is near.

        An edit of something else leaves the schedule as it was: each definition is asked for the time that it held.
        """
        job: Job | None = self._job
        end = now
        for _ in range(_EDITS_MAX):
            if job is None:
                break
            if job.removed_seq is not None:
                end = min(end, self._past.entry(job.removed_seq).time)
            begin = min(end, self._past.entry(job.defined_seq).time)
            latest = (
                schedule_of(job.definition).latest_between(begin, end) if job.definition.has_times else None
            )
            if latest is not None:
                return latest
            end = begin
            job = self._past.state_at(job.defined_seq - 1).jobs.get(job.name)
        return None

    def as_defined(self, job: Job, instant: datetime) -> Job:
        """The same job before those edits after the instant that left its schedule as it was."""
        for _ in range(_EDITS_MAX):
            if self._past.entry(job.defined_seq).time <= instant:
                break
            earlier = self._past.state_at(job.defined_seq - 1).jobs.get(self._job.name)
            if earlier is None or earlier.definition.timing() != job.definition.timing():
                break
            job = earlier
        return job

    def _rescheduled(self, than: JobDefinition) -> ScheduleChange:
        """That the schedule is another one now than this one, or has other days."""
        job = self._job
        return ScheduleChange(
            entries=[job.defined_seq],
            source=source_of(job.definition),
            timezone=job.definition.timezone,
            revision=job.revision,
            since=self._past.entry(job.defined_seq).time,
            on_demand=job.definition.on_demand,
            other_days=job.definition.timing()[:-1] == than.timing()[:-1],
        )
