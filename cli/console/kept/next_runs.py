"""The next runs of many jobs, worked out once for as long as they stay the next ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import TYPE_CHECKING, Final

from scheduler.rules.requests.upcoming import next_run, schedule_begins_at

if TYPE_CHECKING:
    from scheduler.rules.state import Job

_KEPT_MAX: Final = 20_000

_Known = tuple[int, datetime, datetime | None]


class NextRuns:
    """The next run of each job that was asked about.

    What comes next after a moment comes next after every later moment before it. A schedule's arithmetic takes some
    50 µs, and a list of 10,000 jobs that is sorted by their next runs asks for all of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def of(self, job: Job, now: datetime) -> datetime | None:
        """See `next_run`."""
        begin = schedule_begins_at(job, now)
        if begin is None or job.ahead is not None:
            return next_run(job, now)
        with self._lock:
            known = self._known.get(job.name)
            if known is not None:
                defined, after, instant = known
                if defined == job.defined_seq and after <= begin and (instant is None or begin < instant):
                    return instant
            instant = next_run(job, now)
            self._known[job.name] = (job.defined_seq, begin, instant)
            self._known.move_to_end(job.name)
            if len(self._known) > _KEPT_MAX:
                self._known.popitem(last=False)
            return instant
