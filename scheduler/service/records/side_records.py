"""What is put on record beside the rounds, each turn that there is something: one object for the loop."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler.clock import Reading
from scheduler.rules.expectations.due_moments import DueMoments
from scheduler.rules.expectations.judgement import TOLD_MAX, judged
from scheduler.service.records.daily_exclusions import DailyExclusions
from scheduler.service.records.recorder import Recorder


class SideRecords:
    """Puts on record what calendars excluded, and what was expected of jobs and does not hold.

    Args:
        recorder: records it.
        now: when the scheduler starts.
    """

    def __init__(self, recorder: Recorder, now: Reading) -> None:
        self._recorder = recorder
        self._exclusions = DailyExclusions(recorder, now)
        self._moments = DueMoments()

    def begin(self) -> None:
        """Take in the state as it stands; `notice` is told what is folded from now on."""
        self._moments = DueMoments.of(self._recorder.state)

    def notice(self, entry: Entry) -> None:
        """Keep in line with what is folded, whoever appended it."""
        self._moments.notice(self._recorder.state, entry)

    def next_moment(self) -> datetime | None:
        """When there may be something to record; a time that has passed if there is."""
        known = self._recorder.state.expectations
        return self._moments.next_moment() if known is None or not known.ended else self._recorder.state.time

    def turn(self, now: Reading) -> None:
        """Record what is to be recorded.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._exclusions.turn(now)
        at, state = self.next_moment(), self._recorder.state
        if at is None or (at > now.wall and not (state.expectations and state.expectations.ended)):
            return
        subjects = self._moments.take(now.wall, TOLD_MAX)
        try:
            self._recorder.decide(lambda state, at: judged(state, subjects, at), now.wall)
        finally:  # those that hold still, or that could not be recorded, are looked at again
            self._moments.put(self._recorder.state, subjects)
