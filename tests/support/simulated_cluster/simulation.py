"""Processes that take turns on one timeline, always in the same order for a seed.

Each process is a thread, but only one of them runs at a time, and only until it waits: for time to pass, for the
database to answer, for a process to start. So whatever others do in that moment falls exactly there, and a process
can be stopped, continued and killed wherever it waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.support.simulated_server import Timeline

NEVER_S = float("inf")
STACK_BYTES = 512 * 1024


class Killed(BaseException):
    """The process is gone; what it was doing stays as it is."""


class SimulatedProcess:
    """A process: its code is carried on by `Simulation`, from one wait to the next.

    Attributes:
        name: who this is.
        wakes_s: when it goes on, by the timeline.
        idle: whether it waits for whatever comes first, so that something may wake it earlier.
        stopped_until_s: it was stopped (SIGSTOP): its code does not go on before, whatever it waits for.
        ended: whether its code has come to its end.
        error: with what its code ended, if that was no end in order and it was not killed.
    """

    def __init__(self, name: str, timeline: Timeline, body: Callable[[SimulatedProcess], None]) -> None:
        self.name, self._timeline, self._body = name, timeline, body
        self.wakes_s = timeline.now_s
        self.stopped_until_s = 0.0
        self.idle = self.ended = self.killed = False
        self.error: BaseException | None = None
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def stopped(self) -> bool:
        """Whether it is stopped now."""
        return self.stopped_until_s > self._timeline.now_s

    @property
    def due_s(self) -> float:
        """When its code goes on."""
        return max(self.wakes_s, self.stopped_until_s)

    def start(self) -> None:
        """Have it ready; its code begins when its turn comes."""
        self._thread.start()

    def wait(self, seconds: float, *, idle: bool = False) -> None:
        """Called by its own code: let time pass.

        Raises:
            Killed: it was killed meanwhile.
        """
        self.check()
        self.wakes_s, self.idle = self._timeline.now_s + seconds, idle
        self._back.release()
        self._go.acquire()
        self.check()

    def check(self) -> None:
        """Called by its own code where it must not go on if it was killed.

        Raises:
            Killed: it was.
        """
        if self.killed:
            raise Killed

    def wake(self, after_s: float = 0.0) -> None:
        """Something happened for which it waits."""
        if self.idle:
            self.wakes_s = min(self.wakes_s, self._timeline.now_s + after_s)

    def carry_on(self) -> None:
        """Let its code go on until it waits again."""
        self._go.release()
        self._back.acquire()
        if self.ended:
            self._thread.join()

    def kill(self) -> None:
        """End it (SIGKILL), wherever it is."""
        self.killed = True
        while not self.ended:
            self.carry_on()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self.check()
            self._body(self)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - it is looked at by whoever runs the simulation
            self.error = error
        self.ended = True
        self._back.release()


class Simulation:
    """All processes and their time.

    Attributes:
        timeline: the time that passes.
        processes: those that have not ended, in the order in which they were started.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.processes: list[SimulatedProcess] = []

    @property
    def now_s(self) -> float:
        """Now, by the timeline."""
        return self.timeline.now_s

    def start(self, name: str, body: Callable[[SimulatedProcess], None]) -> SimulatedProcess:
        """Start a process."""
        process = SimulatedProcess(name, self.timeline, body)
        before = threading.stack_size(STACK_BYTES)
        try:
            process.start()
        finally:
            threading.stack_size(before)
        self.processes.append(process)
        return process

    def run(self, seconds: float) -> None:
        """Let time pass; every process goes on when its time comes."""
        end_s = self.now_s + seconds
        while True:
            chosen = min(self.processes, key=lambda each: each.due_s, default=None)
            if chosen is None or chosen.due_s > end_s:
                break
            self.timeline.now_s = max(self.now_s, chosen.due_s)
            chosen.carry_on()
            if chosen.ended:
                self.processes.remove(chosen)
        self.timeline.now_s = end_s

    def kill(self, process: SimulatedProcess) -> None:
        """End a process."""
        process.kill()
        if process in self.processes:
            self.processes.remove(process)

    def close(self) -> None:
        """End all of them."""
        for process in list(self.processes):
            self.kill(process)
