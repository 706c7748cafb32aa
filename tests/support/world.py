"""A machine that is simulated: clock, processes, crashes, all driven by hand and reproducible from a seed."""

from __future__ import annotations

import heapq
import random
import signal
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from eventstore.memory import MemoryStore
from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import Entry, Event, LedgerFiles
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import RETRIED_OUTCOMES, After, JobDefinition, Retry, SchedulerSettings
from scheduler.entry_members import Survivor
from scheduler.home import Home
from scheduler.ledger.backfill_choice import choose
from scheduler.ledger.disposals import Disposals
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.past import Past
from scheduler.processes import OutputDigest
from scheduler.processes.spawner import Exit, Launch, Launched, LaunchFailed, Orphan
from scheduler.python_jobs.attempt_result import AttemptResult
from scheduler.rules.reconcile import CalendarDefinition, reconcile
from scheduler.rules.requests.backfill import backfilling, under_way
from scheduler.rules.requests.settlement import reopening, settling
from scheduler.rules.state import Executor, State
from scheduler.service.launcher import Launcher
from scheduler.service.loop import Scheduler
from scheduler.service.supervisor import Supervisor

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOME = Home(Path("/nonexistent/cronledger-simulation"))


class Crash(BaseException):
    """The scheduler's process is gone."""


class SimulatedClock:
    """Three clocks that move only when they are told to, and `true`, what the wall clock shows if nobody sets it."""

    def __init__(self, wall: datetime = BEGIN) -> None:
        self.wall, self.true, self.monotonic_s, self.boottime_s = wall, wall, 1_000.0, 1_000.0

    def read(self) -> Reading:
        """The readings now."""
        return Reading(self.wall, self.monotonic_s, self.boottime_s)

    def now(self) -> datetime:
        """The wall clock."""
        return self.wall

    def pass_(self, seconds: float) -> None:
        """Time passes."""
        self.wall += timedelta(seconds=seconds)
        self.true += timedelta(seconds=seconds)
        self.monotonic_s += seconds
        self.boottime_s += seconds

    def step(self, seconds: float) -> None:
        """Someone sets the wall clock."""
        self.wall += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        """The machine is suspended."""
        self.wall += timedelta(seconds=seconds)
        self.true += timedelta(seconds=seconds)
        self.boottime_s += seconds


class SimulatedFiles:
    """The files of a ledger that is in memory: their only fact is whether there is room for the reserve."""

    folder, segment_entries = HOME.ledger, SEGMENT_ENTRIES

    def __init__(self, has_room: Callable[[], bool]) -> None:
        self._has_room = has_room

    def tick(self) -> None:
        """Nothing waits to be flushed."""

    def release_reserve(self) -> None:
        """Its room is given back."""

    def restore_reserve(self) -> bool:
        """Whether there is room for it."""
        return self._has_room()


class Process(NamedTuple):
    """A simulated process, gone when the monotonic clock reaches `ends_s`.

    `withstands`: whether its main process withstands SIGTERM, or a child of it SIGKILL even. `reaches`: the limit at
    which the kernel ends it, if its job has that one.
    """

    ends_s: float
    exit_code: int
    began_s: float = 0.0
    withstands: Literal["", "term", "kill"] = ""
    reaches: Literal["", "memory_bytes", "cpu_time_ms"] = ""

    def exit(self, run: int, attempt: int, *, known: bool) -> Exit:
        """How it ended, as far as the kernel tells: whose child it was knows."""
        ended = Exit(run, attempt, self.exit_code, None, 1, 1_024)
        if not known:
            return ended._replace(exit_code=None)
        if self.reaches == "memory_bytes":
            return ended._replace(exit_code=None, signal=signal.SIGKILL, out_of_memory=True)
        if self.reaches == "cpu_time_ms":
            return ended._replace(exit_code=None, signal=signal.SIGXCPU)
        return ended


