"""How entries about nodes change the state: who serves, who leads, and which runs wait to be assigned anew.

What was assigned and has not started waits again where that no longer holds: its node left, was lost or drained, or
joins anew, with another process or other properties; its job was defined anew; or one scheduler serves again, where
several nodes did.
"""

from __future__ import annotations

from collections.abc import Iterable

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.awaited import EndedWait
from scheduler.rules.fold.apply import Apply
from scheduler.rules.fold.boots import note_boot
from scheduler.rules.fold.clock_readings import clock_read
from scheduler.rules.nodes.nodes_state import Assignment, Leader, LostAttempt, Node
from scheduler.rules.state import Run, SchedulerStatus, State

LOST_ATTEMPTS_MAX = 1_000
"""The state holds at most so many lost attempts of a node of which it has told nothing: the newest ones."""


def _node_joined(state: State, entry: Entry, data: v.NodeJoined) -> None:
    before = state.nodes.get(data.node)
    is_anew = before is None or not before.serves or before.incarnation != data.incarnation
    node = Node(
        name=data.node,
        joined_seq=entry.seq if before is None or is_anew else before.joined_seq,
        joined=entry.time if before is None or is_anew else before.joined,
        described_seq=entry.seq,
        host=data.host,
        boot_id=data.boot_id,
        pid=data.pid,
        max_parallel=data.max_parallel,
        incarnation=data.incarnation,
        labels=data.labels,
        versions=data.versions,
        unfit=data.unfit,
    )
    if before is not None:
        node.drained_seq, node.drained = before.drained_seq, before.drained
        node.drained_by, node.drained_reason = before.drained_by, before.drained_reason
        node.term, node.lost_attempts = before.term, before.lost_attempts
        if before.boot_id != node.boot_id:
            # What could not be stopped there ended with that boot of the machine.
            state.left_running = [left for left in state.left_running if left.boot_id != before.boot_id]
    state.nodes[node.name] = node
    release(_assigned_to(state, node.name))
    if is_anew and state.leader is not None and state.leader.node == node.name:
        state.leader = None  # the process that won that term is gone
    note_boot(state, entry, data.boot_id, data.boottime_ms, one_of_several=True)


def _node_left(state: State, entry: Entry, data: v.NodeLeft) -> None:
    node = state.nodes.get(data.node)
    if node is None:
        return
    node.left_seq, node.left, node.left_reason = entry.seq, entry.time, data.reason
    release(_assigned_to(state, node.name))
    if state.leader is not None and state.leader.node == node.name:
        state.leader = None
        if state.scheduler is not None:
            state.scheduler.stopped_seq, state.scheduler.stopped = entry.seq, entry.time
            state.scheduler.stop_reason = data.reason


def _node_lost(state: State, entry: Entry, data: v.NodeLost) -> None:
    node = state.nodes.get(data.node)
    if node is None:
        return
    node.lost_seq, node.lost, node.silent_since = entry.seq, entry.time, data.silent_since
    release(_assigned_to(state, node.name))


def _node_drained(state: State, entry: Entry, data: v.NodeDrained) -> None:
    node = state.nodes.get(data.node)
    if node is None:
        return
    node.drained_seq, node.drained = entry.seq, entry.time
    node.drained_by, node.drained_reason = entry.actor, data.reason
    release(_assigned_to(state, node.name))


def _node_resumed(state: State, entry: Entry, data: v.NodeResumed) -> None:
    node = state.nodes.get(data.node)
    if node is not None:
        node.drained_seq = node.drained = node.drained_by = node.drained_reason = None


def _leader_elected(state: State, entry: Entry, data: v.LeaderElected) -> None:
    state.leader = Leader(data.node, data.term, entry.seq, entry.time)
    state.term = data.term
    if (node := state.nodes.get(data.node)) is not None:
        node.term = data.term
    state.scheduler = SchedulerStatus(entry.seq, entry.time, data.pid, data.host, data.boot_id, data.versions)
    clock_read(state, entry.time)


def _ledger_moved(state: State, entry: Entry, data: v.LedgerMoved) -> None:
    """Who served the ledger in the old place does not serve it in the new one."""
    serve_alone(state)


def _run_assigned(state: State, entry: Entry, data: v.RunAssigned) -> None:
    run = state.runs.get(-1 if entry.run is None else entry.run)
    if run is None or run.job != entry.job or run.started is not None or data.attempt != run.attempt + 1:
        return  # it breaks a law: what goes, or went, is never started again for it
    waited = None
    if data.waited_behind is not None or data.waited_for is not None or data.slots:
        waited = EndedWait(data.waited_behind, data.waited_for, data.slots)
    run.assigned = Assignment(
        data.node, data.attempt, entry.seq, entry.time, data.successes, waited, data.instead_of
    )
    run.locks = data.locks


def _run_reported(state: State, entry: Entry, data: v.RunReported) -> None:
    node = state.nodes.get(data.node)
    if node is not None:
        told = (entry.run, data.attempt)
        node.lost_attempts = [each for each in node.lost_attempts if (each.run, each.attempt) != told]


def note_lost(state: State, run: Run, entry: Entry) -> None:
    """An attempt is lost on record with its node, which can only report it from now on.

    A node that serves, and records itself that an attempt is lost, has nothing to report of it.
    """
    node = state.nodes.get(run.node or "")
    if node is not None and node.lost_seq is not None:
        lost = LostAttempt(run.number, run.attempt, run.job, entry.seq, entry.time)
        node.lost_attempts = [*node.lost_attempts, lost][-LOST_ATTEMPTS_MAX:]


def release(runs: Iterable[Run]) -> None:
    """What was assigned and has not started waits to be assigned anew, and holds nothing until then."""
    for run in runs:
        if run.assigned is not None:
            run.assigned, run.locks = None, {}


def serve_alone(state: State) -> None:
    """One scheduler serves the ledger from here on: where it was on a database, it was moved back to one machine."""
    if state.nodes:
        release(state.runs.values())
        state.nodes, state.leader = {}, None


def _assigned_to(state: State, node: str) -> list[Run]:
    return [run for run in state.runs.values() if run.assigned is not None and run.assigned.node == node]


APPLY: Apply = {
    v.NodeJoined.TYPE: _node_joined,
    v.NodeLeft.TYPE: _node_left,
    v.NodeLost.TYPE: _node_lost,
    v.NodeDrained.TYPE: _node_drained,
    v.NodeResumed.TYPE: _node_resumed,
    v.LeaderElected.TYPE: _leader_elected,
    v.LedgerMoved.TYPE: _ledger_moved,
    v.RunAssigned.TYPE: _run_assigned,
    v.RunReported.TYPE: _run_reported,
}
