"""The laws of nodes: who serves a ledger that several share, who leads, and what only a leader may record."""

# ruff: noqa: ARG001 - the laws share one signature

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.fold.node_entries import LOST_ATTEMPTS_MAX
from scheduler.rules.nodes.leadership import reason_to_elect
from scheduler.rules.state import State

OF_THE_LEADER = frozenset({
    v.ScheduleTicked.TYPE, v.ScheduleMisfired.TYPE, v.ScheduleExcluded.TYPE, v.BackfillEnded.TYPE,
    v.RunRequested.TYPE, v.RunCancelRequested.TYPE, v.RunAssigned.TYPE, v.RunSkipped.TYPE, v.JobEnabled.TYPE,
    v.ExpectationBreached.TYPE, v.ExpectationMet.TYPE, v.NodeLost.TYPE,
})  # fmt: skip
"""What the scheduler decides, and so, where several nodes share a ledger, none of them but the leader."""


def decided_by_a_leader(state: State, entry: Entry) -> str:
    """What is wrong with who decided what an entry says; empty if nothing is."""
    return decided_without_leader(state, entry) if entry.type in OF_THE_LEADER else ""


def decided_without_leader(state: State, entry: Entry) -> str:
    """What is wrong with an entry that only a leader may record; empty if nothing is. On one machine nobody leads."""
    if state.nodes and state.leader is None and entry.actor == v.SCHEDULER:
        return "no node led then"
    return ""


def joined(state: State, entry: Entry, data: v.NodeJoined) -> str:
    """What is wrong with a `node.joined`; empty if nothing is."""
    return "" if data.max_parallel >= 0 else "no node takes fewer runs than none"


def left(state: State, entry: Entry, data: v.NodeLeft) -> str:
    """What is wrong with a `node.left`; empty if nothing is. One that was lost meanwhile may still stop."""
    node = state.nodes.get(data.node)
    return "" if node is not None and node.left_seq is None else f"no node {data.node} served then"


def lost(state: State, entry: Entry, data: v.NodeLost) -> str:
    """What is wrong with a `node.lost`; empty if nothing is."""
    node = state.nodes.get(data.node)
    if entry.actor != v.SCHEDULER:
        if node is None or node.serves:
            return f"a person gives up only a node that has stopped or is lost, and {data.node} is none"
        return ""
    if node is None or not node.serves:
        return f"no node {data.node} served then"
    if state.leader is not None and state.leader.node == data.node:
        return f"{data.node} led then, and only the leader says who is lost"
    return ""


def drained(state: State, entry: Entry, data: v.NodeDrained) -> str:
    """What is wrong with a `node.drained`; empty if nothing is."""
    return "" if data.node in state.nodes else f"no node {data.node} had joined"


def resumed(state: State, entry: Entry, data: v.NodeResumed) -> str:
    """What is wrong with a `node.resumed`; empty if nothing is."""
    node = state.nodes.get(data.node)
    return "" if node is not None and node.drained_seq is not None else f"no node {data.node} was drained"


def elected(state: State, entry: Entry, data: v.LeaderElected) -> str:
    """What is wrong with a `leader.elected`; empty if nothing is."""
    node = state.nodes.get(data.node)
    if node is None or not node.serves:
        return f"no node {data.node} served then"
    if data.term != state.term + 1:
        return f"term {state.term} was the last one: the next one is not {data.term}"
    found = reason_to_elect(state, data.node)
    if (data.former, data.reason) != found:
        return f"the leader before was {found[0] or 'nobody'}: {found[1]}"
    return ""


def reported(state: State, entry: Entry, data: v.RunReported) -> str:
    """What is wrong with a `run.reported`; empty if nothing is."""
    node = state.nodes.get(data.node)
    if node is None:
        return f"no node {data.node} had joined"
    told = (entry.run, data.attempt)
    known = node.lost_attempts
    if len(known) >= LOST_ATTEMPTS_MAX or any((each.run, each.attempt) == told for each in known):
        return ""
    return f"attempt {data.attempt} of run {entry.run} was not lost on {data.node}, or that was told before"