class Machine:
    """What outlives a scheduler: the clock, the ledger, the processes.

    Attributes:
        behaviour: of each launch: for how many seconds it runs, and its exit code; None: it cannot be started.
        files: what the stores of schedulers have as `files`.
        results: what Python jobs left on file, by run and attempt.
        refuse: called before processes are started or looked for; what it raises is what the system answers.
    """

    def __init__(self, clock: SimulatedClock | None = None) -> None:
        self.clock = clock or SimulatedClock()
        self.store = MemoryStore(clock=self.clock.now, ledger_id="5" * 32)
        self.processes: dict[tuple[int, int], Process] = {}
        self.unkillable: set[tuple[int, int]] = set()
        self.launches: set[tuple[int, int]] = set()
        self.boots = 0
        self.pids = 100
        self.alive: set[Executor] = set()
        self.behaviour: Callable[[Launch], Process | None] = lambda launch: Process(0.0, 0)
        self.files: LedgerFiles | None = None
        self.refuse: Callable[[], None] = lambda: None
        self.results: dict[tuple[int, int], AttemptResult] = {}

    def tear(self, events: int, kept: int) -> None:
        """The last append, of so many events, reached the disk only in part: what nobody was told of is cut off."""
        end = len(self.store.lines()) - events + kept
        del self.store._lines[end:]  # noqa: SLF001 - no store gives up what it has; a disk does
        del self.store._entries[end:]  # noqa: SLF001

    def reboot(self) -> None:
        """Every process is gone, and the boot clock begins anew."""
        self.boots += 1
        self.clock.boottime_s = 0.0
        self.processes.clear()
        self.unkillable.clear()
        self.alive.clear()

    def executor(self) -> Executor:
        """A new process that watches runs."""
        self.pids += 1
        executor = Executor("sim", f"boot-{self.boots}", self.pids, 1)
        self.alive.add(executor)
        return executor

    def next_end_s(self) -> float | None:
        """When the next process ends."""
        return min((process.ends_s for process in self.processes.values()), default=None)


class SimulatedSpawner:
    """`Spawner` on a simulated machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._children: set[tuple[int, int]] = set()
        self._ends: list[tuple[float, int, int]] = []

    def secret_sha256(self, run: int, attempt: int) -> str | None:
        """None: what is simulated has no environment."""
        del run, attempt
        return None

    def launch(self, launches: Sequence[Launch]) -> list[Launched | LaunchFailed]:
        """Start them, or fail if the machine says so."""
        return [self._launch(launch) for launch in launches]

    def _launch(self, launch: Launch) -> Launched | LaunchFailed:
        self._machine.refuse()
        assert launch.key not in self._machine.launches, f"run {launch.run} was started twice"
        self._machine.launches.add(launch.key)
        process = self._machine.behaviour(launch)
        if process is None:
            return LaunchFailed("no such program", 127)
        now_s = self._machine.clock.monotonic_s
        limits = None if launch.confinement is None else launch.confinement.limits
        if process.reaches and getattr(limits, process.reaches, None) is None:
            process = process._replace(reaches="")
        process = process._replace(ends_s=now_s + process.ends_s, began_s=now_s)
        self._machine.processes[launch.key] = process
        self._children.add(launch.key)
        heapq.heappush(self._ends, (process.ends_s, *launch.key))
        return Launched(1, now_s)

    def adopt(self, wanted: Sequence[Orphan]) -> dict[int, float | None]:
        """Those that are still there."""
        self._machine.refuse()
        found: dict[int, float | None] = {}
        for orphan in wanted:
            process = self._machine.processes.get(orphan.key)
            if process is not None:
                heapq.heappush(self._ends, (process.ends_s, *orphan.key))
                found[orphan.run] = self._machine.clock.monotonic_s - process.began_s
        return found

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Nothing is on file."""

    def exits(self) -> list[Exit]:
        """Those whose time has come."""
        ended = []
        while self._ends and self._ends[0][0] <= self._machine.clock.monotonic_s:
            _, run, attempt = heapq.heappop(self._ends)
            process = self._machine.processes.pop((run, attempt), None)
            if process is not None:
                ended.append(process.exit(run, attempt, known=(run, attempt) in self._children))
        return ended

    def terminate(self, run: int, attempt: int) -> None:
        """It ends now, unless it withstands."""
        self._signal(run, attempt, 143, ("", "kill"))

    def kill(self, run: int, attempt: int) -> None:
        """Its main process ends now."""
        self._signal(run, attempt, 137, ("", "term", "kill"))

    def _signal(self, run: int, attempt: int, exit_code: int, ends: Container[str]) -> None:
        process = self._machine.processes.get((run, attempt))
        if process is not None and process.withstands in ends:
            ends_s = self._machine.clock.monotonic_s
            self._machine.processes[run, attempt] = process._replace(
                ends_s=ends_s, exit_code=exit_code, reaches=""
            )
            heapq.heappush(self._ends, (ends_s, run, attempt))
            if process.withstands == "kill":
                self._machine.unkillable.add((run, attempt))

    def alive(self, run: int, attempt: int, orphan: Orphan | None = None) -> bool:
        """Whether it is still there."""
        del orphan
        return (run, attempt) in self._machine.processes or (run, attempt) in self._machine.unkillable

    def survivors(self, run: int, attempt: int) -> list[Survivor]:
        """The child that withstands, if there is one."""
        if not self.alive(run, attempt):
            return []
        return [Survivor(pid=1, start_ticks=1, uid=0, program="simulated")]


