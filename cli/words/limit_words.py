"""By what the memory of jobs is limited here, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scheduler.processes.recognition.control_groups import delegated_group
from scheduler.processes.recognition.identity import pid_namespace

if TYPE_CHECKING:
    from scheduler.ledger.view import View


def memory_means(view: View) -> str | None:
    """`cgroup` or `rlimit`, by which the scheduler that serves the home limits memory, or a command would do it now.

    None where that cannot be seen from here.
    """
    holder = view.holder
    if holder is not None and (not holder.pid or holder.pid_namespace not in (None, pid_namespace())):
        return None
    try:
        group = delegated_group("self" if holder is None else str(holder.pid))
    except OSError:
        return None
    return "cgroup" if group is not None and group.can_limit_memory else "rlimit"


def memory_means_words(means: str | None) -> str:
    """The same for people."""
    if means is None:
        return (
            "of each process (RLIMIT_DATA), or of a whole run by its control group: not to be seen from here"
        )
    if means == "cgroup":
        return "of a whole run, by its control group"
    return "of each process (RLIMIT_DATA): there is no delegated control group that could share memory out"
