"""Processes: starting runs, recognising them after a restart, stopping them whole, reading how they ended.

What is named here is loaded when it is first used: most commands only recognise processes, and start none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scheduler.processes.output.output import OutputDigest
    from scheduler.processes.posix import PROCESS_EXITS, PosixSpawner
    from scheduler.processes.recognition.claims import live_attempts
    from scheduler.processes.recognition.identity import (
        boot_id,
        host_name,
        platform_problem,
        process_is,
        start_ticks,
    )
    from scheduler.processes.spawner import Exit, Launch, Launched, LaunchFailed, Orphan, Spawner

__all__ = [
    "PROCESS_EXITS",
    "Exit",
    "Launch",
    "LaunchFailed",
    "Launched",
    "Orphan",
    "OutputDigest",
    "PosixSpawner",
    "Spawner",
    "boot_id",
    "host_name",
    "live_attempts",
    "platform_problem",
    "process_is",
    "start_ticks",
]

_HOMES = {
    "output.output": ("OutputDigest",),
    "posix": ("PROCESS_EXITS", "PosixSpawner"),
    "recognition.identity": ("boot_id", "host_name", "platform_problem", "process_is", "start_ticks"),
    "recognition.claims": ("live_attempts",),
    "spawner": ("Exit", "Launch", "LaunchFailed", "Launched", "Orphan", "Spawner"),
}


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"scheduler.processes.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
