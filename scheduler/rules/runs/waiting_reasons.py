"""Why runs that are wanted have not started yet, as the state tells. Pure rules.

The rules of starting are loaded once some run waits: a list of jobs, none of which waits, is there sooner.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from scheduler.entry_members import IN_TURN, LockWait
from scheduler.rules.state import Job, Run, State

if TYPE_CHECKING:
    from scheduler.rules.nodes.placement import Places, Refusal
    from scheduler.rules.runs.slots import FullSlots


WaitKind = Literal[
    "paused", "retry", "queue", "success", "scheduler", "lock", "capacity", "assigned", "node", "unknown"
]


class WaitingReason(msgspec.Struct, frozen=True):
    """Why a run waits.

    Attributes:
        kind: `paused`: the scheduler starts nothing while it cannot write the ledger. `retry`: for the time of its
            next attempt. `queue`: another run of the job comes first. `success`: for the success of other jobs.
            `scheduler`: none serves the home. `lock`: other runs hold a lock of the job, or wait for it and come
            first. `capacity`: as many runs as `max_parallel` allows have started. `assigned`: a node has it, and has
            not started it yet. `node`: no node takes it, whatever else runs. `unknown`: none of these.
        run: of `queue`, the number of the run that comes first.
        jobs: of `success`, those that have not succeeded, or not lately enough.
        lock: of `lock`, which it is, and who has it.
        holders: of `capacity`, numbers of the runs that have started, oldest first.
        retry_at: of `retry`, that time.
        node: of `assigned`, its name.
        label: of `node` and `capacity`, what the job runs on; None: on any node.
        refusals: of `node` and `capacity` where several nodes share the ledger, why each takes nothing.
        gives_up_at: when it will not be started any more (`start_deadline`, or `within` of `retry`); None: never, or
            not known.
    """

    kind: WaitKind
    run: int | None = None
    jobs: Sequence[str] = ()
    lock: LockWait | None = None
    holders: Sequence[int] = ()
    retry_at: datetime | None = None
    node: str | None = None
    label: str | None = None
    refusals: Sequence[Refusal] = ()
    gives_up_at: datetime | None = None


class WaitingReasons:
    """Why the runs of a state wait; what concerns all of them is found once.

    Args:
        state: the present state.
        now: the moment; None: that of the last entry.
        served: whether a scheduler serves the home, which starts at once what may start; None: that is not known.
        max_parallel: how many runs the scheduler lets run at once; None if that is not known.
        silent: names of the nodes that are silent now, as far as that is known.
    """

    def __init__(
        self,
        state: State,
        now: datetime | None = None,
        *,
        served: bool | None = True,
        max_parallel: int | None = None,
        silent: Container[str] = (),
    ) -> None:
        self._silent = silent
        self._state, self._now = state, now or state.time
        self._served, self._max_parallel = served, max_parallel
        self._first: dict[str, Run] = {}

    def of(self, number: int) -> WaitingReason:
        """Why a run of the state waits that has not started, or that waits for its next attempt."""
        run = self._state.runs[number]
        job = self._state.jobs.get(run.job)
        reason = self._reason(run, job)
        return msgspec.structs.replace(reason, gives_up_at=_gives_up_at(run, job, reason))

    def _reason(self, run: Run, job: Job | None) -> WaitingReason:
        from scheduler.rules.after import late_successes

        state = self._state
        if self._served and state.scheduler is not None and state.scheduler.paused is not None:
            return WaitingReason("paused")
        if run.assigned is not None:
            return WaitingReason("assigned", node=run.assigned.node)
        if run.retry_at is not None and run.retry_at > self._now:
            return WaitingReason("retry", retry_at=run.retry_at)
        if job is not None and (first := self._comes_before(run, job)) is not None:
            return WaitingReason("queue", run=first.number)
        if late := late_successes(state, run, job, self._now):
            return WaitingReason("success", jobs=late)
        if not self._served:
            # Whoever asked for a run without a scheduler starts it, and makes its attempts.
            known = self._served is False and run.by == "scheduler"
            return WaitingReason("scheduler" if known else "unknown")
        if state.nodes and job is not None and (refused := self._no_node(job)) is not None:
            return refused
        if (lock := self._locks.get(run.number)) is not None:
            return WaitingReason("lock", lock=lock)
        full = self._full
        if full is None or run.number not in self._wait_for_slots:
            return WaitingReason("unknown")
        if self._max_parallel is not None and len(full.holders) < self._max_parallel:
            return WaitingReason("unknown")
        return WaitingReason("capacity", holders=[each.number for each in full.holders])

    def _no_node(self, job: Job) -> WaitingReason | None:
        """Why no node takes a run of a job; None if one does."""
        places, label = self._places, job.definition.runs_on
        if places.choose(job.definition) is not None:
            return None
        refusals = places.refusals(job.definition)
        holders = [number for each in refusals for number in each.holders]
        kind: WaitKind = "capacity" if holders else "node"
        return WaitingReason(kind, holders=sorted(holders), label=label, refusals=refusals)

    def _comes_before(self, run: Run, job: Job) -> Run | None:
        """The run of its job that must end or start before this one."""
        if job.definition.overlap == "allow" and run.trigger not in IN_TURN:
            return None
        if job.name not in self._first:
            live = (self._state.runs[number] for number in job.live)
            self._first[job.name] = min(live, key=lambda each: (not each.begun, each.precedence))
        first = self._first[job.name]
        return None if first.number == run.number else first

    @cached_property
    def _places(self) -> Places:
        from scheduler.rules.nodes.placement import Places

        return Places.of(self._state, self._silent)

    @cached_property
    def _locks(self) -> dict[int, LockWait]:
        from scheduler.rules.runs.slots import lock_waits

        return lock_waits(self._state, self._now)

    @cached_property
    def _full(self) -> FullSlots | None:
        from scheduler.rules.runs.slots import full_slots

        return full_slots(self._state, self._now)

    @cached_property
    def _wait_for_slots(self) -> set[int]:
        return set() if self._full is None else set(self._full.waiting)


def _gives_up_at(run: Run, job: Job | None, reason: WaitingReason) -> datetime | None:
    """When a run has waited too long, as far as the state tells.

    That of one that waits for nothing but a slot, and whose job has no deadline of its own, counts from when it could
    start. The state has that moment where the job waits for nothing else, and no run before this one was skipped.
    """
    from scheduler.rules.runs.waiting_runs import lapses_at, lapses_waiting_for_a_slot

    if (at := lapses_at(run, job)) is not None or reason.kind not in ("capacity", "node") or job is None:
        return at
    last = None if job.last is None else job.last.run
    others = job.definition.locks or job.definition.awaits
    if others or (job.passed is not None and job.passed.run != last):
        return None
    return lapses_waiting_for_a_slot(run, job, None)
