"""Once a day: what calendars excluded is put on record, however long a job's next instant is away."""

from __future__ import annotations

from scheduler.clock import Reading
from scheduler.rules.exclusion import exclusions
from scheduler.service.records.recorder import Recorder

_DAY_S = 86_400.0


class DailyExclusions:
    """Puts it on record.

    Args:
        recorder: records it.
        now: when a scheduler starts, which has then recorded what there was.
    """

    def __init__(self, recorder: Recorder, now: Reading) -> None:
        self._recorder = recorder
        self._at_s = now.monotonic_s + _DAY_S

    def turn(self, now: Reading) -> None:
        """Record what is to be recorded, if a day has passed.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        if now.monotonic_s < self._at_s:
            return
        jobs = self._recorder.state.jobs.values()
        names = [job.name for job in jobs if job.definition.calendars is not None]
        self._recorder.decide_by_jobs(names, exclusions, now.wall)
        self._at_s = now.monotonic_s + _DAY_S
