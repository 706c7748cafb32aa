"""Waits for a node, where several share the ledger: which has the run, or why none takes it."""

from __future__ import annotations

from scheduler.explanation.facts import NodeRefusal, NoNode
from scheduler.ledger.past import Past
from scheduler.rules.nodes.placement import Refusal
from scheduler.rules.runs.waiting_reasons import WaitingReason
from scheduler.rules.state import Run, State


def entries_of_wait(run: Run, reason: WaitingReason) -> list[int]:
    """The entry by which a node is to start a run, or the run that comes before it."""
    if run.assigned is not None:
        return [run.assigned.seq]
    return [] if reason.run is None else [reason.run]


def no_node(past: Past, reason: WaitingReason) -> NoNode:
    """Why no node takes a run now, and the entries that show it."""
    state = past.state_at(past.head_seq)
    shown = {seq for each in reason.refusals if (seq := _shown_by(state, each)) is not None}
    told = [NodeRefusal(each.node, each.kind, each.why, list(each.holders)) for each in reason.refusals]
    return NoNode(entries=sorted(shown), label=reason.label, nodes=told)


def _shown_by(state: State, refusal: Refusal) -> int | None:
    """The entry by which a node is gone or drained, or that describes it; None where nothing is on record."""
    node = state.nodes[refusal.node]
    match refusal.kind:
        case "lost":
            return node.lost_seq
        case "left":
            return node.left_seq
        case "drained":
            return node.drained_seq
        case "unfit" | "full":
            return node.described_seq
        case _:
            return None
