"""Processes: starting runs, recognising them after a restart, stopping them whole, reading how they ended."""

from __future__ import annotations

from scheduler.processes.output.output import OutputDigest
from scheduler.processes.posix import PROCESS_EXITS, PosixSpawner
from scheduler.processes.recognition.identity import (
    boot_id,
    host_name,
    platform_problem,
    process_is,
    start_ticks,
)
from scheduler.processes.recognition.tree import live_attempts
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
