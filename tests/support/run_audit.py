"""An auditor of runs: checks from the entries alone that each began when it might, and that its end has a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition


class RunAuditor:
    """What is known of the runs so far.

    Args:
        slots: how many runs may go at once; None: not known.
        stopped: numbers of the runs that a stopping scheduler asked to stop.
    """

    def __init__(self, slots: int | None, stopped: Collection[int] = ()) -> None:
        self._slots, self._stopped = slots, stopped
        self._definitions: dict[str, JobDefinition] = {}
        self._due: dict[int, datetime] = {}
        self._going: dict[int, str] = {}
        self._codes: dict[int, list[int]] = {}
        self._waiting: dict[int, tuple[str, str]] = {}
        self._triggers: dict[int, str] = {}
        self._cancelled: set[int] = set()

    def look(self, entry: Entry) -> None:
        """Take in one more entry.

        Raises:
            AssertionError: it is about a run, and breaks a rule.
        """
        data, run = v.payload(entry), -1 if entry.run is None else entry.run
        match data:
            case v.JobDefined():
                self._definitions[entry.job or ""] = data.definition
            case v.ScheduleTicked():
                self._due[run] = data.scheduled_for if data.trigger == "schedule" else entry.time
                self._waiting[run] = (entry.job or "", data.trigger)
                self._triggers[run] = data.trigger
            case v.RunCancelRequested():
                if data.replaced_by is not None:
                    assert run in self._going, f"run {run} was not going"
                    assert run not in self._cancelled, f"run {run} was asked to stop before"
                    self._replace(entry, run, data.replaced_by)
                self._cancelled.add(run)
            case v.RunSkipped():
                if data.reason == "superseded":
                    self._replace(entry, run, data.because_of or -1)
                self._waiting.pop(run, None)
            case v.RunStarted():
                self._begin(entry, data, run)
            case v.RunFinished():
                self._end(data, run)
            case _:
                pass

    def _replace(self, entry: Entry, run: int, new: int) -> None:
        """A newer run of the job, for an instant, takes the place of one that no person asked for."""
        assert self._definitions[entry.job or ""].overlap == "replace"
        assert self._waiting.get(new) == (entry.job, "schedule"), f"run {new} replaces nothing"
        assert run in self._triggers, f"a person asked for run {run}"
        assert new > run, f"run {run} is newer than run {new}"

    def _begin(self, entry: Entry, data: v.RunStarted, run: int) -> None:
        definition = self._definitions[entry.job or ""]
        if definition.overlap != "allow" or data.trigger == "catch_up":
            beside = [number for number, name in self._going.items() if name == entry.job]
            assert not beside, f"run {run} began beside {beside}"
        self._waiting.pop(run, None)
        if definition.overlap == "replace" and data.trigger != "manual":
            newer = [number for number, of in self._waiting.items() if of == (entry.job, "schedule")]
            newer = [number for number in newer if number > run and number not in self._cancelled]
            assert not newer, f"run {run} began, though {newer} take its place"
        if definition.start_deadline_ms is not None and data.trigger != "manual":
            late = entry.time - self._due[run] - timedelta(milliseconds=definition.start_deadline_ms)
            assert late <= timedelta(0), f"run {run} began {late} after its deadline"
        self._going[run] = entry.job or ""
        self._codes[run] = definition.success_codes or [0]
        assert self._slots is None or len(self._going) <= self._slots, f"run {run} had no slot"

    def _end(self, data: v.RunFinished, run: int) -> None:
        del self._going[run]
        if data.outcome == "cancelled":
            assert run in self._cancelled or run in self._stopped, f"nobody cancelled run {run}"
        if data.outcome == "succeeded":
            assert data.exit_code in self._codes[run], f"{data.exit_code} does not count as success"
        if data.outcome == "failed" and data.exit_code in self._codes[run]:
            raise AssertionError(f"run {run} failed with {data.exit_code}, which counts as success")
        if data.outcome == "timed_out":
            assert "timeout" in (data.error or "")


def audit_runs(entries: Iterable[Entry], slots: int | None, stopped: Collection[int] = ()) -> None:
    """Check all runs of a whole ledger; see `RunAuditor`.

    Raises:
        AssertionError: a run began when it might not, or ended for no reason, or has not ended.
    """
    auditor = RunAuditor(slots, stopped)
    for entry in entries:
        auditor.look(entry)
