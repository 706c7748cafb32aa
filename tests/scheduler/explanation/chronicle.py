"""A chronicle: what really happened to every instant, derived from the entries alone.

It shares nothing with the fold, the cursor or the explanations: it writes down the ticks, how their runs ended, the
instants that the auditor found behind each misfire and settlement, and over which stretches of time each job was in
force.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.audit import Story, redefine, reenable, settle_misfire, settle_tick, take_wish

Status = Literal["in_force", "disabled", "not_defined", "removed"]


class Stretch(NamedTuple):
    """From when on (exclusive) a job had a status, and the schedule it had."""

    begin: datetime | None
    status: Status
    definition: JobDefinition | None
    seq: int


class Chronicle:
    """What happened to one job's instants."""

    def __init__(self) -> None:
        self.story = Story()
        self.ticks: dict[datetime, int] = {}
        self.misfires: dict[datetime, int] = {}
        self.settled: dict[datetime, int] = {}
        self.settled_until: datetime | None = None
        self.stretches = [Stretch(None, "not_defined", None, -1)]
        self._until: datetime | None = None
        self._changed: datetime | None = None

    def status_at(self, instant: datetime) -> Stretch:
        """The last stretch that began before an instant."""
        found = [s for s in self.stretches if s.begin is None or s.begin < instant][-1]
        if found is self.stretches[-1] and self._until is not None and instant > self._until:
            return found._replace(status="in_force")  # the pause will be over then
        return found

    def change(self, at: datetime, status: Status, definition: JobDefinition | None, seq: int) -> None:
        """From `at` on, or from what was already settled on, things are so.

        Who disables a job that is disabled settles nothing: if a clock is set back before it is enabled, it is in
        force again from where it was disabled first.
        """
        marks = [at, *([] if self._changed is None else [self._changed]), *self.ticks, *self.misfires]
        marks += [] if self.settled_until is None else [self.settled_until]
        if status != "disabled" or self.stretches[-1].status != "disabled":
            self._changed = max(marks)
        self.stretches.append(Stretch(max(marks), status, definition, seq))

    def pause(self, until: datetime | None) -> None:
        """The job is disabled until then."""
        self._until = until

    def wake(self, now: datetime, seq: int) -> None:
        """A pause that was over by now ended when it was to end."""
        if self._until is not None and self._until < now:
            until, self._until = self._until, None
            self.change(until, "in_force", self.stretches[-1].definition, seq)


def write(entries: Iterable[Entry]) -> tuple[dict[str, Chronicle], dict[int, Entry]]:
    """The chronicle of each job, and of each run the entry that ended it."""
    jobs: dict[str, Chronicle] = {}
    ends: dict[int, Entry] = {}
    for entry in entries:
        data = v.payload(entry)
        goes_on = isinstance(data, v.RunFinished) and data.retry_at is not None
        if isinstance(data, v.RunFinished | v.RunSkipped) and entry.run is not None and not goes_on:
            ends[entry.run] = entry
        if entry.job is None:
            continue
        job = jobs.setdefault(entry.job, Chronicle())
        _note(job, entry, data)
    return jobs, ends


def _note(job: Chronicle, entry: Entry, data: object) -> None:
    story = job.story
    before = set(story.settled)
    last = job.stretches[-1]
    if last.status in ("removed", "not_defined") and isinstance(data, v.JobDisabled | v.JobEnabled):
        return  # about a job that is not there, nothing can be said
    match data:
        case v.JobDefined():
            job.wake(entry.time, entry.seq)
            redefine(story, data.definition, entry.time)
            last = job.stretches[-1]
            status: Status = "disabled" if last.status == "disabled" else "in_force"
            same = last.definition is not None and last.definition.timing() == data.definition.timing()
            if last.status not in ("in_force", "disabled") or not same:
                seq = last.seq if status == "disabled" else entry.seq
                job.change(entry.time, status, data.definition, seq)
        case v.JobRemoved():
            job.wake(entry.time, entry.seq)
            story.end(entry.time)
            story.until, story.definition = None, None
            job.pause(None)
            job.change(entry.time, "removed", None, entry.seq)
        case v.JobDisabled():
            job.wake(entry.time, entry.seq)
            story.end(entry.time)
            story.until = data.until
            job.change(entry.time, "disabled", job.stretches[-1].definition, entry.seq)
            job.pause(data.until)
        case v.JobEnabled():
            story.advance(entry.time)
            reenable(story, data, entry.time)
            job.wake(entry.time, entry.seq)
            job.pause(None)
            if job.stretches[-1].status == "disabled":
                job.change(data.effective_at or entry.time, "in_force", last.definition, entry.seq)
        case v.ScheduleTicked():
            settle_tick(story, entry, data)
            job.ticks[data.scheduled_for] = entry.seq
        case v.ScheduleMisfired():
            settle_misfire(story, entry, data)
            job.misfires.update(dict.fromkeys(story.settled - before, entry.seq))
        case v.ScheduleSettled() | v.ScheduleReopened() | v.BackfillRequested():
            _note_wish(job, entry, data)
        case _:
            pass
    story.backfills.look(entry, data)


def _note_wish(
    job: Chronicle, entry: Entry, data: v.ScheduleSettled | v.ScheduleReopened | v.BackfillRequested
) -> None:
    before = set(job.story.settled)
    if not isinstance(data, v.BackfillRequested):
        job.wake(entry.time, entry.seq)
    take_wish(job.story, entry, data)
    if isinstance(data, v.ScheduleSettled):
        job.settled.update(dict.fromkeys(job.story.settled - before, entry.seq))
        job.settled_until = data.until
    elif isinstance(data, v.ScheduleReopened):
        job.settled = {at: seq for at, seq in job.settled.items() if at in job.story.settled}
        job.settled_until = None
