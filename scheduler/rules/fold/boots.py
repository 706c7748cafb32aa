"""How boots of the machine change the state: a job that runs once for each boot owes those that it was there for.

A boot has no instant that could be computed. It is seen when a scheduler starts with a boot id that is not on record,
or a node joins with one, and that moment is the instant. So where several nodes share a ledger, the boot of each of
their machines counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler.rules.state import State

BOOTS_MAX = 64
"""So many boots are remembered: a home may be served by machines in turn."""
OWED_MAX = 64
"""A job owes at most so many; more than one it owes only if schedulers died as they started."""


def note_boot(
    state: State, entry: Entry, boot_id: str, boottime_ms: int | None, *, one_of_several: bool = False
) -> None:
    """A scheduler or a node began: if its boot is not on record, jobs that are on their schedule owe a run for it.

    Args:
        state: the state; entry: which says that it began.
        boot_id: of the machine; boottime_ms: its boot clock then; None if that is not known.
        one_of_several: other machines may have booted before, and are seen later.
    """
    if boot_id in state.boots:
        return
    state.boots = [*state.boots, boot_id][-BOOTS_MAX:]
    began = None if boottime_ms is None else entry.time - timedelta(milliseconds=boottime_ms)
    new = state.new_at_reboot
    if not one_of_several:
        state.new_at_reboot = {}
    for name, owed in state.at_reboot.items():
        # A command may have defined it during this boot, before a scheduler saw that.
        if began is not None and name in new and began < new[name] <= entry.time:
            continue
        enablement = state.jobs[name].enablement
        pause_over = enablement.until is not None and enablement.until <= entry.time
        if enablement.enabled or pause_over:
            state.at_reboot[name] = [*owed, entry.time.replace(microsecond=0)][-OWED_MAX:]


def note_definition(state: State, name: str, at: datetime, *, at_reboot: bool) -> None:
    """A job was defined: it owes no boot from before, unless it was such a job already."""
    if not at_reboot:
        state.at_reboot.pop(name, None)
        state.new_at_reboot.pop(name, None)
    elif name not in state.at_reboot:
        state.at_reboot[name] = []
        state.new_at_reboot[name] = at


def forget_owed(state: State, name: str) -> None:
    """A job was disabled: what it owes is not run."""
    if name in state.at_reboot:
        state.at_reboot[name] = []


def settle_boots(state: State, name: str | None, until: datetime) -> None:
    """The boots that a job owes are settled up to this one."""
    owed = state.at_reboot.get(name or "")
    if owed:
        done = next((place for place, each in enumerate(owed, 1) if each == until), 0)
        state.at_reboot[name or ""] = owed[done:]
