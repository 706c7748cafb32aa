"""Processes of finished runs that could not be stopped, for as long as they live."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from scheduler.entry_members import Survivor
from scheduler.processes.recognition.identity import boot_id, process_is
from scheduler.rules.state import LeftRunning


class LivingSurvivor(NamedTuple):
    """A process that is still there, and the finished run that it is of."""

    run: int
    job: str
    process: Survivor


def living_survivors(left_running: Iterable[LeftRunning]) -> list[LivingSurvivor]:
    """Those that are still there: a number means them on the boot on which they were left, with its start time."""
    return [
        LivingSurvivor(left.run, left.job, process)
        for left in left_running
        if left.boot_id == boot_id()
        for process in left.processes
        if process_is(process.pid, process.start_ticks)
    ]
