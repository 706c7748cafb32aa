"""A command that lasts has what it keeps in memory in huge pages, where the system gives them to whoever asks.

A scheduler, or the console, rests, and then touches much of its memory at once. The processor needs a translation
for each page of it, and of a virtual machine's pages it looks that up in two tables, which after a rest are in none
of its caches. With pages of 2 MiB in place of 4 KiB a start of many jobs, a herd, or a view in a browser takes
little more than half as long there.

It is the C library that can ask for them, for its own heap and since version 2.35 (`glibc.malloc.hugetlb`, The GNU C
Library, "Memory Allocation Tunables"). Python has its small objects there if `PYTHONMALLOC` says so: its own pieces
of 1 MiB hold no huge page. Both are read when a process begins. So the command begins once more, as the same process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

PYTHON_MEMORY: Final = "PYTHONMALLOC"
OF_THE_C_LIBRARY: Final = "malloc"
TUNABLES: Final = "GLIBC_TUNABLES"
ASKED: Final = ("glibc.malloc.hugetlb=1", "glibc.malloc.arena_max=1")
"""Huge pages; and one heap for all threads, of which Python lets one at a time allocate: several would hold more."""
_GLIBC_MIN: Final = (2, 35)
_POLICY: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_FOR_WHO_ASKS: Final = "[madvise]"


def begin_with_huge_pages(environ: Mapping[str, str]) -> None:
    """Begin this command once more, with huge pages; returns if it has them, or nothing is to be gained.

    What asks for them is meant for this process alone, and no longer in its environment afterwards. Whoever has
    decided on Python's memory otherwise is obeyed.

    Args:
        environ: the environment with which this process was started.
    """
    if is_asked_for(environ):
        take_away(os.environ)
    elif PYTHON_MEMORY not in environ and not sys.flags.ignore_environment and are_for_who_asks():
        try:
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], asking(environ))  # noqa: S606
        except OSError:  # it goes on as it is
            return


def is_asked_for(environ: Mapping[str, str]) -> bool:
    """Whether a process that has this environment asks for huge pages."""
    return environ.get(PYTHON_MEMORY) == OF_THE_C_LIBRARY and set(ASKED) <= set(_tunables(environ))


def asking(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, and what asks for huge pages."""
    tunables = ":".join((*_tunables(environ), *ASKED))
    return {**environ, PYTHON_MEMORY: OF_THE_C_LIBRARY, TUNABLES: tunables}


def take_away(environ: MutableMapping[str, str]) -> None:
    """Take what asks for huge pages from an environment that has it."""
    others = [one for one in _tunables(environ) if one not in ASKED]
    del environ[PYTHON_MEMORY], environ[TUNABLES]
    if others:
        environ[TUNABLES] = ":".join(others)


def _tunables(environ: Mapping[str, str]) -> list[str]:
    return [one for one in environ.get(TUNABLES, "").split(":") if one]


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
