"""The environment with which another process was started, as far as it may be seen."""

from __future__ import annotations

import os
from typing import Final

from eventstore.regular_file import read_regular
from scheduler.processes.recognition.identity import process_is

_BYTES_MAX: Final = 4 * 1024 * 1024


def environ_of(pid: int, start_ticks: int) -> dict[str, str]:
    """The variables of a process; empty if it is gone or another user's."""
    try:
        raw = b"" if not process_is(pid, start_ticks) else _read(pid)
    except OSError:
        return {}
    pairs = (variable.partition(b"=") for variable in raw.split(b"\0") if variable)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def _read(pid: int) -> bytes:
    return read_regular(f"/proc/{pid}/environ", _BYTES_MAX)
