"""Ctrl-C stops a query at once, and so does its time limit.

While the engine works, Python handles a signal only when the main thread returns from the engine, which may take a
minute. But Python writes the number of a signal into a pipe as soon as it arrives. A thread reads this pipe and
interrupts the engine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

_AGAIN_S = 0.1


class Stoppable(Protocol):
    """Something that can be stopped from another thread."""

    def interrupt(self) -> None:
        """Stop the running work, if any."""


@contextmanager
def stopped_by_ctrl_c(engine: Stoppable) -> Iterator[None]:
    """Within this context, SIGINT interrupts the engine, and then raises KeyboardInterrupt as usual.

    Raises:
        KeyboardInterrupt: SIGINT came.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(writing, False)
    thread = threading.Thread(target=_listen, args=(reading, engine), daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)
        thread.join()
        os.close(reading)


@contextmanager
def within(engine: Stoppable, limit_s: float | None) -> Iterator[None]:
    """Within this, the engine is interrupted once the time is over; None: it may take for ever.

    Raises:
        TimeIsOver: it was; nothing else that is raised is touched.
    """
    if limit_s is None:
        yield
        return
    left, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=_watch_time, args=(engine, limit_s, left, over), daemon=True)
    thread.start()
    try:
        yield
    except Exception as problem:
        if over.is_set() and "interrupted" in str(problem).lower():  # so the engine says that it was
            raise TimeIsOver from None
        raise
    finally:
        left.set()
        thread.join()


class TimeIsOver(Exception):
    """A query took longer than it may."""


def _watch_time(engine: Stoppable, limit_s: float, left: threading.Event, over: threading.Event) -> None:
    if left.wait(limit_s):
        return
    over.set()
    engine.interrupt()
    while not left.wait(_AGAIN_S):  # what is interrupted while nothing runs goes on
        engine.interrupt()


def _listen(reading: int, engine: Stoppable) -> None:
    # If the pipe cannot be read, Ctrl-C is heard when the engine comes up for air.
    with contextlib.suppress(OSError):
        while numbers := os.read(reading, 64):
            if signal.SIGINT in numbers:
                engine.interrupt()
