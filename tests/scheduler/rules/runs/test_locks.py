"""Named locks: all at the start or none, the oldest run first, as many holders as a lock is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import msgspec
import pytest

from cli.words.entry_lines import sentence
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Retry
from scheduler.entry_members import LockWait
from scheduler.processes.spawner import Launch
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.runs.locks import HeldLocks, LockQueue
from scheduler.rules.runs.round import Room, round_events
from scheduler.rules.runs.slots import full_slots, lock_waits
from scheduler.rules.runs.waiting_reasons import WaitingReason, WaitingReasons
from scheduler.rules.runs.waiting_runs import WaitingRuns
from scheduler.rules.state import Executor, Run
from tests.support.audit import audit
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Process, World, job

HOLD_S = 1_000.0


def shared(name: str, *locks: str, **members: object) -> JobDefinition:
    """A job that runs on demand, with these locks."""
    return job(name, on_demand=True, locks=sorted(locks), **members)  # type: ignore[arg-type]


def world_of(
    *jobs: JobDefinition, holds_s: Mapping[str, float] | None = None, exit_code: int = 0, **members: object
) -> World:
    """A served world in which runs of these jobs take so long."""
    world = World(*jobs, **members)  # type: ignore[arg-type]

    def behaviour(launch: Launch) -> Process:
        seconds = (holds_s or {}).get(launch.env["CRONLEDGER_JOB"], HOLD_S)
        return Process(seconds, exit_code if launch.attempt == 1 else 0)

    world.machine.behaviour = behaviour
    world.start()
    return world


def asked(world: World, *names: str) -> list[int]:
    """Somebody asks for runs of these jobs, one after another; their numbers."""
    return [world.person(v.RunRequested(executor="scheduler"), name, run=-1).seq for name in names]


def begun(world: World) -> list[int | None]:
    """The runs that have started, in that order."""
    return [entry.run for entry in world.entries(v.RunStarted)]


def start_of(world: World, number: int) -> v.RunStarted:
    """How a run's last attempt started."""
    starts = [entry for entry in world.entries(v.RunStarted) if entry.run == number]
    data: v.RunStarted = v.payload(starts[-1])
    return data


def check(world: World, capacities: Mapping[str, int] | None = None) -> None:
    """The ledger keeps the laws, those of locks too."""
    assert list(illegal_entries(world.entries())) == []
    audit(world.entries(), world.clock.wall)
    audit_runs(world.entries(), None, at_rest=False, capacities=capacities or {})


def test_a_lock_has_one_holder_and_passes_to_the_oldest() -> None:
    """In the same append in which the holder's end is recorded; the start says for what it had waited."""
    world = world_of(shared("a", "db"), shared("b", "db"), shared("c", "db"))
    a, c, b = asked(world, "a", "c", "b")
    world.run(10)
    assert begun(world) == [a]
    world.run(HOLD_S)
    assert begun(world) == [a, c]
    end, start = world.entries(v.RunFinished)[0], world.entries(v.RunStarted)[1]
    assert (end.run, start.run, start.time) == (a, c, end.time)
    assert start_of(world, a) == msgspec.structs.replace(start_of(world, a), locks={"db": 1}, waited_for=None)
    assert start_of(world, c).waited_for == LockWait(name="db", holders=[a])
    world.run(2 * HOLD_S)
    assert begun(world) == [a, c, b]
    assert start_of(world, b).waited_for == LockWait(name="db", holders=[c])
    check(world)


def test_as_many_hold_a_lock_as_the_settings_say() -> None:
    """What is not named there is held by one; a change binds the runs that start later."""
    names = ("a", "b", "c", "d")
    world = world_of(*(shared(name, "db") for name in names), locks={"db": 2})
    numbers = asked(world, *names)
    world.run(10)
    assert begun(world) == numbers[:2]
    assert start_of(world, numbers[1]).locks == {"db": 2}
    check(world, {"db": 2})
    world.allow("db", 3)
    world.turn()
    assert begun(world) == numbers[:3]
    world.allow("db", 1)
    world.run(HOLD_S - 5)
    assert begun(world) == numbers[:3], "one of three still holds it"
    world.run(10)
    assert begun(world) == numbers
    assert start_of(world, numbers[3]).locks == {"db": 1}
    assert list(illegal_entries(world.entries())) == []


