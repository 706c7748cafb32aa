"""Losses: nodes that were silent for too long, and the attempts that are lost with them. Pure rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.rules.runs.attempts import with_retry
from scheduler.rules.runs.run_events import lost
from scheduler.rules.state import State


def losses(
    state: State, silence_s: Callable[[str], float], lost_after_s: float, now: datetime
) -> list[Event]:
    """`node.lost` for each node that was silent for too long, and `run.finished` of what it had started.

    Another attempt follows only where the job's policy names `lost`: nobody knows what the first one did.

    Args:
        state: as it stands; the leader is never lost, for it decides this.
        silence_s: for how long a node is silent, in seconds, as the leader has counted it.
        lost_after_s: after so long it is lost.
        now: the moment.
    """
    events: list[Event] = []
    for name, node in sorted(state.nodes.items()):
        if not node.serves or (state.leader is not None and state.leader.node == name):
            continue
        if (silence := silence_s(name)) < lost_after_s:
            continue
        gone = v.NodeLost(
            node=name, silent_since=now - timedelta(seconds=silence), silent_ms=round(silence * 1000)
        )
        events.append(v.event(gone, v.SCHEDULER))
        events += _ends(state, name, f"node {name} was lost", now)
    return events


def given_up(
    state: State, name: str, reason: str, now: datetime, actor: str, claims: Claims | None = None
) -> list[Event]:
    """What is recorded when a person gives up a node that stopped with runs left going, and will not come back.

    No time does that: one that stops in an orderly way may be away for as long as an upgrade takes. Nothing is, where
    the node is not known, or serves.

    Args:
        state: as it stands; name: of the node.
        reason: why; now: the moment.
        actor: who; claims: who they say they are.
    """
    node = state.nodes.get(name)
    if node is None or node.serves:
        return []
    since = min(now, node.silent_since or node.left or now)
    silent_ms = (now - since) // timedelta(milliseconds=1)
    gone = v.NodeLost(node=name, silent_since=since, silent_ms=silent_ms, reason=reason, claims=claims)
    return [v.event(gone, actor), *_ends(state, name, f"node {name} was given up", now, actor)]


def _ends(state: State, name: str, error: str, now: datetime, actor: str = v.SCHEDULER) -> list[Event]:
    """What a node had started is lost."""
    runs = [run for run in state.runs.values() if run.node == name]
    return [with_retry(state, lost(run, error, actor), now) for run in runs]
