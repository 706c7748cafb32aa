"""Passed runs: whose end a run had to await, of those of its own job. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import IN_TURN
from scheduler.rules.state import Job, Run, State


class PassedRuns:
    """The runs that ended last before others of their job: those on record, and those that end in this round.

    Args:
        state: as it stands.
        events: what is about to be recorded, in that order; it is looked at when a run of the state starts.
    """

    def __init__(self, state: State, events: Iterable[Event]) -> None:
        self._state = state
        self._to_come = list(events)
        self._ended: dict[str, list[int]] = {}
        self._first_left: dict[str, int] = {}
        self._passed: dict[str, int] = {}

    def note(self, event: Event) -> None:
        """This is about to be recorded too."""
        self._to_come.append(event)

    def waited_behind(self, run: Run, job: Job) -> int | None:
        """The run of its job for whose end a run had to wait last that starts now; None if it had to for none.

        Args:
            run: which is in the state, and has made no attempt; job: its job.
        """
        if run.attempt or (job.definition.overlap == "allow" and run.trigger not in IN_TURN):
            return None
        for event in self._to_come:
            self._take_in(event)
        self._to_come.clear()
        if (ended := self._passed.get(job.name)) is not None:
            return ended
        return job.passed.run if job.passed is not None and job.passed.seq > run.number else None

    def _take_in(self, event: Event) -> None:
        """As the fold does it: the end of a run that made an attempt, or that was the first one to start."""
        ends = isinstance(event.data, v.RunSkipped) or (
            isinstance(event.data, v.RunFinished) and event.data.retry_at is None
        )
        run = self._state.runs.get(event.run) if ends and event.run is not None else None
        job = None if run is None else self._state.jobs.get(run.job)
        if run is None or job is None:
            return
        ended = self._ended.setdefault(run.job, [])
        first = self._first_left.get(run.job, 0)
        while first < len(job.live) and job.live[first] in ended:
            first += 1
        if run.attempt or (first < len(job.live) and job.live[first] == run.number):
            self._passed[run.job] = run.number
        self._first_left[run.job] = first
        ended.append(run.number)