def test_a_younger_run_takes_no_lock_for_which_an_older_one_waits() -> None:
    """Though it is free: the older one waits for another one, and would wait for ever behind those that come."""
    world = world_of(shared("disk", "disk"), shared("both", "db", "disk"), shared("db", "db"))
    disk, both, db = asked(world, "disk", "both", "db")
    world.run(10)
    assert begun(world) == [disk]
    state = world.state
    assert lock_waits(state) == {
        both: LockWait(name="disk", holders=[disk]), db: LockWait(name="db", behind=both)
    }  # fmt: skip
    world.run(HOLD_S)
    assert begun(world) == [disk, both]
    assert start_of(world, both).locks == {"db": 1, "disk": 1}
    world.run(HOLD_S)
    assert begun(world) == [disk, both, db]
    check(world)


def test_locks_that_share_nothing_keep_nobody() -> None:
    """Nor do runs of one job wait that is for several."""
    world = world_of(
        shared("a", "x"), shared("b", "y"), shared("c"), shared("d", "z", overlap="allow"), locks={"z": 2}
    )
    numbers = asked(world, "a", "b", "c", "d", "d", "d")
    world.run(10)
    assert begun(world) == numbers[:5]
    check(world, {"z": 2})


def test_a_run_that_waits_for_its_retry_holds_no_lock() -> None:
    """Its next attempt asks anew, and as the older run it comes before those that wait."""
    retry = Retry(attempts=2, delay_ms=60_000)
    world = world_of(shared("a", "db", retry=retry), shared("b", "db"), shared("c", "db"), exit_code=1)
    a, b, c = asked(world, "a", "b", "c")
    world.run(HOLD_S + 10)
    assert begun(world) == [a, b], "the first attempt of a has ended"
    world.run(HOLD_S)
    assert begun(world) == [a, b, a]
    assert start_of(world, a).waited_for == LockWait(name="db", holders=[b])
    world.run(HOLD_S)
    assert begun(world) == [a, b, a, c]
    check(world)


def test_what_a_run_holds_is_what_its_start_said() -> None:
    """An edit changes what comes later; a job that has dropped the lock gives it back when its run ends."""
    world = world_of(shared("a", "db"), shared("b", "db"), shared("c"))
    a, b = asked(world, "a", "b")
    world.run(10)
    world.edit(shared("a"), shared("c", "db"))
    (c,) = asked(world, "c")
    world.run(10)
    assert begun(world) == [a]
    world.restart()
    world.run(10)
    assert begun(world) == [a]
    world.edit(shared("b"))
    world.run(10)
    assert begun(world) == [a, b], "an edit frees a run that waits"
    world.run(HOLD_S)
    assert begun(world) == [a, b, c]
    check(world)


@pytest.mark.parametrize("reboots", [False, True])
def test_a_lock_outlives_the_scheduler_with_its_run(reboots: bool) -> None:
    """A run that is adopted holds its lock; one that is lost gives it back."""
    world = world_of(shared("a", "db"), shared("b", "db"))
    a, b = asked(world, "a", "b")
    world.run(10)
    world.crash()
    if reboots:
        world.machine.reboot()
    world.start()
    world.run(10)
    assert begun(world) == ([a, b] if reboots else [a])
    world.run(HOLD_S)
    assert begun(world) == [a, b]
    check(world)


def test_the_default_deadline_does_not_count_the_wait_for_a_lock() -> None:
    """A written one does, and names who held it."""
    every, deadline = "0 * * * *", 30 * 60_000
    world = world_of(
        shared("hold", "db"),
        job("patient", every, locks=["db"], overlap="queue"),
        job("hasty", every, locks=["db"], overlap="queue", start_deadline_ms=deadline),
        holds_s={"hold": 9 * 3_600.0, "patient": 60.0},
    )
    (hold,) = asked(world, "hold")
    world.run(8 * 3_600)
    skips = [(entry.job, v.payload(entry)) for entry in world.entries(v.RunSkipped)]
    assert {(name, skip.reason) for name, skip in skips} == {("hasty", "deadline")}
    assert all(skip.lock == LockWait(name="db", holders=[hold]) for _, skip in skips)
    assert all(skip.slots == [] for _, skip in skips)
    check(world)