class NoOutput(OutputDigest):
    """What a simulated process printed: nothing."""

    def advance(self, budget_bytes: int = 0) -> bool:
        """All is known."""
        del budget_bytes
        return True


def job(name: str, schedule: str = "0 * * * *", **members: object) -> JobDefinition:
    """A definition with a command."""
    after = members.get("after")
    alone = isinstance(after, After) and after.within_ms is None
    timing = {} if alone or members.keys() & {"every", "at", "on_demand"} else {"schedule": schedule}
    return JobDefinition(name=name, command=["true"], **timing, **members)  # type: ignore[arg-type]


class World:
    """A machine with a config and, at times, a scheduler; moved along by hand.

    Attributes:
        jobs: the config; `edit` it and the scheduler takes notice.
        locks: how many runs may hold a lock at once, where it is not one.
        owner: who owns the config file.
        calendars: those of the config, which its jobs name with the digests of their days.
        store: the ledger as the scheduler has it open; its hooks see what that appends.
        supervisor: what watches the scheduler's runs.
    """

    def __init__(
        self,
        *jobs: JobDefinition,
        machine: Machine | None = None,
        max_parallel: int = 8,
        locks: Mapping[str, int] | None = None,
    ) -> None:
        self.machine = machine or Machine()
        self.jobs = {job.name: job for job in jobs}
        self.calendars: dict[str, CalendarDefinition] = {}
        self.max_parallel, self.locks = max_parallel, dict(locks or {})
        self.edits, self.owner = 0, "ann"
        self.scheduler: Scheduler | None = None
        self._executor: Executor | None = None
        self.wait_s = 0.0
        self.store = self.machine.store.peer()
        self._mirror = Ledger(self.machine.store.peer())

    @property
    def state(self) -> State:
        """What the ledger says, as another process knows it."""
        self._mirror.refresh()
        return self._mirror.state

    def _remembered(self) -> State:
        """The state as a snapshot gives it back: encoded and decoded, so that the fold need not begin at 0."""
        return msgspec.msgpack.decode(msgspec.msgpack.encode(self.state), type=State)

    @property
    def clock(self) -> SimulatedClock:
        """The machine's clock."""
        return self.machine.clock

    def start(self) -> None:
        """Start a scheduler."""
        self.store = store = self.machine.store.peer()
        store.before_commit, store.after_commit = (
            self.machine.store.before_commit,
            self.machine.store.after_commit,
        )
        store.files = self.machine.files
        ledger = Ledger(store, self._remembered())
        self._executor = self.machine.executor()
        said = self.machine.results
        spawner = SimulatedSpawner(self.machine)
        self.supervisor = Supervisor(spawner, NoOutput, lambda running: said.get(running.key))
        self.scheduler = Scheduler(
            ledger,
            self.clock,
            self.supervisor,
            Launcher(HOME, {}),
            self._executor,
            self._settings,
            lambda executor: executor in self.machine.alive,
        )
        self.scheduler.start(self._opening)
        self.wait_s = 0.0

    @property
    def _settings(self) -> SchedulerSettings:
        return SchedulerSettings(max_parallel=self.max_parallel, locks=self.locks)

    def allow(self, name: str, capacity: int) -> None:
        """From now on the settings let so many runs hold a lock."""
        self.locks = {**self.locks, name: capacity}
        if self.scheduler is not None:
            self.scheduler.settings = self._settings

    def _opening(self, state: State, now: datetime) -> list[Event]:
        started = v.SchedulerStarted(
            pid=1,
            host="sim",
            boot_id=f"boot-{self.machine.boots}",
            versions={},
            boottime_ms=round(self.clock.boottime_s * 1000),
        )
        return [
            v.event(started, v.SCHEDULER),
            *reconcile(state, self.jobs, f"config-{self.edits}", now, self.calendars, self.owner),
        ]

    def crash(self) -> None:
        """The scheduler's process is killed; its runs go on."""
        if self._executor is not None:
            self.machine.alive.discard(self._executor)
        self.scheduler = None

    def restart(self) -> None:
        """Kill and start again."""
        self.crash()
        self.start()

    def edit(self, *jobs: JobDefinition, remove: Sequence[str] = ()) -> None:
        """Change the config and have it taken up, by the scheduler or by a command."""
        self.jobs = {name: old for name, old in self.jobs.items() if name not in remove}
        self.jobs.update({job.name: job for job in jobs})
        self.edits += 1
        self.say(
            lambda state: reconcile(
                state, self.jobs, f"config-{self.edits}", self.clock.wall, self.calendars, self.owner
            )
        )

    def say(self, decide: Callable[[State], Sequence[Event]]) -> list[Entry]:
        """Append as another process does."""
        self._mirror.refresh()
        entries = self._mirror.decide(decide)
        self.wait_s = 0.0
        return entries

    def person(self, payload: v.Payload, name: str, run: int | None = None) -> Entry:
        """A person says something about a job."""
        return self.say(lambda state: [v.event(payload, "user:ann@sim", job=name, run=run)])[0]

    def backfill(
        self, name: str, since: timedelta, *, missed_only: bool = False, most: int = 20
    ) -> list[Entry]:
        """A person asks for the times of a job that passed without a run; at most so many of the first ones."""
        store, begin = self.machine.store.peer(), self.clock.wall - since

        def decide(state: State) -> list[Event]:
            job = state.jobs[name]
            if not job.present or under_way(state, name) is not None:
                return []
            disposals = Disposals(Past(store, HOME.segment_states, SEGMENT_ENTRIES), store, name, begin)
            disposals.read_to(state.head.seq)
            now = self.clock.wall
            wanted = choose(job, disposals, begin, now, now, missed_only=missed_only).wanted[:most]
            return (
                [backfilling(state, job, wanted, "user:ann@sim", missed_only=missed_only)] if wanted else []
            )

        store.refresh()
        return self.say(decide)

    def settle(self, name: str, until: datetime) -> list[Entry]:
        """A person settles a job's instants up to a moment."""

        def decide(state: State) -> list[Event]:
            job = state.jobs[name]
            return (
                settling(job, until, self.clock.wall, "done by hand", "user:ann@sim") if job.present else []
            )

        return self.say(decide)

    def reopen(self, name: str) -> list[Entry]:
        """A person opens again what is to come of a job's instants and was settled."""
        store, now = self.machine.store.peer(), self.clock.wall

        def decide(state: State) -> list[Event]:
            job = state.jobs[name]
            disposals = Disposals(Past(store, HOME.segment_states, SEGMENT_ENTRIES), store, name, now)
            disposals.read_to(state.head.seq)
            settled_by = disposals.settled_by
            payload = reopening(state, job, now, disposals.ticked, settled_by, "") if job.present else None
            return [] if payload is None else [v.event(payload, "user:ann@sim", job=name)]

        store.refresh()
        return self.say(decide)

    def turn(self) -> None:
        """One turn of the scheduler."""
        assert self.scheduler is not None
        self.wait_s = self.scheduler.turn()

    def run(self, seconds: float) -> None:
        """Let time pass, with a turn whenever something is due."""
        end_s = self.clock.monotonic_s + seconds
        while self.clock.monotonic_s < end_s:
            if self.scheduler is not None:
                self.turn()
            step_s = end_s - self.clock.monotonic_s
            if self.scheduler is not None:
                step_s = min(step_s, self.wait_s)
                next_end_s = self.machine.next_end_s()
                if next_end_s is not None:
                    step_s = min(step_s, next_end_s - self.clock.monotonic_s)
            self.clock.pass_(max(step_s, 0.000_001))
        if self.scheduler is not None:
            self.turn()

    def until(self, wall: datetime) -> None:
        """Let time pass until the wall clock shows this."""
        self.run((wall - self.clock.wall).total_seconds())

    def entries(self, *types: type[v.Payload]) -> list[Entry]:
        """The ledger, or those entries of it that have one of the types."""
        wanted = {cls.TYPE for cls in types}
        store = self.machine.store.peer()
        return [entry for entry in store.read(0) if not wanted or entry.type in wanted]

    def told(self, name: str) -> list[str]:
        """The story of a job in short words, for tests that read as sentences."""
        return [word for entry in self.entries() if entry.job == name for word in _words(entry)]


