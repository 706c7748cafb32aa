"""The program that sends traces, log records and figures while a scheduler serves.

`cronledger serve` starts this process if the config names a receiver. It ends when no scheduler serves the home any
more, or when the one that started it is gone, and sends first what there is. Where several nodes share the ledger it
ends when another node leads. If it is killed, the next one goes on from what is kept. Exit codes: 0 done; 1 the
ledger cannot be read; 75 another one is at work; 78 the config names no receiver, or the extra is not installed.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from eventstore.durable import REAL, create_folders
from eventstore.errors import LedgerError
from eventstore.lock import LOCK_NAME, FileLock
from scheduler.configuration.remarks.missing_telemetry import is_installed
from scheduler.home import Home
from scheduler.metrics.counting import Counting, Derive
from scheduler.scheduler_lock import LastTurn
from scheduler.telemetry.follower import Follower
from scheduler.telemetry.metrics_reporter import MetricsReporter

BUSY: Final = 75
NO_RECEIVER: Final = 78
LOOK_S: Final = 1.0
_LOOK_AT_STOP_S: Final = 0.2


def main(arguments: list[str], derive: Derive) -> int:
    """Send until no scheduler serves the home; the exit code.

    Args:
        arguments: the home.
        derive: counts a long history.
    """
    if not is_installed():
        return NO_RECEIVER
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    home = Home(Path(arguments[0]))
    try:
        create_folders(REAL, home.telemetry)
        lock = FileLock(home.telemetry / LOCK_NAME)
        try:
            return _serve(home, derive, stopping) if lock.try_take() else BUSY
        finally:
            lock.close()
    except (LedgerError, OSError) as problem:
        print(f"telemetry: {problem}", file=sys.stderr)
        return 1


def _serve(home: Home, derive: Derive, stopping: threading.Event) -> int:
    from scheduler.telemetry.otlp_sender import OtlpSender  # what the extra brings

    last_turn, sender = LastTurn(home.scheduler_lock), OtlpSender(home)
    follower = Follower(home, sender, time.monotonic)
    reporter = MetricsReporter(home, sender, Counting(home, derive), time.monotonic)
    try:
        while True:
            if not sender.follow_config():
                return NO_RECEIVER
            is_last = last_turn.has_come(stopping=stopping.is_set())
            # The last turn comes after the scheduler's last entry, and sends all there is, up to the first problem.
            while follower.turn() and (is_last or not stopping.is_set()):
                pass
            if not follower.is_deposed:
                reporter.turn(sender.metrics_interval_s, is_last=is_last)
            if is_last or follower.is_deposed:
                return 0
            if stopping.is_set():
                time.sleep(_LOOK_AT_STOP_S)
            else:
                stopping.wait(LOOK_S)
    finally:
        follower.close()
        reporter.close()
