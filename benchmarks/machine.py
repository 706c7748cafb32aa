"""The machine that the figures are from, and what the kernel says of a process on it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def describe(folder: Path) -> str:
    """One line: processors, memory, the file system that is written to, kernel, Python."""
    cores = len(os.sched_getaffinity(0))
    memory_gib = os.sysconf("SC_PHYS_PAGES") * _PAGE_BYTES / 2**30
    return (
        f"{cores} cores, {_cpu_model()}, {memory_gib:.0f} GiB, {_file_system(folder)}, "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """The type of the mounted file system with the longest matching path."""
    there = str(folder.resolve())
    best, kind = "", "unknown file system"
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, point, name, *_ = line.split(" ")
        inside = there == point or there.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, name
    return kind


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, in seconds."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(stat[11]) + int(stat[12])) / _TICKS_PER_S


def on_cpu_s(pid: int) -> float:
    """Processor time that the first thread of a process has used, in seconds, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def processes_cpu_s(pid: int) -> float:
    """Processor time that a process and its children have used, those included that it has waited for, in seconds."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    ended_s = (int(stat[13]) + int(stat[14])) / _TICKS_PER_S
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    alive_s = sum(cpu_s(int(child)) for child in children if Path(f"/proc/{child}").exists())
    return cpu_s(pid) + ended_s + alive_s


def resident_mb(pid: int) -> float:
    """Memory that a process holds, in megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES / 1e6
