"""Limits of the system for the process that sets them, and an unprivileged user for whom all of them hold."""

from __future__ import annotations

import ctypes
import os
import resource
from typing import Final

_KEEP_CAPABILITIES: Final = 8  # PR_SET_KEEPCAPS
_SET_DUMPABLE: Final = 4  # PR_SET_DUMPABLE
_READ_AND_WRITE: Final = 0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_VERSION_3: Final = 0x20080522


def become(uid: int) -> None:
    """Become a user whom limits bind, but who may still read where Python stands, which may be root's alone.

    What this process starts by exec has no privileges at all.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(_READ_AND_WRITE, _READ_AND_WRITE, 0, 0, 0, 0)
    if libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")
    libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)


def descriptors_left(count: int) -> int:
    """The limit of open files at which so many more can be opened."""
    taken = {int(name) for name in os.listdir("/proc/self/fd")}
    limit = 0
    while count or limit <= 2:
        count -= limit not in taken and count > 0
        limit += 1
    return limit


def lower(kind: int, limit: int) -> None:
    """Set a limit, which `lift` can lift."""
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (limit if most < 0 else min(limit, most), most))


def lift(kind: int) -> None:
    """Set a limit as high as it goes."""
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, most))