def test_a_free_lock_and_no_slot_is_a_wait_for_a_slot() -> None:
    """It counts from the moment at which the run could have had its locks: an hour of that is the default."""
    world = world_of(
        shared("hold", "db"),
        shared("slow", overlap="allow"),
        job("late", "5 0 * * *", locks=["db"]),
        holds_s={"hold": 1_800.0, "slow": 1e6},
        max_parallel=2,
    )
    _, *slow = asked(world, "hold", "slow", "slow")
    world.run(1_800 + 3_590)
    assert world.entries(v.RunSkipped) == []
    world.run(20)
    (skip,) = world.entries(v.RunSkipped)
    data: v.RunSkipped = v.payload(skip)
    assert (skip.job, data.reason, data.slots, data.lock) == ("late", "deadline", slow, None)
    check(world)


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_a_skip_names_the_lock_that_was_in_the_way(overlap: str) -> None:
    """The earlier run of its job waits for a lock: that is told, not that it is still going."""
    often = job("often", "* * * * *", locks=["db"], overlap=overlap, queue_limit=1)
    world = world_of(shared("hold", "db"), often)
    (hold,) = asked(world, "hold")
    world.run(125)
    entry = world.entries(v.RunSkipped)[-1]
    data: v.RunSkipped = v.payload(entry)
    assert (data.reason, data.lock) == (
        "overlap" if overlap == "skip" else "queue_full",
        LockWait(name="db", holders=[hold]),
    )
    told = sentence(entry, "UTC")
    assert f"for the lock db was held by run {hold}" in told
    if overlap == "skip":
        assert f"run {data.because_of} was still waiting to start" in told
    check(world)


def test_a_start_tells_for_what_it_had_waited() -> None:
    """In the sentence of its entry."""
    world = world_of(shared("a", "db"), shared("b", "db"))
    a, b = asked(world, "a", "b")
    world.run(HOLD_S + 10)
    told = sentence(world.entries(v.RunStarted)[1], "UTC")
    assert told == f"run {b} of b started (by hand), after a wait: the lock db was held by run {a}"


def test_who_waits_for_a_lock_waits_for_no_slot() -> None:
    """What the state tells of both, and what a person is told who asked for the run."""
    world = world_of(shared("a", "db"), shared("b", "db"), shared("c"), max_parallel=2)
    a, b = asked(world, "a", "b")
    world.run(10)
    state = world.state
    assert full_slots(state) is None
    wait = LockWait(name="db", holders=[a])
    assert lock_waits(state) == {b: wait}
    assert WaitingReasons(state, max_parallel=8).of(b) == WaitingReason("lock", lock=wait)
    asked(world, "c", "c")
    world.edit(shared("c", overlap="allow"))
    world.run(10)
    full = full_slots(world.state)
    assert full is not None
    assert b not in full.waiting


def test_a_lock_with_too_many_holders_is_against_the_law() -> None:
    """The ledger alone shows it."""
    world = world_of(shared("a", "db"), shared("b", "db"))
    a, b = asked(world, "a", "b")
    world.run(10)
    stolen = msgspec.structs.replace(start_of(world, a), locks={"db": 1})
    world.say(lambda state: [v.event(stolen, v.SCHEDULER, job="b", run=b)])
    (illegal,) = illegal_entries(world.entries())
    assert illegal.why == f"the lock db is for one run, and run {a} held it"


def test_a_start_without_a_lock_of_its_job_is_against_the_law() -> None:
    """By the definition that was in force then; an edit binds what starts after it."""
    world = world_of(shared("a", "db", "disk"))
    (a,) = asked(world, "a")
    world.run(10)
    entries = world.entries()
    at = next(seq for seq, entry in enumerate(entries) if entry.type == v.RunStarted.TYPE)
    data = msgspec.structs.replace(start_of(world, a), locks={"db": 1})
    forged = msgspec.structs.replace(entries[at], data=msgspec.Raw(msgspec.json.encode(data)))
    (illegal,) = illegal_entries([*entries[:at], forged, *entries[at + 1 :]])
    assert illegal.seq == at
    assert illegal.why.startswith("a needs the lock disk, by entry ")
    world.edit(shared("a"))
    world.run(HOLD_S)
    asked(world, "a")
    world.run(10)
    check(world)


