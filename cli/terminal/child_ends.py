"""Threads beside the work that the ends of its processes do not wake.

While a thread starts a process, the C library holds all signals back from it. If another process ends meanwhile, the
kernel hands the `SIGCHLD` to any other thread that would take it, and has to wake that for nothing: once for nearly
every process of a herd, which took a twentieth of it. A thread that holds `SIGCHLD` back itself is left alone.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def child_ends_unheard() -> Iterator[None]:
    """Hold `SIGCHLD` back from the calling thread.

    What it waits for by number (`waitpid`) it hears of nonetheless. A process that is started meanwhile would have
    the signal held back too, so none is.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
