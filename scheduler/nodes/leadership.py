"""Leadership: what a node does now about who leads. Pure.

Who leads stands in the ledger, and `scheduler.rules.nodes.leadership` reads it there. Here is what clocks add to it:
for how long the leader has been silent.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from scheduler.nodes.liveness import SILENT_S
from scheduler.rules.nodes.leadership import is_leader
from scheduler.rules.state import State

LEAD_PERIOD_S = 1.0
"""So long another node waits once the leader is silent: whoever finds the database altered can halt it meanwhile."""


class Step(Enum):
    """What a node does about who leads."""

    LEAD = "it leads, in a term that its present process won"
    ELECT = "it is to have itself elected"
    FOLLOW = "another one leads, or may come back to lead"


def next_step(state: State, node: str, term: int | None, silence_s: Callable[[str], float]) -> Step:
    """What a node does about who leads.

    Where nobody leads, for the ledger is new or the leader left in order, and where the former process of this very
    node led, there is nobody to wait for.

    Args:
        state: as it stands.
        node: its name; term: the one that its present process won last, None if none.
        silence_s: for how long a node has been silent.
    """
    if is_leader(state, node, term):
        return Step.LEAD
    leader = state.leader
    if leader is None or leader.node == node or silence_s(leader.node) >= SILENT_S + LEAD_PERIOD_S:
        return Step.ELECT
    return Step.FOLLOW
