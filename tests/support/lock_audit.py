"""An auditor of locks: checks from the entries alone who held which, and that nobody overtook an older run.

It shares nothing with the rules that give them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import Trigger


class WantedRun:
    """A run that is owed, or that waits for an attempt: then `not_before` is when that is due.

    `passes_on`: its success counts for the jobs that wait for one.
    """

    def __init__(self, number: int, job: str, trigger: Trigger, *, passes_on: bool = True) -> None:
        self.number, self.job, self.trigger, self.passes_on = number, job, trigger, passes_on
        self.attempts = 0
        self.not_before: datetime | None = None


class LockAuditor:
    """What is known of locks so far.

    Args:
        capacities: how many runs may hold a lock at once, where it is not one; None: not known.
    """

    def __init__(self, capacities: Mapping[str, int] | None = None) -> None:
        self._capacities = capacities
        self._definitions: dict[str, JobDefinition] = {}
        self._disabled: dict[str, int] = {}
        self._wanted: dict[int, WantedRun] = {}
        self._going: dict[int, WantedRun] = {}
        self._held: dict[int, list[str]] = {}
        self._cancelled: set[int] = set()
        self._followed: set[int] = set()
        self._successes: dict[str, list[datetime]] = {}
        self._latest = datetime.min.replace(tzinfo=UTC)

    def look(self, entry: Entry, data: v.Payload, run: int) -> None:
        """Take in one more entry.

        Raises:
            AssertionError: a run has a lock that it may not have.
        """
        job = entry.job or ""
        self._latest = max(self._latest, entry.time)
        match data:
            case v.JobDefined():
                self._define(entry.seq, job, data.definition)
            case v.JobRemoved():
                self._definitions.pop(job, None)
            case v.JobDisabled():
                self._disabled[job] = entry.seq
            case v.JobEnabled():
                self._disabled.pop(job, None)
            case v.BackfillRequested():
                self._followed |= {entry.seq} if data.with_dependents else set()
            case v.ScheduleTicked():
                passes_on = data.trigger != "backfill" or data.because_of in self._followed
                self._wanted[run] = WantedRun(run, job, data.trigger, passes_on=passes_on)
            case v.RunRequested():
                passes_on = data.with_dependents or data.original_scheduled_for is not None
                self._wanted[run] = WantedRun(run, job, "manual", passes_on=passes_on)
            case v.RunCancelRequested():
                self._cancelled.add(run)
            case v.RunStarted():
                self._begin(entry, data, run)
            case v.RunFinished():
                self._end(entry.time, data, run)
            case v.RunSkipped():
                self._wanted.pop(run, None)
            case _:
                pass

    def _define(self, seq: int, name: str, new: JobDefinition) -> None:
        old = self._definitions.get(name)
        if old is None or old.enabled != new.enabled:
            self._disabled.pop(name, None)
            if not new.enabled:
                self._disabled[name] = seq
        self._definitions[name] = new

    def _begin(self, entry: Entry, data: v.RunStarted, run: int) -> None:
        self._going[run] = wanted = self._wanted.pop(run)
        wanted.attempts = data.attempt
        names = self._definitions[wanted.job].locks
        if entry.actor == v.SCHEDULER:
            assert sorted(data.locks) == sorted(names), f"run {run} holds {data.locks}, of {names}"
        for name, capacity in data.locks.items():
            if self._capacities is not None:
                assert capacity == self._capacities.get(name, 1), f"{name} is for {capacity} runs"
            holders = [number for number, locks in self._held.items() if name in locks]
            assert len(holders) < capacity, f"run {run} took {name}, which {holders} held"
        self._held[run] = list(data.locks)
        if data.locks:
            overtaken = [older.number for older in self._could_start(entry, run) if self._shares(older, data)]
            assert not overtaken, f"run {run} took {list(data.locks)}, for which {overtaken} waited"

    def _shares(self, older: WantedRun, data: v.RunStarted) -> bool:
        return not data.locks.keys().isdisjoint(self._definitions[older.job].locks)

    def _could_start(self, entry: Entry, run: int) -> Iterator[WantedRun]:
        """The older runs that nothing but a lock keeps from starting; without a scheduler, those that began."""
        for older in self._wanted.values():
            due = older.not_before is None or older.not_before <= entry.time
            if older.number > run or not due or (entry.actor != v.SCHEDULER and not older.attempts):
                continue
            if self._is_wanted(older) and self._is_next(older) and not self._lacks_success(older, entry.time):
                yield older

    def _lacks_success(self, run: WantedRun, now: datetime) -> bool:
        """Whether it waits for a success that is new enough; one that comes at this very time may come too late."""
        after = self._definitions[run.job].after
        if after is None or after.within_ms is None or run.attempts or run.trigger in ("manual", "backfill"):
            return False
        # What was too old once may not be taken for new again when the clock is set back.
        oldest = self._latest - timedelta(milliseconds=after.within_ms)
        known = [[at for at in self._successes.get(name, []) if at < now] for name in after.jobs]
        return any(not times or times[-1] <= oldest for times in known)

    def _is_wanted(self, run: WantedRun) -> bool:
        disabled = run.trigger != "manual" and self._disabled.get(run.job, -1) > run.number
        return run.number not in self._cancelled and run.job in self._definitions and not disabled

    def _is_next(self, run: WantedRun) -> bool:
        if self._definitions[run.job].overlap == "allow" and run.trigger not in ("catch_up", "backfill"):
            return True
        beside = [other for other in self._going.values() if other.job == run.job]
        before = [
            other
            for other in self._wanted.values()
            if other.job == run.job and (other.attempts == 0, other.number) < (run.attempts == 0, run.number)
        ]
        return not beside and not before

    def _end(self, now: datetime, data: v.RunFinished, run: int) -> None:
        if data.closes is not None:
            del self._wanted[run]
            return
        ended = self._going.pop(run)
        del self._held[run]
        if data.retry_at is not None:
            ended.not_before = data.retry_at
            self._wanted[run] = ended
        elif data.outcome == "succeeded" and ended.passes_on:
            # The last two: one that comes at the time of a start may have been too late for it.
            self._successes[ended.job] = [*self._successes.get(ended.job, [])[-1:], now]

    def at_rest(self) -> None:
        """Nothing is left to wait for.

        Raises:
            AssertionError: a run waits for a lock for ever.
        """
        waiting = [
            run.number
            for run in self._wanted.values()
            if run.job in self._definitions and self._definitions[run.job].locks and self._is_wanted(run)
        ]
        assert not waiting, f"runs {waiting} wait for a lock"