def _words(entry: Entry) -> list[str]:
    data = v.payload(entry)
    match data:
        case v.ScheduleTicked():
            return [f"{data.trigger} {data.scheduled_for:%d %H:%M}"]
        case v.ScheduleMisfired():
            return [f"misfired {data.count} run {data.will_run} ({data.reason})"]
        case v.RunFinished():
            return [data.outcome]
        case v.RunSkipped():
            return [f"skipped: {data.reason}"]
        case v.RunStarted():
            return ["started"]
        case _:
            return [entry.type]


RETRIES = (
    None,
    Retry(attempts=3, delay_ms=60_000, backoff=2.0),
    None,
    Retry(attempts=2, delay_ms=900_000, within_ms=3_600_000, outcomes=[*RETRIED_OUTCOMES]),
)
"""Some jobs make further attempts."""


def random_jobs(rng: random.Random, count: int) -> Mapping[str, JobDefinition]:
    """Jobs as an operations team has them: mostly daily, some hourly, some weekly, in several zones."""
    zones = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Havana")
    jobs = {}
    for number in range(count):
        minute, hour = rng.randrange(60), rng.randrange(24)
        schedule = rng.choices(
            [f"{minute} {hour} * * *", f"{minute} {hour} * * {rng.randrange(7)}", f"{minute} * * * *"],
            weights=[78, 20, 2],
        )[0]
        name = f"job-{number}"
        jobs[name] = job(
            name,
            schedule,
            timezone=rng.choice(zones),
            catch_up=rng.choice(["one", "all", "none"]),
            catch_up_limit=rng.choice([3, 100]),
            overlap=rng.choice(["skip", "queue", "replace", "allow"]),
            retry=RETRIES[number % len(RETRIES)],
        )
    return jobs
