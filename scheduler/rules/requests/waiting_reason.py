"""Why a run that is wanted has not started yet. Pure rules."""

from __future__ import annotations

from typing import Literal, NamedTuple

from scheduler.entry_members import LockWait
from scheduler.rules.runs.slots import lock_waits
from scheduler.rules.state import State


class WaitingReason(NamedTuple):
    """Why a run waits.

    Attributes:
        kind: `paused`: the scheduler starts nothing while it cannot write the ledger. `queue`: another run of the job
            comes first. `lock`: other runs hold a lock of the job, or wait for it and come first. `capacity`: as many
            runs as `max_parallel` allows have started. `unknown`: none of these.
        run: of `queue`, the number of the run that comes first.
        running: of `capacity`, how many runs of the scheduler have started.
        lock: of `lock`, which it is, and who has it.
    """

    kind: Literal["paused", "queue", "lock", "capacity", "unknown"]
    run: int | None = None
    running: int = 0
    lock: LockWait | None = None


def waiting_reason(state: State, number: int, job: str, max_parallel: int | None) -> WaitingReason:
    """Why a run that was requested from the scheduler has not started.

    Args:
        state: the present state.
        number: of the run; job: its job.
        max_parallel: how many runs the scheduler lets run at once; None if that is not known.
    """
    if state.scheduler is not None and state.scheduler.paused is not None:
        return WaitingReason("paused")
    before = [other.number for other in state.runs.values() if other.job == job and other.number < number]
    run, definition = state.runs.get(number), state.jobs[job].definition
    made_again = run is not None and run.retry_of is not None and definition.overlap != "allow"
    if before and (definition.queues or made_again):
        return WaitingReason("queue", run=before[0])
    if definition.locks and (lock := lock_waits(state).get(number)) is not None:
        return WaitingReason("lock", lock=lock)
    running = sum(other.started is not None and other.by == "scheduler" for other in state.runs.values())
    if max_parallel is not None and running >= max_parallel:
        return WaitingReason("capacity", running=running)
    return WaitingReason("unknown")
