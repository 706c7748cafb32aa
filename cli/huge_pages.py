"""A command that lasts has what it keeps in memory in huge pages, where the system gives them to whoever asks.

A scheduler, or the console, rests, and then touches much of its memory at once. The processor needs a translation
for each page of it, and of a virtual machine's pages it looks that up in two tables, which after a rest are in none
of its caches. With pages of 2 MiB in place of 4 KiB a start of many jobs, a herd, or a view in a browser takes a
fifth to four fifths of the time there.

It is the C library that can ask for them, for its own heap and since version 2.35 (`glibc.malloc.hugetlb`, The GNU C
Library, "Memory Allocation Tunables"). Python has its small objects there if `PYTHONMALLOC` says so: its own pieces
of 1 MiB hold no huge page. Both are read when a process begins. So the command begins once more, as the same process.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ASKING: Final = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1",
}
"""What asks: for Python's objects in the C library's heap, huge pages, and one heap: several would hold more."""
AGAIN: Final = "CRONLEDGER_BEGUN_AGAIN"
"""The variable that says to a process that it has begun before: its number, and its name then."""
_GLIBC_MIN: Final = (2, 35)
_POLICY: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_FOR_WHO_ASKS: Final = "[madvise]"
_NAME: Final = Path("/proc/self/comm")
_PROGRAM: Final = Path("/proc/self/exe")
_FREE_THREADED: Final = "t"


def begin_with_huge_pages(environ: Mapping[str, str]) -> None:
    """Begin this command once more, with huge pages; returns if it has begun so, or nothing is to be gained.

    What asks for them is meant for this process alone: it is taken from `os.environ` afterwards. Whoever has decided
    anything about memory is obeyed.

    Args:
        environ: the environment with which this process was started.
    """
    pid, _, name = environ.get(AGAIN, "").partition(" ")
    if pid == str(os.getpid()):
        for variable in (*ASKING, AGAIN):
            os.environ.pop(variable, None)  # the C library takes its own away where a program has more rights
        with contextlib.suppress(OSError):
            _NAME.write_text(name, encoding="utf-8")
    elif ASKING.keys().isdisjoint(environ) and _takes_it_from_there() and are_for_who_asks():
        with contextlib.suppress(OSError, ValueError):  # what cannot begin once more goes on as it is
            again = f"{os.getpid()} {_NAME.read_text(encoding='utf-8').rstrip()}"
            if os.path.samefile(sys.executable or "", _PROGRAM):
                arguments = [sys.executable, *sys.orig_argv[1:]]
                os.execve(sys.executable, arguments, {**environ, **ASKING, AGAIN: again})  # noqa: S606


def _takes_it_from_there() -> bool:
    """Whether this Python has its objects where the environment says: not isolated, not in search of mistakes.

    One without its global lock has an allocator of its own, and refuses to begin with another.
    """
    flags = sys.flags
    return not (flags.ignore_environment or flags.dev_mode or _FREE_THREADED in sys.abiflags)


def are_for_who_asks(policy: Path = _POLICY) -> bool:
    """Whether the system gives huge pages to those who ask, and the C library can.

    Args:
        policy: the file in which the kernel says to whom it gives them (admin-guide/mm/transhuge).
    """
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
        return (
            name == "glibc"
            and tuple(map(int, version.split(".")[:2])) >= _GLIBC_MIN
            and _FOR_WHO_ASKS in policy.read_text(encoding="ascii")
        )
    except (OSError, ValueError):  # another C library, or a kernel without huge pages
        return False
