"""What changes when the clock is read anew, which may have been set back: nothing counts from a time to come."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from scheduler.rules.fold import expectations
from scheduler.rules.state import State


def clock_read(state: State, now: datetime) -> None:
    """It is `now`: what is expected counts from then at the latest, and so do the waits for further attempts.

    A wait is a length of time. Without this, one of ten seconds would be one of an hour and ten seconds after the
    clock was set back by an hour.
    """
    expectations.clock_read(state, now)
    for run in state.runs.values():
        wait = run.retry
        if run.retry_at is not None and wait is not None and wait.since > now:
            run.retry = structs.replace(wait, at=now + (wait.at - wait.since), since=now)
