"""An auditor of runs: checks from the entries alone that each attempt began when it might, and why each run ended.

It knows the laws of attempts by itself: it shares nothing with the rules that decide on them.
"""

from __future__ import annotations

import signal
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Limits, Retry
from tests.support.late_audit import LateAuditor
from tests.support.lock_audit import LockAuditor
from tests.support.wait_audit import WaitAuditor

MOMENT = timedelta(seconds=1)


class Waiting:
    """A run that waits for its next attempt: since which entry, until when, and how the last attempt ended."""

    def __init__(self, entry: Entry, data: v.RunFinished) -> None:
        assert data.retry_at is not None
        self.job, self.seq, self.at, self.last = entry.job or "", entry.seq, data.retry_at, data
        self._since = entry.time

    def read_clock(self, now: datetime) -> None:
        """It is `now`: by a clock that was set back to before the wait began, that lasts as long as was said."""
        if now < self._since:
            self.at, self._since = now + (self.at - self._since), now


class RunAuditor:
    """What is known of the runs so far.

    Args:
        slots: how many runs may go at once; None: not known.
        stopped: numbers of the runs that a stopping scheduler asked to stop.
        capacities: how many runs may hold a lock at once, where it is not one; None: not known.
    """

    def __init__(
        self,
        slots: int | None,
        stopped: Collection[int] = (),
        capacities: Mapping[str, int] | None = None,
    ) -> None:
        self._slots, self._stopped, self._locks = slots, stopped, LockAuditor(capacities)
        self._waits = WaitAuditor(slots)
        self._late = LateAuditor()
        self._definitions: dict[str, JobDefinition] = {}
        self._due: dict[int, datetime] = {}
        self._going: dict[int, str] = {}
        self._began_as: dict[int, JobDefinition] = {}
        self._owed: dict[int, tuple[str, str]] = {}
        self._triggers: dict[int, str] = {}
        self._waiting: dict[int, Waiting] = {}
        self._fell_due: set[int] = set()
        self._first_began: dict[int, datetime] = {}
        self._attempts: dict[int, int] = {}
        self._cancelled: set[int] = set()
        self._absent: set[str] = set()
        self._disabled: dict[str, int] = {}

    def look(self, entry: Entry) -> None:
        """Take in one more entry.

        Raises:
            AssertionError: it is about a run, and breaks a rule.
        """
        data, run = v.payload(entry), -1 if entry.run is None else entry.run
        self._locks.look(entry, data, run)
        self._look_at_waits(entry, data, run)
        self._late.look(entry, data)
        match data:
            case v.ScheduleTicked():
                self._tick(entry, data, run)
            case v.RunCancelRequested():
                self._cancel(entry, data, run)
            case v.RunSkipped():
                if data.reason == "superseded":
                    self._replace(entry, run, data.because_of or -1)
                self._owed.pop(run, None)
            case v.RunStarted():
                self._begin(entry, data, run)
            case v.RunFinished(closes=None):
                self._end(entry, data, run)
            case v.RunFinished():
                self._close(entry, data, run)
            case _:
                self._look_around(entry, data)

    def _look_at_waits(self, entry: Entry, data: v.Payload, run: int) -> None:
        match data:
            case v.ScheduleTicked() | v.RunRequested():
                self._waits.owed(entry, run)
            case v.RunStarted():
                self._waits.began(entry, data, run, self._definitions[entry.job or ""])
            case v.RunSkipped():
                self._waits.ended(entry, run, made_attempts=False, is_over=True)
            case v.RunFinished():
                self._waits.ended(entry, run, made_attempts=True, is_over=data.retry_at is None)
            case _:
                pass

    def _look_around(self, entry: Entry, data: v.Payload) -> None:
        """Take in an entry that is about no run."""
        match data:
            case v.ClockStepped() | v.SchedulerStarted() | v.LeaderElected():
                if isinstance(data, v.ClockStepped):
                    self._fell_due |= {run for run, each in self._waiting.items() if each.at <= data.before}
                for each in self._waiting.values():
                    each.read_clock(entry.time)
            case v.JobDefined():
                self._define(entry, data)
            case v.JobRemoved():
                self._absent.add(entry.job or "")
            case v.JobDisabled():
                self._disabled[entry.job or ""] = entry.seq
            case v.JobEnabled():
                self._disabled.pop(entry.job or "", None)
            case _:
                pass

    def _tick(self, entry: Entry, data: v.ScheduleTicked, run: int) -> None:
        self._due[run] = data.scheduled_for if data.trigger == "schedule" else entry.time
        if data.because_of is None or data.trigger == "backfill":
            self._owed[run] = (entry.job or "", data.trigger)
        if data.trigger != "backfill":  # a person asked for that
            self._triggers[run] = data.trigger

    def _cancel(self, entry: Entry, data: v.RunCancelRequested, run: int) -> None:
        if data.replaced_by is not None:
            assert run in self._going or run in self._waiting, f"run {run} had not begun"
            assert run not in self._cancelled, f"run {run} was asked to stop before"
            self._replace(entry, run, data.replaced_by)
        self._cancelled.add(run)

    def _replace(self, entry: Entry, run: int, new: int) -> None:
        """A newer run of the job, for an instant, takes the place of one that no person asked for."""
        assert self._definitions[entry.job or ""].overlap == "replace"
        due = [(entry.job, "schedule"), (entry.job, "after")]
        assert self._owed.get(new) in due, f"run {new} replaces nothing"
        assert run in self._triggers, f"a person asked for run {run}"
        assert new > run, f"run {run} is newer than run {new}"

    def _begin(self, entry: Entry, data: v.RunStarted, run: int) -> None:
        definition = self._definitions[entry.job or ""]
        waited = self._waiting.pop(run, None)
        assert data.attempt == self._attempts.get(run, 0) + 1, f"run {run} began attempt {data.attempt}"
        self._attempts[run] = data.attempt
        if definition.overlap != "allow" or data.trigger in ("catch_up", "backfill"):
            beside = [number for number, name in self._going.items() if name == entry.job]
            assert not beside, f"run {run} began beside {beside}"
        self._owed.pop(run, None)
        if definition.overlap == "replace" and data.trigger not in ("manual", "backfill"):
            due = [(entry.job, "schedule"), (entry.job, "after")]
            newer = [number for number, of in self._owed.items() if of in due]
            newer = [number for number in newer if number > run and number not in self._cancelled]
            assert not newer, f"run {run} began, though {newer} take its place"
        if waited is None:
            assert data.attempt == 1, f"attempt {data.attempt} of run {run} was not announced"
            self._begin_first(entry, data, run, definition)
        else:
            # It may have waited on for a lock when the clock was set back.
            fell_due = entry.time >= waited.at or run in self._fell_due
            self._fell_due.discard(run)
            assert fell_due, f"attempt {data.attempt} of run {run} came too early"
            within_ms = None if definition.retry is None else definition.retry.within_ms
            if within_ms is not None:
                late = entry.time - self._first_began[run] - timedelta(milliseconds=within_ms)
                assert late <= timedelta(0), f"attempt {data.attempt} of run {run} came {late} too late"
        self._going[run] = entry.job or ""
        self._began_as[run] = definition
        assert self._slots is None or len(self._going) <= self._slots, f"run {run} had no slot"

    def _begin_first(self, entry: Entry, data: v.RunStarted, run: int, definition: JobDefinition) -> None:
        self._first_began[run] = entry.time
        if definition.start_deadline_ms is not None and data.trigger != "manual":
            late = entry.time - self._due[run] - timedelta(milliseconds=definition.start_deadline_ms)
            assert late <= timedelta(0), f"run {run} began {late} after its deadline"
        if definition.overlap != "allow":
            older = [number for number, each in self._waiting.items() if each.job == entry.job]
            assert not older, f"run {run} began while {older} waited for another attempt"

    def _end(self, entry: Entry, data: v.RunFinished, run: int) -> None:
        del self._going[run]
        assert data.attempt == self._attempts[run]
        if data.outcome == "cancelled":
            assert run in self._cancelled or run in self._stopped, f"nobody cancelled run {run}"
        self._check_end(data, run, self._began_as.pop(run))
        policy = self._definitions[entry.job or ""].retry
        wanted = policy is not None and self._another(entry, data, run, policy)
        assert not (data.retry_at is not None and not wanted), f"run {run} was to end with this attempt"
        if data.retry_at is not None:
            assert policy is not None
            self._waiting[run] = Waiting(entry, data)
            most_ms = 1.1 * min(policy.delay_max_ms, policy.delay_ms * policy.backoff ** (data.attempt - 1))
            delay = data.retry_at - entry.time
            assert timedelta(0) < delay <= timedelta(milliseconds=most_ms) + MOMENT, (
                f"run {run} waits {delay}"
            )
        elif wanted and policy is not None:
            assert policy.within_ms is not None, f"run {run} was to make attempt {data.attempt + 1}"

    @staticmethod
    def _check_end(data: v.RunFinished, run: int, began_as: JobDefinition) -> None:
        """The outcome is what the process did, by the definition with which it began."""
        codes, error = began_as.success_codes or (0,), data.error or ""
        if data.outcome == "succeeded":
            assert data.exit_code in codes, f"{data.exit_code} does not count as success"
        if data.outcome == "failed" and data.exit_code in codes:
            raise AssertionError(f"run {run} failed with {data.exit_code}, which counts as success")
        if data.outcome == "timed_out":
            assert "timeout" in error
        limits = began_as.limits or Limits()
        if data.outcome == "failed" and data.signal is not None:
            limited = {signal.SIGKILL: limits.memory_bytes, signal.SIGXCPU: limits.cpu_time_ms}
            assert limited[signal.Signals(data.signal)] is not None, (
                f"run {run} reached a limit that it had not"
            )
            assert "memory limit" in error or "cpu_time" in error, f"run {run} reached a limit: {error}"
        if began_as.run_as is not None:
            failed = data.outcome in ("failed", "lost") and data.exit_code is None
            assert failed, f"run {run} began as a user that is not there, and {data.outcome}"

    def _another(self, entry: Entry, data: v.RunFinished, run: int, policy: Retry) -> bool:
        """Whether another attempt is owed, but for the time within which all are to start."""
        outcomes = ["failed", "timed_out"] if policy.outcomes is None else policy.outcomes
        retried = data.outcome in outcomes or (
            data.outcome == "failed" and data.exit_code in policy.exit_codes
        )
        manual = data.trigger == "manual"
        name = entry.job or ""
        disabled = not manual and self._disabled.get(name, -1) > run
        unwanted = run in self._cancelled or name in self._absent or disabled
        return retried and data.attempt < policy.attempts and not unwanted

    def _define(self, entry: Entry, data: v.JobDefined) -> None:
        name = entry.job or ""
        before = self._definitions.get(name)
        self._definitions[name] = data.definition
        if before is None or name in self._absent or before.enabled != data.definition.enabled:
            self._disabled.pop(name, None)
            if not data.definition.enabled:
                self._disabled[name] = entry.seq
        self._absent.discard(name)

    def _close(self, entry: Entry, data: v.RunFinished, run: int) -> None:
        waited = self._waiting.pop(run)
        assert data.closes == waited.seq, f"run {run} did not wait since entry {data.closes}"
        assert data.attempt == waited.last.attempt
        assert data.retry_at is None
        if data.outcome == "cancelled":
            assert run in self._cancelled or run in self._stopped
            return
        assert data.outcome == waited.last.outcome, f"run {run} was {waited.last.outcome}"
        definition = self._definitions[entry.job or ""]
        if data.because_of is not None:
            assert data.because_of > run, f"run {run} gave up for an earlier reason"
            return
        assert definition.retry is not None
        assert definition.retry.within_ms is not None, f"run {run} gave up for no reason"
        limit = self._first_began[run] + timedelta(milliseconds=definition.retry.within_ms)
        assert entry.time >= limit, f"run {run} gave up too early"

    def at_rest(self) -> None:
        """Nothing is left to wait for.

        Raises:
            AssertionError: a run waits for an attempt that never came.
        """
        self._locks.at_rest()
        assert not self._waiting, f"runs {list(self._waiting)} wait for another attempt"
        assert not self._going, f"runs {list(self._going)} are going"


def audit_runs(
    entries: Iterable[Entry],
    slots: int | None,
    stopped: Collection[int] = (),
    *,
    at_rest: bool = True,
    capacities: Mapping[str, int] | None = None,
) -> None:
    """Check all runs of a whole ledger; see `RunAuditor`.

    Args:
        at_rest: whether all runs must have ended; the other arguments are those of `RunAuditor`.

    Raises:
        AssertionError: a run began when it might not, or ended for no reason, or has not ended.
    """
    auditor = RunAuditor(slots, stopped, capacities)
    for entry in entries:
        auditor.look(entry)
    if at_rest:
        auditor.at_rest()