def test_whose_way_is_free_in_a_round_comes_before_a_younger_run() -> None:
    """The end of a wait for a retry frees the way of an older run: in the same append a younger one takes nothing."""
    retry = Retry(attempts=2, delay_ms=60_000, within_ms=30 * 60_000)
    world = world_of(shared("a", "db", overlap="queue", retry=retry), shared("b", "db"), exit_code=1)
    first, second = asked(world, "a", "a")
    world.run(HOLD_S + 1)
    world.crash()
    world.clock.pass_(3_600)
    (young,) = asked(world, "b")
    world.start()
    world.run(1)
    assert [v.payload(entry).closes is not None for entry in world.entries(v.RunFinished)] == [False, True]
    assert begun(world) == [first, second]
    world.run(HOLD_S)
    assert begun(world)[2] == young
    check(world)


def test_what_the_state_tells_of_a_lock_goes_by_who_took_it_last() -> None:
    """The settings are not on record: how many may hold it is what the last start says, and 1 if nobody holds it."""
    retry = Retry(attempts=2, delay_ms=60_000)
    jobs = [shared("a", "db", retry=retry), shared("b", "db"), shared("c", "db"), shared("d", "free")]
    world = world_of(*jobs, locks={"db": 3}, exit_code=1, holds_s={"a": 60.0}, max_parallel=2)
    a, b = asked(world, "a", "b")
    world.run(90)
    world.allow("db", 2)
    world.run(60)
    assert begun(world) == [a, b, a]
    assert (start_of(world, a).locks, start_of(world, b).locks) == ({"db": 2}, {"db": 3})
    (c,) = asked(world, "c")
    world.turn()
    assert lock_waits(world.state) == {c: LockWait(name="db", holders=[b, a])}
    world.allow("db", 3)
    world.run(100)
    assert begun(world) == [a, b, a, c], "the second attempt of a has ended"
    d, e = asked(world, "d", "d")
    world.edit(shared("d", "free", overlap="allow"))
    world.turn()
    assert lock_waits(world.state) == {e: LockWait(name="free", behind=d)}
    full = full_slots(world.state)
    assert full is not None
    assert (sorted(run.number for run in full.holders), full.waiting) == ([b, c], [d])
    assert list(illegal_entries(world.entries())) == []


def test_a_lock_that_has_room_is_no_wait_for_it() -> None:
    """One of two holds it: what keeps the next one is the slot."""
    world = world_of(shared("a", "db"), shared("b", "db"), locks={"db": 2}, max_parallel=1)
    a, b = asked(world, "a", "b")
    world.run(10)
    assert lock_waits(world.state) == {}
    full = full_slots(world.state)
    assert full is not None
    assert ([run.number for run in full.holders], full.waiting) == ([a], [b])


def test_who_cannot_have_all_locks_keeps_the_free_ones_for_itself() -> None:
    """A lock that is kept for an older run is as good as held, and whoever asks is told of that run."""
    queue = LockQueue({"db": {1: 1}}, {"disk": 2, "tape": 1})
    assert not queue.take(2, ["db", "disk"])
    assert queue.obstacle(3, ["disk"]) == LockWait(name="disk", behind=2)
    assert queue.take(4, ["tape"], starts=False)
    assert queue.obstacle(5, ["tape"]) == LockWait(name="tape", behind=4)
    assert not queue.take(5, ["tape"])
    assert queue.obstacle(6, ["tape"]) == LockWait(name="tape", behind=4)
    assert queue.obstacle(7, ["x"]) is None


def test_all_that_can_have_a_lock_are_candidates_each_once() -> None:
    """The oldest first, and no further look at the others of their group once one of them cannot have it."""
    world = world_of(shared("hold", "db"), shared("a", "db", overlap="allow"), max_parallel=1)
    asked(world, "hold")
    world.run(1)
    numbers = asked(world, *["a"] * 5)
    waiting, state = WaitingRuns(), world.state
    for number in numbers:
        waiting.notice(number, "a", state.runs[number], state.jobs["a"])
    waiting.refresh(state, (), world.clock.wall)
    assert list(waiting.startable(LockQueue({}, {"db": 5}))) == numbers
    queue = LockQueue(HeldLocks.of(state.runs.values()).holders, {"db": 4})
    assert [number for number in waiting.startable(queue) if queue.take(number, ["db"])] == numbers[:3]


