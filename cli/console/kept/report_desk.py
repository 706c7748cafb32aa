"""Where reports are made: one at a time, outside of everybody's way, and not for somebody who has left."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool

from cli.app.failures import Failure

if TYPE_CHECKING:
    from starlette.requests import Request

    from projections.audit.report import Report

LIMIT_S: Final = 60.0
"""So long a report may take here."""
_LOOKED_S: Final = 0.25

ReportKey = tuple[object, ...]
OnProgress = Callable[[int, int], None]


class _Stopped(Exception):
    """Whoever asked has left."""


class ReportDesk:
    """Makes reports, and remembers the last one: who reads it downloads it next."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._last: tuple[ReportKey, Report] | None = None

    async def report(
        self, request: Request, key: ReportKey, make: Callable[[OnProgress], Report], command: str
    ) -> Report | None:
        """A report.

        Args:
            request: who asks; if they leave, it is not made to its end, and there is none.
            key: what it is made from; two with the same key are the same.
            make: makes it, and tells now and then how many entries were taken in, and how many there are.
            command: makes the same, however long that takes.

        Raises:
            Failure: another one is being made, or this one takes too long.
        """
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        if not self._lock.acquire(blocking=False):
            raise Failure(
                "another report is being made at this moment", "Try again in a minute, or run: " + command
            )
        left = threading.Event()
        making = asyncio.ensure_future(run_in_threadpool(self._made, key, make, left, command))
        try:
            while not making.done():
                await asyncio.wait({making}, timeout=_LOOKED_S)
                if not making.done() and await request.is_disconnected():
                    left.set()
        finally:
            # Also when the console itself stops and gives this request up.
            left.set()
        return making.result()

    def _made(
        self, key: ReportKey, make: Callable[[OnProgress], Report], left: threading.Event, command: str
    ) -> Report | None:
        end_s = time.monotonic() + self._limit_s

        def told(done: int, total: int) -> None:
            if left.is_set():
                raise _Stopped
            if time.monotonic() > end_s:
                raise Failure(
                    f"the report takes longer than {self._limit_s:.0f} s, which is as long as a page may take: "
                    f"{done:,} of {total:,} entries are read",
                    "Choose a later beginning, or run: " + command,
                )

        try:
            report = make(told)
            self._last = key, report
        except _Stopped:
            return None
        finally:
            self._lock.release()
        return report
