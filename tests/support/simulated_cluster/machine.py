"""A machine of the simulation: its clocks, and the processes of runs, which outlive whoever started them.

Every start of a process is noted outside of the ledger, so that the ledger can be held against what really happened.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Sequence
from datetime import timedelta

import msgspec

from scheduler.clock import Reading
from scheduler.entry_members import Survivor
from scheduler.processes.spawner import Exit, Launch, Launched, LaunchFailed, Orphan
from scheduler.rules.state import Executor
from tests.support.simulated_server import BEGIN, Timeline

UP_S = 1_000.0
"""For so long a machine has been up when the simulation begins."""
ENDLESS_S = 1e6
QUICK = (0.5, 0)
"""A process that does what it should, and soon."""


class MachineClock:
    """The clocks of a machine: the wall clock shows what somebody set, the others only pass.

    Attributes:
        wrong_s: by how much the wall clock is ahead of what it should show.
        booted_s: when it booted, by the timeline.
    """

    def __init__(self, timeline: Timeline, wrong_s: float) -> None:
        self._timeline, self.wrong_s, self.booted_s = timeline, wrong_s, -UP_S

    def read(self) -> Reading:
        """The readings now."""
        up_s = self._timeline.now_s - self.booted_s
        return Reading(BEGIN + timedelta(seconds=self._timeline.now_s + self.wrong_s), up_s, up_s)


class JobProcess(msgspec.Struct, kw_only=True):
    """A process of a run, as it really was; times by the timeline, in seconds.

    Attributes:
        node: on which machine; client: the process that started it.
        run, attempt: which attempt it makes.
        asked_s: when it was to be started, with others perhaps; began_s: when it was.
        renewed_s: when the node had last told the database that it is there, as far as it knew.
        ends_s: when it ends, or ended; exit_code: with what, None where a signal ended it.
    """

    node: str
    client: str
    run: int
    attempt: int
    asked_s: float
    began_s: float
    renewed_s: float
    ends_s: float
    exit_code: int | None

    @property
    def key(self) -> tuple[int, int]:
        """Run and attempt."""
        return self.run, self.attempt


class Machine:
    """A machine.

    Attributes:
        name: of the machine and of its node.
        boots: how many times it was booted since.
        running: the processes of runs that have not been seen to end.
        started: every process of a run that was ever started here, in order.
        serving: the executors that are alive.
        always: for how long every new process runs, and its exit code; None: that varies.
    """

    def __init__(self, name: str, timeline: Timeline, rng: random.Random, wrong_s: float) -> None:
        self.name, self.timeline, self.clock = name, timeline, MachineClock(timeline, wrong_s)
        self._rng = rng
        self.boots, self._pids = 0, 100
        self.running: dict[tuple[int, int], JobProcess] = {}
        self.started: list[JobProcess] = []
        self.serving: set[Executor] = set()
        self.always: tuple[float, int] | None = None

    def executor(self) -> Executor:
        """A new process that watches runs."""
        self._pids += 1
        executor = Executor(self.name, self.boot_id, self._pids, 1)
        self.serving.add(executor)
        return executor

    @property
    def boot_id(self) -> str:
        """Which boot this is."""
        return f"{self.name}-boot-{self.boots}"

    def reboot(self) -> None:
        """Every process is gone."""
        self.boots += 1
        self.clock.booted_s = self.timeline.now_s
        for process in self.running.values():
            process.ends_s, process.exit_code = min(process.ends_s, self.timeline.now_s), None
        self.running.clear()
        self.serving.clear()

    def bury(self) -> None:
        """Processes that ended while nobody watched leave nothing behind."""
        now_s = self.timeline.now_s
        self.running = {key: each for key, each in self.running.items() if each.ends_s > now_s}

    def next_end_s(self) -> float:
        """When the next process ends, by the timeline; far away if none does."""
        ends_s = (process.ends_s for process in self.running.values())
        return min((end_s for end_s in ends_s if end_s > self.timeline.now_s), default=ENDLESS_S)

    def outcome(self) -> tuple[float, int] | None:
        """For how long the next process runs, and its exit code; None: it cannot be started."""
        if self.always is not None:
            return self.always
        rng, kind = self._rng, self._rng.random()
        if kind < 0.03:
            return None
        return rng.choice((0.0, 0.3, 2.0, 8.0, 45.0) if kind < 0.9 else (200.0, 600.0)), rng.choice(
            (0, 0, 0, 1)
        )


class MachineSpawner:
    """`Spawner` of one process that serves on a machine.

    Args:
        machine: where the processes are.
        client: who starts them, for the record.
        renewed_s: when the node had last told the database that it is there, as far as it knows.
        before_start: called right before each process exists: there the process that starts it may be held up.
    """

    def __init__(
        self,
        machine: Machine,
        client: str,
        renewed_s: Callable[[], float],
        before_start: Callable[[], None],
    ) -> None:
        self._machine, self._client = machine, client
        self._renewed_s, self._before_start = renewed_s, before_start
        self._children: set[tuple[int, int]] = set()
        self._watched: dict[tuple[int, int], JobProcess] = {}

    def secret_sha256(self, run: int, attempt: int) -> str | None:
        """None: what is simulated has no environment."""
        del run, attempt
        return None

    def launch(self, launches: Sequence[Launch]) -> list[Launched | LaunchFailed]:
        """Start them, one after another."""
        asked_s, renewed_s = self._machine.timeline.now_s, self._renewed_s()
        return [self._launch(launch, asked_s, renewed_s) for launch in launches]

    def _launch(self, launch: Launch, asked_s: float, renewed_s: float) -> Launched | LaunchFailed:
        machine, timeline = self._machine, self._machine.timeline
        self._before_start()
        outcome = machine.outcome()
        if outcome is None:
            return LaunchFailed("no such program", 127)
        process = JobProcess(
            node=machine.name,
            client=self._client,
            run=launch.run,
            attempt=launch.attempt,
            asked_s=asked_s,
            began_s=timeline.now_s,
            renewed_s=renewed_s,
            ends_s=timeline.now_s + outcome[0],
            exit_code=outcome[1],
        )
        machine.started.append(process)
        machine.running[process.key] = self._watched[process.key] = process
        self._children.add(process.key)
        return Launched(len(machine.started), machine.clock.read().monotonic_s)

    def adopt(self, wanted: Sequence[Orphan]) -> dict[int, float | None]:
        """Those that are still there."""
        found: dict[int, float | None] = {}
        for orphan in wanted:
            process = self._machine.running.get(orphan.key)
            if process is not None and process.ends_s > self._machine.timeline.now_s:
                self._watched[orphan.key] = process
                found[orphan.run] = self._machine.timeline.now_s - process.began_s
        return found

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Nothing is on file."""

    def exits(self) -> list[Exit]:
        """Those whose time has come."""
        ended = [each for each in self._watched.values() if each.ends_s <= self._machine.timeline.now_s]
        for process in ended:
            del self._watched[process.key]
            self._machine.running.pop(process.key, None)
        return [self._exit(process) for process in ended]

    def _exit(self, process: JobProcess) -> Exit:
        if process.key not in self._children:
            return Exit(*process.key, None, None, 1, 1_024)
        return Exit(*process.key, process.exit_code, None if process.exit_code is not None else 15, 1, 1_024)

    def terminate(self, run: int, attempt: int) -> None:
        """It ends now."""
        process = self._machine.running.get((run, attempt))
        if process is not None and process.ends_s > self._machine.timeline.now_s:
            process.ends_s, process.exit_code = self._machine.timeline.now_s, None

    def kill(self, run: int, attempt: int) -> None:
        """It ends now."""
        self.terminate(run, attempt)

    def alive(self, run: int, attempt: int, orphan: Orphan | None = None) -> bool:
        """Whether it is still there."""
        del orphan
        process = self._machine.running.get((run, attempt))
        return process is not None and process.ends_s > self._machine.timeline.now_s

    def survivors(self, run: int, attempt: int) -> list[Survivor]:
        """None withstands."""
        del run, attempt
        return []