def test_a_run_that_starts_at_once_has_not_waited_for_what_others_waited() -> None:
    """It comes with the settings that let all of them start: its start names no lock that it waited for."""
    world = world_of(shared("a", "db"), shared("b", "db"), shared("c", "db"))
    a, b = asked(world, "a", "b")
    world.run(10)
    (c,) = asked(world, "c")
    world.allow("db", 3)
    world.run(10)
    assert begun(world) == [a, b, c]
    assert start_of(world, b).waited_for == LockWait(name="db", holders=[a])
    assert start_of(world, c).waited_for is None


class CountingRuns(dict[int, Run]):
    """The runs of a state, which count how often one of them is looked at."""

    looks = 0

    def __getitem__(self, number: int) -> Run:
        self.looks += 1
        return super().__getitem__(number)

    def __iter__(self) -> Iterator[int]:
        self.looks += len(self)
        return super().__iter__()

    def values(self) -> object:  # type: ignore[override]
        """All of them."""
        self.looks += len(self)
        return super().values()


class CountingQueue(LockQueue):
    """A queue for locks that counts who asks."""

    asked = 0

    def obstacle(self, number: int, names: Sequence[str]) -> LockWait | None:
        """See `LockQueue`."""
        self.asked += 1
        return super().obstacle(number, names)


def waiting_thousands(count: int) -> tuple[World, WaitingRuns]:
    """So many runs of each of three jobs wait for locks that one run holds."""
    jobs = [
        shared(name, *locks, overlap="allow")
        for name, locks in (("a", ["db"]), ("b", ["db"]), ("c", ["db", "x"]))
    ]
    world = world_of(shared("hold", "db", "x"), *jobs, locks={"db": 1})
    asked(world, "hold")
    world.run(1)
    world.crash()
    requested = v.RunRequested(executor="scheduler")
    events = [v.event(requested, "user:ann@sim", job=name, run=-1) for name in ("a", "b", "c")]
    recorded: list[Entry] = world.say(lambda state: [event for event in events for _ in range(count)])
    waiting = WaitingRuns()
    for entry in recorded:
        run = world.state.runs[entry.seq]
        waiting.notice(run.number, run.job, run, world.state.jobs[run.job])
    waiting.refresh(world.state, (), BEGIN)
    return world, waiting


def test_a_turn_does_not_look_at_all_that_wait_for_a_lock() -> None:
    """Only at the oldest of each set of locks, whoever wants them and however many they are."""
    world, waiting = waiting_thousands(700)
    assert len(waiting) == 2_100
    state = world.state
    held = HeldLocks.of(state.runs.values())
    queue = CountingQueue(held.holders, {})
    assert list(waiting.startable(queue)) == []
    assert queue.asked == 2
    state.runs = runs = CountingRuns(state.runs)
    executor = Executor("sim", "boot-0", 1, 1)
    room = Room(8, [], executor, lambda run, attempt: None, held.holders, {})
    assert round_events(state, BEGIN + timedelta(seconds=1), [], [], [], waiting, room) == []
    assert runs.looks == 0, "the turn had nothing to start"


def test_a_lock_that_comes_free_costs_a_look_at_who_gets_it() -> None:
    """And not at the thousands behind."""
    world, waiting = waiting_thousands(700)
    state = world.state
    oldest = min(number for number, run in state.runs.items() if run.started is None)
    state.runs = runs = CountingRuns(state.runs)
    room = Room(8, [], Executor("sim", "boot-0", 1, 1), lambda run, attempt: None, {}, {"db": 1})
    (event,) = round_events(state, BEGIN + timedelta(seconds=1), [], [], [], waiting, room)
    assert (event.run, event.data.locks) == (oldest, {"db": 1})
    assert runs.looks <= 702, "of the other jobs' runs none"
