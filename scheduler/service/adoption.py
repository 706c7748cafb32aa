"""Adoption: runs that nobody watches are watched from now on, where their process lives, or lost."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.ledger.ledger import Ledger
from scheduler.rules.runs.orphans import settle
from scheduler.rules.state import Executor, Run
from scheduler.service.launcher import Launcher
from scheduler.service.supervisor import Supervisor, cancel_reason


def adopt_or_lose(
    found: Sequence[Run],
    ledger: Ledger,
    supervisor: Supervisor,
    launcher: Launcher,
    executor: Executor,
    now: Reading,
) -> None:
    """Take over the runs that are found without a watcher, and record what became of each.

    Raises:
        Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        OSError: the processes cannot be looked at now.
    """
    found = [structs.replace(run) for run in found]  # the fold changes a run; `settle` asks what has changed
    candidates = []
    for run in found:
        job = ledger.state.jobs.get(run.job)
        if job is not None and run.started is not None:
            candidates.append(launcher.attempt(run, job.definition, run.started, v.SCHEDULER, to_start=False))
    adopted = supervisor.adopt(candidates, now)
    for run in found:
        if run.number in adopted and run.cancel_seq is not None:
            (request,) = ledger.store.read(run.cancel_seq, run.cancel_seq)
            why = f"{cancel_reason(request)} while nobody watched it"
            supervisor.stop(run.number, "cancelled", why, now)
    ledger.decide(lambda state: settle(state, found, adopted, executor, now.wall))
