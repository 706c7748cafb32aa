"""What is awaited, in the state.

Of other jobs: the newest success of each, and the instants that a job awaits of those before it. Of a job's own runs:
the one that came before those that wait.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from scheduler.entry_members import LockWait


class Success(msgspec.Struct, gc=False):
    """The newest success of a job that counts for the jobs after it: the entry that says so, and its time."""

    seq: int
    time: datetime


class EndedWait(msgspec.Struct, gc=False, omit_defaults=True):
    """For what a run had waited before its attempt started, as its `run.started` says.

    Attributes:
        run: the run of its job before it; lock: the lock; slots: the runs that held all slots.
        jobs: those whose success came while it waited.
    """

    run: int | None = None
    lock: LockWait | None = None
    slots: list[int] = []
    jobs: list[str] = []


class PassedRun(msgspec.Struct, frozen=True, gc=False):
    """A run that came before others of its job, and the entry that ended it while they waited or went on."""

    run: int
    seq: int


class AwaitedInstant(msgspec.Struct, gc=False, omit_defaults=True):
    """An instant of a job that runs after others alone: what became of it in each of those.

    Attributes:
        instant: the nominal one.
        since: when the last of what is here was recorded.
        succeeded: of those that succeeded for it, the `seq` of the entry that says so, by name.
        failed: of those that did not, the same.
        run: the number of the run that was skipped since some failed; None: nothing is on record yet. A success that
            comes still, of a run that is made again, has that run made again too.
    """

    instant: datetime
    since: datetime
    succeeded: dict[str, int] = {}
    failed: dict[str, int] = {}
    run: int | None = None
