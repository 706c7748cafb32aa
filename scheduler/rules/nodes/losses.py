"""Losses: nodes that were silent for too long, and the attempts that are lost with them. Pure rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from eventstore.store import Event
from scheduler import vocabulary as v
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
        ends = (lost(run, f"node {name} was lost") for run in state.runs.values() if run.node == name)
        events += [with_retry(state, end, now) for end in ends]
    return events
