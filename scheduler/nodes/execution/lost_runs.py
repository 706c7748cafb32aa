"""Attempts of a node that are lost on record: what the ledger says of them, so that they can be looked for here."""

from __future__ import annotations

from collections.abc import Sequence

from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.rules.fold.run_entries import executor_of
from scheduler.rules.nodes.nodes_state import LostAttempt
from scheduler.rules.state import Run


def run_of_start(entry: Entry) -> Run:
    """The run as its `run.started` has it, with the attempt that this entry began."""
    data: v.RunStarted = v.payload(entry)
    assert entry.job is not None, "a run is of a job"
    assert entry.run is not None, "a start is of a run"
    return Run(
        entry.run,
        entry.job,
        data.trigger,
        entry.time,
        scheduled_for=data.scheduled_for,
        attempt=data.attempt,
        started=entry.time,
        executor=executor_of(data),
        secret_sha256=data.secret_sha256,
        params=data.params,
        node=data.node,
    )


def lost_runs(store: EventStore, lost: Sequence[LostAttempt]) -> list[Run]:
    """The runs whose attempts are lost, each as it was when that attempt began.

    The entries are read backwards from where they are lost to the oldest of their starts: that is done when a node
    comes back after it was given up.

    Raises:
        Corrupt: the ledger is damaged.
    """
    wanted = {(each.run, each.attempt) for each in lost}
    found: list[Run] = []
    if not wanted:
        return found
    for entry in store.read_backwards(max(each.seq for each in lost)):
        if entry.type == v.RunStarted.TYPE and (entry.run, v.payload(entry).attempt) in wanted:
            found.append(run_of_start(entry))
            wanted.discard((found[-1].number, found[-1].attempt))
            if not wanted:
                break
    return found
