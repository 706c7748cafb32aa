"""A turn of the loop in which one thing changed, with ten thousand jobs and as many waiting runs, and with a hundred.

The loop is the real one, on a ledger in memory and with processes that are only numbers: what is measured is what
the scheduler itself does in a turn, looking, deciding, folding and preparing, without disk and kernel. One of the
runs has ended, so that its end is recorded and one that waits starts.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from eventstore.memory import MemoryStore
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import Expect, JobDefinition, SchedulerSettings
from scheduler.entry_members import Survivor
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.processes.output.output import OutputDigest
from scheduler.processes.spawner import Exit, Launch, Launched, LaunchFailed, Orphan
from scheduler.rules.reconcile import reconcile
from scheduler.rules.state import Executor, State
from scheduler.service.launcher import Launcher
from scheduler.service.loop import Scheduler
from scheduler.service.supervisor import Supervisor

RATIO_MAX = 1.2
FEW = 100
PARALLEL = 8
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STEP_S = 0.001


class Kind(TypedDict, total=False):
    """How the jobs of a loop are; see there."""

    locks: int
    expects: bool


EXPECTED = Expect(start_within_ms=3_600_000, finish_within_ms=7_200_000, success_every_ms=86_400_000)
KINDS: Mapping[str, Kind] = {
    "": {},
    ", for one of ten locks too": {"locks": 10},
    ", for one of a thousand locks too": {"locks": 1_000},
    ", with three expectations each": {"expects": True},
}


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def read(self) -> Reading:
        """The same moment until it is moved."""
        return Reading(BEGIN + timedelta(seconds=self.passed_s), self.passed_s, self.passed_s)


class Numbers:
    """`Spawner` of processes that are only numbers, and end when they are told to."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.running: dict[tuple[int, int], None] = {}
        self._ended: list[Exit] = []

    def end_oldest(self) -> None:
        """The process ends that started first."""
        run, attempt = next(iter(self.running))
        del self.running[run, attempt]
        self._ended.append(Exit(run, attempt, 0, None, 1, 1_000_000))

    def secret_sha256(self, run: int, attempt: int) -> str | None:
        """None: a number has no environment."""
        del run, attempt
        return None

    def launch(self, launches: Sequence[Launch]) -> list[Launched | LaunchFailed]:
        """They run."""
        self.running |= dict.fromkeys(launch.key for launch in launches)
        return [Launched(1, self._clock.passed_s) for _ in launches]

    def adopt(self, wanted: Sequence[Orphan]) -> dict[int, float | None]:
        """None is left of an earlier scheduler."""
        del wanted
        return {}

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Nothing is on file."""

    def exits(self) -> list[Exit]:
        """Those that were told to end."""
        ended, self._ended = self._ended, []
        return ended

    def terminate(self, run: int, attempt: int) -> None:
        """Nobody asks."""

    def kill(self, run: int, attempt: int) -> None:
        """Nobody asks."""

    def alive(self, run: int, attempt: int, orphan: Orphan | None = None) -> bool:
        """Whether it runs."""
        del orphan
        return (run, attempt) in self.running

    def survivors(self, run: int, attempt: int) -> list[Survivor]:
        """None withstands."""
        del run, attempt
        return []


class NoOutput(OutputDigest):
    """What a number printed: nothing."""

    def advance(self, budget_bytes: int = 0) -> bool:
        """All is known."""
        del budget_bytes
        return True


class Loop:
    """The loop of a scheduler with so many jobs, each with a run that a person asked for: all but a few wait.

    Args:
        count: of the jobs.
        locks: each job has one of so many locks; 0: none has one.
        expects: of each job it is expected that it starts, ends and succeeds in time.
    """

    def __init__(self, count: int, *, locks: int = 0, expects: bool = False) -> None:
        self._clock = HandClock()
        self.numbers = Numbers(self._clock)
        self._jobs = {
            name: JobDefinition(
                name=name,
                command=["true"],
                schedule=f"{position % 60} {position // 60 % 24} * * *",
                locks=(f"lock-{position % locks}",) if locks else (),
                expect=EXPECTED if expects else None,
            )
            for position, name in enumerate(f"job-{each:05d}" for each in range(count))
        }
        ledger = Ledger(MemoryStore(clock=lambda: self._clock.read().wall))
        self.scheduler = Scheduler(
            ledger,
            self._clock,
            Supervisor(self.numbers, NoOutput, lambda running: None),
            Launcher(Home(Path("/nonexistent/home")), {}),
            Executor("here", "boot", 1, 1),
            SchedulerSettings(max_parallel=PARALLEL),
            lambda executor: True,
        )
        self.scheduler.start(self._opening)
        asked = v.RunRequested(executor="scheduler")
        ledger.decide(
            lambda state: [v.event(asked, "user:ann@here", job=name, run=-1) for name in self._jobs]
        )
        self.scheduler.turn()
        self.scheduler.turn()

    def _opening(self, state: State, now: datetime) -> list[Event]:
        started = v.SchedulerStarted(pid=1, host="here", boot_id="boot", versions={}, boottime_ms=0)
        return [v.event(started, v.SCHEDULER), *reconcile(state, self._jobs, "config", now)]

    def turn(self) -> float:
        """One run ends, and a turn is made; the processor time that it took, in seconds."""
        self._clock.passed_s += STEP_S
        self.numbers.end_oldest()
        begun_s = time.process_time()
        self.scheduler.turn()
        return time.process_time() - begun_s


def run(bench: Bench) -> list[Line]:
    """Measure turns of both by turns."""
    many = bench.of(200, 10_000, 10_000)
    lines = []
    for how, kind in KINDS.items():
        few_loop, many_loop = Loop(FEW, **kind), Loop(many, **kind)
        gc.collect()
        gc.freeze()  # as the scheduler itself does
        try:
            pairs = [(few_loop.turn(), many_loop.turn()) for _ in range(FEW - 2 * PARALLEL)]
        finally:
            gc.unfreeze()
        few_us, many_us = (median(figures) * 1e6 for figures in zip(*pairs, strict=True))
        what = f"a turn in which a run ends and another starts, {many:,} jobs and {many:,} runs that wait"
        lines.append(
            Line(
                what + how,
                f"{number(many_us)} µs",
                f"{FEW} and {FEW} {number(few_us)} µs",
                many_us / few_us,
                f"≤ {RATIO_MAX} times it",
                many_us / few_us <= RATIO_MAX,
            )
        )
    return lines
