"""Leadership: who leads, who may, and what a leader may decide. Pure rules.

Who leads stands in the ledger: `leader.elected` names a node and a term. A node that led and slept finds another term
there when it wakes, and decides nothing with what it believed. Whether a node is silent is judged outside, by clocks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.state import State

ElectionReason = Literal["first", "silent", "left", "restarted"]


def is_leader(state: State, node: str, term: int | None) -> bool:
    """Whether a node leads by this state, in the term that its present process has won.

    Args:
        state: as it stands.
        node: its name; term: which it has won; None: none yet.
    """
    leader = state.leader
    return leader is not None and (leader.node, leader.term) == (node, term)


def reason_to_elect(state: State, node: str) -> tuple[str | None, ElectionReason]:
    """The node that led last, and what becomes of it if `node` is elected; None and `first` if none ever led."""
    former = next((each for each in state.nodes.values() if state.term and each.term == state.term), None)
    if former is None:
        return None, "first"
    if state.leader is not None:
        return former.name, "restarted" if former.name == node else "silent"
    return former.name, "left" if former.left_seq is not None else "restarted"


def election(
    state: State,
    node: str,
    *,
    host: str,
    boot_id: str,
    pid: int,
    versions: dict[str, str],
    silent_since: datetime | None = None,
) -> list[Event]:
    """The entry by which a node leads from now on; none if it does not serve by this state.

    Whoever calls has found that nobody leads, or that the leader is silent: clocks tell that, and no state.

    Args:
        state: as it stands; node: which is to lead.
        host, boot_id, pid, versions: of its process.
        silent_since: since when the leader is silent, if that is why.
    """
    mine = state.nodes.get(node)
    if mine is None or not mine.serves:
        return []
    former, reason = reason_to_elect(state, node)
    elected = v.LeaderElected(
        node=node,
        term=state.term + 1,
        host=host,
        boot_id=boot_id,
        pid=pid,
        reason=reason,
        versions=versions,
        silent_since=silent_since if reason == "silent" else None,
        former=former,
    )
    return [v.event(elected, v.SCHEDULER)]
