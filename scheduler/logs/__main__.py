"""`python -m scheduler.logs HOME`: collects log entries while a scheduler serves the home or runs are running.

`cronledger serve` starts this process. If the scheduler is killed, it works on as long as a run is running. If it
is killed itself, nothing is lost: the next collector resumes where this one was. Exit codes: 0 done; 1 something
could not be read or written; 75 another collector is at work.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from eventstore.errors import LedgerError
from eventstore.head import last_append_ns
from scheduler.builtin.protected_paths import output_in_use
from scheduler.home import Home
from scheduler.logs.collection.collector import Collector, CollectorRunning
from scheduler.logs.collection.compression import compress_entries, compress_outputs
from scheduler.logs.collection.output_watch import LOOK_S, OutputWatch
from scheduler.scheduler_lock import holder_of, started_by
from scheduler.waiting import Waiter

BUSY: Final = 75
_IDLE_S: Final = 2.0
"""How often the collector checks whether a scheduler serves the home or a run is running."""
_COMPRESS_S: Final = 3_600.0
_PAUSE_S: Final = 5.0
"""How long the collector waits after an error, such as a full disk."""
_SETTLE_S: Final = 0.2
"""A batch waits until nothing was appended for this long, so that collecting does not slow down starting runs."""
_SETTLE_S_MAX: Final = 3.0
"""A batch waits at most this long, even if entries are appended all the time."""


def main(arguments: list[str]) -> int:
    """Collect until no scheduler serves the home and no run is running, or until a signal; the exit code."""
    _yield_to_all()
    home = Home(Path(arguments[0]))
    waiter = Waiter(home.ledger, (signal.SIGTERM, signal.SIGINT))
    try:
        return _collect(home, waiter)
    except CollectorRunning:
        return BUSY
    except LedgerError as problem:
        print(f"logs: {problem}", file=sys.stderr)
        return 1
    finally:
        waiter.close()


def _yield_to_all() -> None:
    """Work only when other processes are idle: the collector holds no lock that they could wait for."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _collect(home: Home, waiter: Waiter) -> int:
    stopping = False
    while True:
        collector = Collector(home)
        watch = OutputWatch(waiter.selector)
        try:
            return _serve(home, waiter, collector, watch)
        except OSError as problem:
            print(f"logs: {problem}; trying again", file=sys.stderr)
            stopping = bool(waiter.wait(0.0))
        finally:
            watch.close()
            collector.close()
        give_up_s = time.monotonic() + _PAUSE_S
        while not stopping and (left_s := give_up_s - time.monotonic()) > 0:
            stopping = bool(waiter.wait(left_s))
        if stopping or holder_of(home.scheduler_lock) is None:
            return 1


def _serve(home: Home, waiter: Waiter, collector: Collector, watch: OutputWatch) -> int:
    compress_at_s = time.monotonic()
    stopping, starter = False, started_by()
    while True:
        if not stopping:
            _settle(home)
        watch.update(collector)
        more = collector.turn()
        # Runs that began in this turn must be watched before the next wait.
        watch.update(collector)
        if more or collector.dirty:
            stopping = bool(waiter.wait(0.0)) or stopping
            continue
        if not collector.pending and (stopping or _is_over(home, collector, starter)):
            return 0
        if time.monotonic() >= compress_at_s:
            _compress(home, collector)
            compress_at_s = time.monotonic() + _COMPRESS_S
        soon = collector.pending or (collector.live and not watch.works)
        signals = waiter.wait(LOOK_S if soon else _IDLE_S)
        stopping = stopping or bool(signals)
        if stopping:
            collector.look_at_all()


def _is_over(home: Home, collector: Collector, starter: int) -> bool:
    """Whether nobody needs this process: no scheduler serves and nothing runs, or the next one has its own."""
    if collector.live and os.getppid() == starter:
        return False
    is_served = holder_of(home.scheduler_lock) is not None
    return not collector.live if not is_served else os.getppid() != starter


def _settle(home: Home) -> None:
    """Wait until nothing has been appended for a moment."""
    give_up_s = time.monotonic() + _SETTLE_S_MAX
    before: int | None = -1
    now = last_append_ns(home.ledger)
    while before != now and time.monotonic() < give_up_s:
        time.sleep(_SETTLE_S)
        before, now = now, last_append_ns(home.ledger)


def _compress(home: Home, collector: Collector) -> None:
    now = datetime.now(UTC)
    for _ in compress_entries(collector.folder, collector.position, now):
        collector.turn()
    in_use = output_in_use(collector.ledger_id)
    for _ in compress_outputs(
        home.logs / "output", lambda folder, name: in_use(folder, name) or collector.follows(name), now
    ):
        collector.turn()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
