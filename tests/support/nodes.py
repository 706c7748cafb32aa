"""Entries of nodes that share a ledger, for tests that make up one."""

from __future__ import annotations

from typing import Any

from eventstore.store import Event
from scheduler import vocabulary as v

ANN = "user:ann@desk"


def joined(node: str, incarnation: str = "1", **facts: Any) -> Event:
    """A node serves; facts are further members of `node.joined`, such as `labels`."""
    members: dict[str, Any] = {
        "host": f"{node}.example",
        "boot_id": f"boot-{node}",
        "pid": 7,
        "max_parallel": 2,
        "versions": {"cronledger": "1.0"},
    }
    data = v.NodeJoined(node=node, incarnation=incarnation * 32, **{**members, **facts})
    return v.event(data, v.SCHEDULER)


def elected(node: str, term: int, reason: Any = "first", **facts: Any) -> Event:
    """A node leads from now on."""
    data = v.LeaderElected(
        node=node, term=term, host=f"{node}.example", boot_id=f"boot-{node}", pid=7, reason=reason, **facts
    )
    return v.event(data, v.SCHEDULER)


def left(node: str, reason: str = "SIGTERM") -> Event:
    """A node stops in an orderly way."""
    return v.event(v.NodeLeft(node=node, reason=reason), v.SCHEDULER)


def assigned(node: str, job: str, run: int, attempt: int = 1) -> Event:
    """A run goes to a node."""
    data = v.RunAssigned(node=node, attempt=attempt, trigger="schedule")
    return v.event(data, v.SCHEDULER, job=job, run=run)


def drained(node: str, reason: str = "") -> Event:
    """A person wants that a node takes nothing new."""
    return v.event(v.NodeDrained(node=node, reason=reason), ANN)
