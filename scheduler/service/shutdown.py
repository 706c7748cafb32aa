"""How a scheduler stops in an orderly way: what becomes of its runs, and how long each part of that may take."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from eventstore.errors import Unavailable
from scheduler.clock import Clock
from scheduler.definition import Shutdown
from scheduler.service.announcements import Announcement, CannotLeave, Killing, Leaving, Stopping
from scheduler.service.execution import LOOK_S
from scheduler.service.supervisor import Supervisor


class StoppedRuns(NamedTuple):
    """What became of the runs: how many were stopped, and how many go on."""

    stopped: int
    left: int


class StoppableLoop(Protocol):
    """The loop of a scheduler, as far as a stop needs it."""

    @property
    def unfinished(self) -> int:
        """How many runs it watches or has still to record as finished."""
        ...

    def begin_stop(self) -> None:
        """Start nothing more; running runs go on."""
        ...


class OrderlyStop:
    """Ends the runs of a scheduler that stops, or leaves them going.

    Args:
        scheduler: its loop, which starts nothing more from now on.
        supervisor: watches its runs; clock: where the time comes from.
        shutdown: what is to become of them. Those that are being stopped already are waited for in any case: half a
            stop is left to nobody.
        grace_s: with `stop`, how long they are waited for before that.
        patience_s: how long after that a stop may take.
        turn_and_wait: one turn of the loop, then waits for at most so many seconds; the signals that came.
        announce: given what a person at the terminal should know.
    """

    def __init__(
        self,
        scheduler: StoppableLoop,
        supervisor: Supervisor,
        clock: Clock,
        shutdown: Shutdown,
        *,
        grace_s: float,
        patience_s: float,
        turn_and_wait: Callable[[float], Sequence[int]],
        announce: Callable[[Announcement], None],
    ) -> None:
        self._scheduler, self._supervisor, self._clock = scheduler, supervisor, clock
        self._patience_s, self._turn_and_wait, self._announce = patience_s, turn_and_wait, announce
        self._shutdown = shutdown
        if shutdown == "leave" and not can_leave():
            self._shutdown = "stop"
            self._announce(CannotLeave())
        self._grace_ends_s = self._now_s() + (grace_s if self._shutdown == "stop" else 0.0)
        self._stopped: int | None = None

    def run(self, *, hurried: bool) -> StoppedRuns:
        """Come to an end with the runs; a further signal hurries.

        Args:
            hurried: a further signal has come already.

        Raises:
            Unavailable: some processes cannot be killed, or results cannot be recorded.
            Poisoned, Corrupt: the ledger is not to be relied on.
        """
        self._scheduler.begin_stop()
        if self._shutdown == "leave":
            self._turn_and_wait(0.0)  # what has ended by now is not left as if it were going
        self._say()
        while self._awaited:
            signals = self._turn_and_wait(self._wait_s())
            hurried = hurried or signal.SIGINT in signals or signal.SIGTERM in signals
            self._act(hurried)
            hurried = False
        return StoppedRuns(self._stopped or 0, self._supervisor.undisturbed)

    def _now_s(self) -> float:
        return self._clock.read().monotonic_s

    @property
    def _awaited(self) -> int:
        """How many runs have to end, or to be recorded as ended, before the scheduler may."""
        left = self._supervisor.undisturbed if self._shutdown == "leave" else 0
        return self._scheduler.unfinished - left

    def _say(self) -> None:
        if self._shutdown == "leave" and self._supervisor.undisturbed:
            self._announce(Leaving(self._supervisor.undisturbed))
        if self._awaited:
            self._announce(Stopping(self._awaited, self._shutdown == "wait"))

    def _wait_s(self) -> float:
        if self._stopped is not None or self._shutdown == "leave":
            return LOOK_S
        return max(0.0, min(LOOK_S, self._grace_ends_s - self._now_s()))

    def _act(self, hurried: bool) -> None:
        """Stop what has had its grace, kill what a person will not wait for, give up in the end."""
        if hurried:
            self._grace_ends_s = min(self._grace_ends_s, self._now_s())
        elif self._shutdown == "wait" and self._stopped is None and self._supervisor.runs():
            self._grace_ends_s = self._now_s() + LOOK_S
        left_s = self._grace_ends_s - self._now_s()
        if self._shutdown != "leave" and self._stopped is None and left_s <= 0:
            self._stopped = self._supervisor.stop_all("stopped with the scheduler", self._clock.read())
        if hurried:
            self._announce(Killing())
            self._supervisor.hurry(self._clock.read())
        if left_s < -self._patience_s:
            why = (
                "some processes cannot be killed" if self._supervisor.runs() else "results cannot be recorded"
            )
            raise Unavailable(f"gave up on stopping: {why}; the next scheduler looks after them")


def can_leave() -> bool:
    """Whether processes that this one has started may outlive it: with number 1 the kernel ends all others."""
    return os.getpid() != 1
