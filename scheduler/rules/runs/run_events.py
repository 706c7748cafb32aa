"""The events that say what becomes of a run: it starts, goes to a node, is skipped, cannot start, is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import structs

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.command import command_digest
from scheduler.definition import JobDefinition
from scheduler.entry_members import LockWait, SkipReason
from scheduler.rules.state import Executor, Run


def started(
    run: Run,
    definition: JobDefinition,
    executor: Executor,
    secret_sha256: str | None,
    actor: str = v.SCHEDULER,
    *,
    locks: dict[str, int] | None = None,
    successes: Sequence[int] = (),
    node: str | None = None,
) -> Event:
    """The event that says: the next attempt of this run starts, and `executor` watches it.

    Args:
        run: the run; definition: of its job.
        executor: the process that watches it.
        secret_sha256: the digest of the attempt's secret.
        actor: who starts it.
        locks: those that it holds from now on, each with the number of runs that may; None: none.
        successes: the entries with which the jobs succeeded for which the run had to wait.
        node: that makes it, where several share the ledger.
    """
    payload = v.RunStarted(
        attempt=run.attempt + 1,
        trigger=run.trigger,
        scheduled_for=run.scheduled_for,
        command_sha256=command_digest(definition),
        host=executor.host,
        boot_id=executor.boot_id,
        executor_pid=executor.pid,
        executor_start_ticks=executor.start_ticks,
        secret_sha256=secret_sha256,
        pid_namespace=executor.pid_namespace,
        params=definition.parameter_values(run.params) if definition.params else {},
        locks=locks or {},
        successes=list(successes),
        node=node,
    )
    return v.event(payload, actor, job=run.job, run=run.number)


def assigned(
    run: Run,
    node: str,
    locks: dict[str, int],
    successes: Sequence[int],
    *,
    instead_of: str | None = None,
) -> Event:
    """The event that says: this node is to make the next attempt of this run.

    Args:
        run: the run; node: the name of the node.
        locks: those that it holds from now on, each with the number of runs that may.
        successes: the entries with which the jobs succeeded for which the run had to wait.
        instead_of: the node that had it, and is silent.
    """
    payload = v.RunAssigned(
        node=node,
        attempt=run.attempt + 1,
        trigger=run.trigger,
        scheduled_for=run.scheduled_for,
        locks=locks,
        successes=list(successes),
        instead_of=instead_of,
    )
    return v.event(payload, v.SCHEDULER, job=run.job, run=run.number)


def after_wait(event: Event, behind: int | None, lock: LockWait | None, slots: list[int]) -> Event:
    """A start or an assignment that says for what the run had waited.

    Args:
        event: as `started` or `assigned` has made it.
        behind: the number of the run of its job that came first; lock: which lock; slots: who held all of them.
    """
    data = structs.replace(event.data, waited_behind=behind, waited_for=lock, slots=slots)
    return structs.replace(event, data=data)


def skipped(
    run: Run,
    reason: SkipReason,
    because_of: int | None,
    actor: str = v.SCHEDULER,
    slots: Sequence[int] = (),
    lock: LockWait | None = None,
) -> Event:
    """The event that says: this run was owed and is deliberately not made."""
    payload = v.RunSkipped(
        reason=reason,
        trigger=run.trigger,
        scheduled_for=run.scheduled_for,
        because_of=because_of,
        slots=list(slots),
        lock=lock,
    )
    return v.event(payload, actor, job=run.job, run=run.number)


def not_launched(run: Run, began: datetime, error: str, actor: str = v.SCHEDULER) -> Event:
    """The event that says: no process could be started for an attempt that was recorded as started."""
    payload = v.RunFinished(
        trigger=run.trigger,
        started=began,
        outcome="failed",
        attempt=run.attempt,
        scheduled_for=run.scheduled_for,
        duration_ms=0,
        error=f"it could not be started: {error}",
        node=run.node,
    )
    return v.event(payload, actor, job=run.job, run=run.number)


def lost(run: Run, error: str, actor: str = v.SCHEDULER) -> Event:
    """The event that says: this run's process died while no process watched it."""
    assert run.started is not None, "only a run that began can be lost"
    payload = v.RunFinished(
        trigger=run.trigger,
        started=run.started,
        outcome="lost",
        attempt=run.attempt,
        scheduled_for=run.scheduled_for,
        error=error,
        node=run.node,
    )
    return v.event(payload, actor, job=run.job, run=run.number)
