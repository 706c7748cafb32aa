"""An auditor of jobs that run after others: checks from the entries alone that each instant of them was right.

It knows by itself which run stands for which instant, and shares nothing with the rules that decide on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition

MOMENT = timedelta(seconds=1)


class Job:
    """What is known of one job."""

    def __init__(self) -> None:
        self.definition: JobDefinition | None = None
        self.enabled = False
        self.switched: list[tuple[int, bool]] = []
        self.changed_seq = 0
        self.begins = datetime.min.replace(tzinfo=UTC)
        self.misfires: list[tuple[int, v.ScheduleMisfired, int]] = []
        self.begun: dict[datetime, int] = {}
        self.of_pause: set[datetime] = set()
        self.succeeded: dict[datetime, int] = {}
        self.success: tuple[int, datetime] | None = None
        self.ended: dict[int, datetime] = {}
        self.ticks: dict[datetime, Entry] = {}
        self.again: set[datetime] = set()

    def was_enabled(self, seq: int) -> bool:
        """Whether it was enabled at an entry."""
        return next((enabled for at, enabled in reversed(self.switched) if at <= seq), False)

    @property
    def after(self) -> list[str]:
        """The jobs before it, if it runs after others alone."""
        after = None if self.definition is None else self.definition.after
        return [] if after is None or after.within_ms is not None else after.jobs


class AfterAuditor:
    """What is known so far."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._instants: dict[int, datetime] = {}
        self._followed_backfills: set[int] = set()

    def look(self, entry: Entry) -> None:
        """Take in one more entry.

        Raises:
            AssertionError: it is about a job that runs after others, and is wrong.
        """
        if entry.job is None:
            return
        job, data = self._jobs.setdefault(entry.job, Job()), v.payload(entry)
        self._take_in(job, entry, data)
        if not job.switched or job.switched[-1][1] != job.enabled:
            job.switched.append((entry.seq, job.enabled))

    def _take_in(self, job: Job, entry: Entry, data: v.Payload) -> None:
        match data:
            case v.JobDefined():
                self._define(job, entry, data.definition)
            case v.JobRemoved() | v.JobDisabled():
                job.enabled, job.changed_seq = False, entry.seq
                job.definition = None if isinstance(data, v.JobRemoved) else job.definition
            case v.JobEnabled():
                if not job.enabled:
                    job.enabled, job.changed_seq, job.begins = True, entry.seq, entry.time
            case v.ScheduleSettled():
                job.changed_seq, job.begins = entry.seq, max(job.begins, data.until)
            case v.BackfillRequested(with_dependents=True):
                self._followed_backfills.add(entry.seq)
            case v.ScheduleMisfired():
                moved = 0 if job.definition is None else job.definition.jitter_offset_ms
                job.misfires.append((entry.seq, data, moved))
            case v.ScheduleTicked():
                self._tick(job, entry, data)
            case v.RunRequested():
                self._request(job, entry, data)
            case v.RunStarted():
                self._start(job, entry, data)
            case v.RunFinished() | v.RunSkipped():
                self._end(job, entry, data)
            case _:
                pass

    def _define(self, job: Job, entry: Entry, definition: JobDefinition) -> None:
        old = job.definition
        if old is None or old.after != definition.after:
            job.begins, job.changed_seq = entry.time, entry.seq
        if old is None or old.enabled != definition.enabled:
            job.changed_seq = entry.seq
            job.begins = max(job.begins, entry.time) if definition.enabled else job.begins
            job.enabled = definition.enabled
        job.definition = definition

    def _tick(self, job: Job, entry: Entry, data: v.ScheduleTicked) -> None:
        of_pause = (
            data.trigger == "catch_up" and bool(job.misfires) and job.misfires[-1][1].reason == "paused"
        )
        instant = data.nominal or data.scheduled_for
        if data.trigger == "backfill":
            if data.because_of in self._followed_backfills:
                self._stand_for(job, entry, instant)
                job.of_pause.add(instant)
            return  # else nothing follows what a person asked for
        self._stand_for(job, entry, instant)
        if of_pause:
            job.of_pause.add(instant)
        if data.trigger != "after":
            assert not job.after, f"{entry.job} fell due by itself"
            assert not data.successes
            return
        assert job.after, f"{entry.job} runs after no other"
        assert job.enabled, f"{entry.job} was disabled"
        assert instant not in job.ticks, f"{entry.job} got {instant} twice"
        job.ticks[instant] = entry
        if data.because_of is None:
            found = [self._jobs[name].succeeded.get(instant) for name in job.after]
            assert found == data.successes, f"{entry.job} at {instant}: {found} succeeded"
        else:
            assert not data.successes
            assert any(self._failed(name, instant, data.because_of) for name in job.after) or self._crowded(
                job, data.because_of
            ), f"{entry.job} at {instant}: nothing failed with entry {data.because_of}"

    def _stand_for(self, job: Job, entry: Entry, instant: datetime) -> None:
        """The run that an entry begins stands for an instant, perhaps after another one that did."""
        self._instants[entry.seq] = instant
        job.begun.setdefault(instant, entry.seq)

    def _failed(self, name: str, instant: datetime, seq: int) -> bool:
        job = self._jobs[name]
        if job.ended.get(seq) == instant:
            return job.succeeded.get(instant) is None
        for found, misfire, moved in job.misfires:
            if found == seq:
                near = timedelta(days=8) if moved or misfire.reason != "scheduler_down" else timedelta(0)
                at = instant + timedelta(milliseconds=moved)
                return misfire.first - near <= at <= misfire.last + near
        return False

    def _crowded(self, job: Job, seq: int) -> bool:
        return any(seq in self._jobs[name].begun.values() for name in job.after)

    def _request(self, job: Job, entry: Entry, data: v.RunRequested) -> None:
        if data.with_dependents:
            instant = entry.time if entry.time.microsecond else entry.time + timedelta(microseconds=1)
            self._stand_for(job, entry, instant)
        elif data.original_scheduled_for is not None:
            moved = 0 if job.definition is None else job.definition.jitter_offset_ms
            instant = data.original_scheduled_for - timedelta(milliseconds=moved)
            self._instants[entry.seq] = instant
            if entry.actor != v.SCHEDULER:
                return
            tick = job.ticks[instant]
            assert data.retry_of == tick.seq, "it makes another run again"
            assert v.payload(tick).because_of is not None, "that run was not skipped for a job before it"
            assert instant not in job.again, f"{entry.job} is made again twice for {instant}"
            job.again.add(instant)
            found = [self._jobs[name].succeeded.get(instant) for name in job.after]
            assert found == data.successes, f"{entry.job} at {instant}: {found} succeeded"

    def _start(self, job: Job, entry: Entry, data: v.RunStarted) -> None:
        after = None if job.definition is None else job.definition.after
        asked_for = data.trigger in ("manual", "backfill")
        if after is None or after.within_ms is None or data.attempt > 1 or asked_for:
            assert not data.successes
            tick = job.ticks.get(data.scheduled_for) if data.scheduled_for else None
            if tick is not None and tick.seq == entry.run:
                assert v.payload(tick).because_of is None, f"run {entry.run} was to be skipped"
            return
        for name, seq in zip(after.jobs, data.successes, strict=True):
            success = self._jobs[name].success
            assert success is not None, f"run {entry.run} started before {name} ever succeeded"
            assert success[0] == seq
            age = entry.time - success[1]
            assert age <= timedelta(milliseconds=after.within_ms) + MOMENT, f"{name} succeeded {age} before"

    def _end(self, job: Job, entry: Entry, data: v.RunFinished | v.RunSkipped) -> None:
        if isinstance(data, v.RunFinished) and data.retry_at is not None:
            return
        instant = self._instants.get(-1 if entry.run is None else entry.run)
        if instant is None:
            return
        job.ended[entry.seq] = instant
        if isinstance(data, v.RunFinished) and data.outcome == "succeeded":
            job.succeeded.setdefault(instant, entry.seq)
            job.success = entry.seq, entry.time

    def at_rest(self) -> int:
        """All that was to happen has happened; how many instants there were.

        Raises:
            AssertionError: an instant that all jobs before had, while this one watched, is not on record.
        """
        count = 0
        for name, job in self._jobs.items():
            count += len(job.ticks)
            if not job.after or not job.enabled:
                continue
            others = [self._jobs[each] for each in job.after if each in self._jobs]
            if len(others) < len(job.after):
                continue
            for instant, begun in others[0].begun.items():
                if all(instant in other.begun for other in others):
                    first = min(begun, *(other.begun[instant] for other in others))
                    of_pause = any(instant in other.of_pause for other in others)
                    # One that was disabled when the first fell due does not have the time, whatever its jitter is.
                    if not all(other.was_enabled(first) for other in others):
                        continue
                    if first > job.changed_seq and instant > job.begins and not of_pause:
                        self._complete(name, job, others, instant)
        return count

    def _complete(self, name: str, job: Job, others: list[Job], instant: datetime) -> None:
        assert instant in job.ticks, f"{name}: nothing is on record about {instant}"
        skipped = v.payload(job.ticks[instant]).because_of is not None
        if all(instant in other.succeeded for other in others):
            assert not skipped or instant in job.again, f"{name}: {instant} was skipped, and all succeeded"


def audit_after(entries: Iterable[Entry], *, at_rest: bool = True) -> int:
    """Check a whole ledger; how many instants jobs had that run after others.

    Raises:
        AssertionError: a run was owed though a job before it had not succeeded, or was not owed though all had.
    """
    auditor = AfterAuditor()
    for entry in entries:
        auditor.look(entry)
    return auditor.at_rest() if at_rest else 0
