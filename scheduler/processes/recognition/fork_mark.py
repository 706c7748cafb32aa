"""A mark on main processes that their descendants do not inherit.

The environment tells that a process belongs to an attempt, but its descendants carry it too, and a
descendant may lead a session of its own. A restarted scheduler must not take such a straggler for the main
process. So the spawner sets `SCHED_RESET_ON_FORK` (sched(7)) on what it starts: a flag of one process that
no child inherits. Its only effect is that real-time policies and negative nice values are not handed on
either, so where the scheduler itself has one of those, nothing is marked.
"""

from __future__ import annotations

import os

_ORDINARY = (os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_IDLE)
_NO_PRIORITY = os.sched_param(0)


class Marker:
    """Marks processes; made once, for the policy under which this process and so its children run."""

    def __init__(self) -> None:
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        ordinary = policy in _ORDINARY and os.getpriority(os.PRIO_PROCESS, 0) >= 0
        self._policy = policy | os.SCHED_RESET_ON_FORK if ordinary else None

    def mark(self, pid: int) -> bool:
        """Mark a process of ours, at once after it was made (0: this one); False if that is impossible.

        A sandbox may forbid it, and a program that has become another user's already (setuid) cannot be
        marked.
        """
        if self._policy is None:
            return False
        try:
            os.sched_setscheduler(pid, self._policy, _NO_PRIORITY)
        except OSError:
            return False
        return True

    def works(self) -> bool:
        """Whether main processes are marked on this system; tried on this process, which does no harm."""
        return self.mark(0) and is_marked(0)


def is_marked(pid: int) -> bool:
    """Whether the process was marked; False if it is gone."""
    try:
        return bool(os.sched_getscheduler(pid) & os.SCHED_RESET_ON_FORK)
    except OSError:
        return False
