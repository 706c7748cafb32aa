"""`python -m scheduler.evidence HOME`: signs the ledger, and has its checkpoints anchored, while a scheduler serves.

`cronledger serve` starts this process if the ledger has a key. It ends when no scheduler serves the home any more, or
when the one that started it is gone, and signs what there is before. SIGTERM has it look for that at once: a service
manager sends it to all processes, and the scheduler's last entry is still to come then. If it is killed, the next one
goes on from what was signed. Exit codes: 0 done; 1 the ledger cannot be read or written; 78 it has no key.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from eventstore.errors import LedgerError, Poisoned, Unavailable
from scheduler.evidence.follower import Follower
from scheduler.evidence.keys.errors import NoLedgerKey
from scheduler.home import Home
from scheduler.scheduler_lock import LastTurn

NO_KEY: Final = 78
_LOOK_S: Final = 1.0
_LOOK_AT_STOP_S: Final = 0.2
_LOOKS_PER_DELIVERY: Final = 30
"""After so many looks anchors are tried again."""
_DELIVERY_S: Final = 20.0
"""So long is a last delivery waited for at the end."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def main(arguments: list[str]) -> int:
    """Sign until no scheduler serves the home; the exit code."""
    # A handler, and no mask: commands that sign or anchor would inherit that.
    stopping = threading.Event()
    for number in _SIGNALS:
        signal.signal(number, lambda *_: stopping.set())
    home = Home(Path(arguments[0]))
    try:
        return _serve(home, Follower(home), stopping)
    except NoLedgerKey:
        return NO_KEY
    except (LedgerError, OSError) as problem:
        print(f"evidence: {problem}", file=sys.stderr)
        return 1


def _serve(home: Home, follower: Follower, stopping: threading.Event) -> int:
    delivery = _Delivery(follower)
    looks, last_turn = 0, LastTurn(home.scheduler_lock)
    while True:
        if stopping.wait(_LOOK_S):
            time.sleep(_LOOK_AT_STOP_S)
        looks += 1
        last = last_turn.has_come(stopping=stopping.is_set())
        try:
            signed = follower.turn(last=last)
        except Poisoned:
            raise
        except Unavailable as problem:
            print(f"evidence: {problem}; trying again", file=sys.stderr)
            signed = False
        if last:
            delivery.finish()
            return 0
        if signed or looks % _LOOKS_PER_DELIVERY == 1:
            delivery.begin()


class _Delivery:
    """Deliveries, one at a time, in a thread of its own: whoever is slow to take one holds up no signature."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin one, unless one is going on."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._follower.deliver, name="delivery", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Let the one that is going on come to its end, and make a last one; both together get a time."""
        give_up_s = time.monotonic() + _DELIVERY_S
        for _ in range(2):
            if self._thread is not None:
                self._thread.join(max(0.0, give_up_s - time.monotonic()))
            self.begin()
        if self._thread is not None:
            self._thread.join(max(0.0, give_up_s - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
