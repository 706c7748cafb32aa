"""`python -m scheduler.notifications HOME`: has people told what becomes of jobs, while a scheduler serves.

`cronledger serve` starts this process if the config has channels. It ends when no scheduler serves the home any more,
or when the one that started it is gone, and tells first what there is to tell. SIGTERM has it look for that at once.
Where several nodes share the ledger it ends, and tells nothing, when another node leads. If it is killed, the next
one goes on from what is kept and from the ledger. Exit codes: 0 done; 1 the ledger cannot
be read or written; 75 another one is at work; 78 the config has no channels.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from eventstore.durable import REAL, create_folders
from eventstore.errors import LedgerError
from eventstore.lock import LOCK_NAME, FileLock
from scheduler.home import Home
from scheduler.notifications.channels import open_channel
from scheduler.notifications.follower import LOOK_S, Follower
from scheduler.notifications.state_file import is_remembered
from scheduler.scheduler_lock import LastTurn

BUSY: Final = 75
NO_CHANNELS: Final = 78
_LOOK_AT_STOP_S: Final = 0.2
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def main(arguments: list[str]) -> int:
    """Have people told until no scheduler serves the home; the exit code."""
    stopping = threading.Event()
    for number in _SIGNALS:
        # A handler, and no mask: commands that tell people would inherit that.
        signal.signal(number, lambda *_: stopping.set())
    home = Home(Path(arguments[0]))
    try:
        is_first = not is_remembered(home.notifications)
        create_folders(REAL, home.notifications)
        lock = FileLock(home.notifications / LOCK_NAME)
        try:
            return _serve(home, stopping, is_first=is_first) if lock.try_take() else BUSY
        finally:
            lock.close()
    except (LedgerError, OSError) as problem:
        print(f"notifications: {problem}", file=sys.stderr)
        return 1


def _serve(home: Home, stopping: threading.Event, *, is_first: bool) -> int:
    last_turn = LastTurn(home.scheduler_lock)
    follower = Follower(
        home,
        lambda channel: open_channel(channel, home),
        lambda: datetime.now(UTC),
        time.monotonic,
        is_first=is_first,
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()
        follower.wake()

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        while True:
            follower.turn(0.0 if stopping.is_set() else LOOK_S)
            if follower.is_idle:
                return NO_CHANNELS
            if follower.is_deposed:
                return 0
            if stopping.is_set():
                time.sleep(_LOOK_AT_STOP_S)
            if last_turn.has_come(stopping=stopping.is_set()):
                follower.finish()
                return 0
    finally:
        follower.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
