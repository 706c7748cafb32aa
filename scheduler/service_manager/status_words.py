"""What a scheduler does, in one line: what `systemctl status` shows."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from scheduler.rules.timetable import Due
from scheduler.wording.quantities import show_count


class Standing(NamedTuple):
    """How a scheduler stands.

    Attributes:
        running: how many runs it watches; waiting: how many wait to begin.
        next_due: what comes next, where this scheduler decides; None: nothing.
        problem: what keeps it from recording, in words; empty if nothing does.
        node: the name of the node, where there are several; leads: whether it decides.
    """

    running: int
    waiting: int = 0
    next_due: Due | None = None
    problem: str = ""
    node: str = ""
    leads: bool = True


def serving_words(standing: Standing) -> str:
    """How a scheduler stands while it serves: `2 runs, 1 waiting; next nightly at 2026-11-30 02:00:00 +0100`."""
    parts = []
    if standing.node:
        parts.append(f"node {standing.node} {'leads' if standing.leads else 'follows'}")
    if standing.problem:
        parts.append(f"starts nothing: {standing.problem}")
    runs = show_count(standing.running, "run") if standing.running else "idle"
    parts.append(f"{runs}, {standing.waiting} waiting" if standing.waiting else runs)
    if standing.leads:
        parts.append(_next_words(standing.next_due))
    return "; ".join(parts)


def stopping_words(running: int) -> str:
    """What it does while it stops."""
    return f"stopping: {show_count(running, 'run')} to end" if running else "stopping"


def _next_words(due: Due | None) -> str:
    return "nothing due" if due is None else f"next {due.job} at {_machines_time(due.instant)}"


def _machines_time(instant: datetime) -> str:
    """As the clocks of this machine show it; whoever reads it is there."""
    try:
        return f"{instant.astimezone():%Y-%m-%d %H:%M:%S %z}"
    except (OverflowError, OSError, ValueError):  # a year that no clock of this machine shows
        return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
