"""An auditor of late runs: which of those that were owed when a scheduler stopped are not run after all, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition


class LateAuditor:
    """The runs that are owed for an instant, and those of them that a catch-up policy did not want.

    A policy that runs the latest instants leaves out a run only if as many later ones are run.
    """

    def __init__(self) -> None:
        self._definitions: dict[str, JobDefinition] = {}
        self._owed: dict[int, tuple[str, datetime]] = {}
        self._left_out: list[tuple[Entry, datetime]] = []

    def look(self, entry: Entry, data: v.Payload) -> None:
        """Take in one more entry.

        Raises:
            AssertionError: a run was left out, and too few later ones of its job are owed.
        """
        if isinstance(data, v.RunSkipped) and data.reason == "catch_up":
            self._left_out.append((entry, self._owed.pop(entry.run or -1)[1]))
            return
        for skip, instant in self._left_out:
            self._check(skip, instant)
        self._left_out.clear()
        match data:
            case v.JobDefined():
                self._definitions[data.definition.name] = data.definition
            case v.ScheduleTicked(trigger="schedule" | "catch_up"):
                self._owed[entry.run or -1] = (entry.job or "", data.scheduled_for)
            case v.RunStarted() | v.RunFinished() | v.RunSkipped():
                self._owed.pop(entry.run or -1, None)
            case _:
                pass

    def _check(self, skip: Entry, instant: datetime) -> None:
        definition = self._definitions[skip.job or ""]
        window_ms = definition.catch_up_window_ms
        if definition.catch_up == "none" or (
            window_ms is not None and instant <= skip.time - timedelta(milliseconds=window_ms)
        ):
            return
        wanted = 1 if definition.catch_up == "one" else definition.catch_up_limit
        later = [run for run, (name, due) in self._owed.items() if name == skip.job and due > instant]
        assert len(later) >= wanted, f"run {skip.run} was left out for {later}"
