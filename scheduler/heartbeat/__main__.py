"""`python -m scheduler.heartbeat HOME`: pings while the scheduler that started it is healthy.

It ends when that process is gone. Exit codes: 0 done; 78 the config names no address to ping.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

from scheduler.heartbeat.pinger import Pinger
from scheduler.home import Home
from scheduler.scheduler_lock import started_by

NO_ADDRESS: Final = 78
_LOOK_S: Final = 1.0


def main(arguments: list[str]) -> int:
    """Ping until whoever started this is gone; the exit code."""
    parent, pinger = started_by(), Pinger(Home(Path(arguments[0])))
    while os.getppid() == parent:
        if not pinger.turn(time.monotonic()):
            return NO_ADDRESS
        time.sleep(_LOOK_S)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
