"""When an attempt began whose process is found: with its process, unless that had been forked before."""

from __future__ import annotations

from scheduler.processes.recognition import claims
from scheduler.processes.recognition.identity import TICKS_PER_S, ProcessStat, boottime_s
from scheduler.processes.recognition.pid_records import PidRecord


def attempt_start_ticks(pid: int, stat: ProcessStat, note: PidRecord | None) -> int:
    """When the attempt of a main process began, in clock ticks since the boot.

    What is noted, or else what the process itself says, is believed between its start and now.

    Raises:
        OSError: there is no descriptor left to look with.
    """
    told_s = claims.told_begin_s(pid) if note is None else note.attempt_s
    return max(stat.start_ticks, int(min(told_s or 0.0, boottime_s()) * TICKS_PER_S))
