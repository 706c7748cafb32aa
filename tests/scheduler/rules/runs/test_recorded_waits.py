"""What a start says of the wait before it: for which run of its job, for which slots, for which success."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec import structs

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.definition import After
from scheduler.entry_members import LockWait
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Process, World, job


def ending(world: World, **seconds: float) -> None:
    """So long run the jobs of these names."""
    world.machine.behaviour = lambda launch: Process(seconds[launch.env["CRONLEDGER_JOB"]], 0)


def starts(world: World) -> dict[int, v.RunStarted]:
    """How each run started, by its number."""
    assert list(illegal_entries(world.entries())) == []
    audit_runs(world.entries(), world.max_parallel, at_rest=False)
    return {entry.run or 0: v.payload(entry) for entry in world.entries(v.RunStarted)}


def asked(world: World, name: str) -> int:
    """Somebody asks for a run; its number."""
    return world.person(v.RunRequested(executor="scheduler"), name, OWN_SEQ).seq


def test_a_queued_run_names_the_run_that_came_before_it() -> None:
    """Each the one right before it; the first one waited for none, and says nothing."""
    world = World(job("slow", on_demand=True, overlap="queue"))
    ending(world, slow=100.0)
    world.start()
    first, second, third = (asked(world, "slow") for _ in range(3))
    world.run(350)
    found = starts(world)
    assert {run: each.waited_behind for run, each in found.items()} == {
        first: None, second: first, third: second,
    }  # fmt: skip
    assert not any(each.slots for each in found.values())


def test_a_run_behind_one_that_never_started_names_that() -> None:
    """It was skipped, and until then it came first."""
    world = World(job("slow", on_demand=True, overlap="queue"), job("other", on_demand=True), max_parallel=1)
    ending(world, slow=100.0, other=50.0)
    world.start()
    other = asked(world, "other")
    world.run(5)
    first, second = asked(world, "slow"), asked(world, "slow")
    world.run(5)
    world.person(v.RunCancelRequested(), "slow", first)
    world.run(200)
    found = starts(world)
    assert first not in found
    assert (found[second].waited_behind, found[second].slots) == (first, [other])


def test_runs_that_may_overlap_wait_for_none_of_their_job() -> None:
    """Though others of it end while they wait for a slot: those they name."""
    world = World(job("many", on_demand=True, overlap="allow"), max_parallel=1)
    ending(world, many=100.0)
    world.start()
    first, second, third = (asked(world, "many") for _ in range(3))
    world.run(350)
    found = starts(world)
    assert {run: each.slots for run, each in found.items()} == {first: [], second: [first], third: [second]}
    assert all(each.waited_behind is None for each in found.values())


def test_what_had_a_slot_at_once_names_none() -> None:
    """Although all slots were taken before, and are after it."""
    world = World(job("a", on_demand=True), job("b", on_demand=True), max_parallel=1)
    ending(world, a=10.0, b=100.0)
    world.start()
    asked(world, "a")
    world.run(20)
    second = asked(world, "b")
    world.run(5)
    assert starts(world)[second].slots == []


def test_a_run_that_waited_for_one_thing_after_another_names_each() -> None:
    """The run of its job, then a lock, then a slot."""
    world = World(
        job("own", on_demand=True, overlap="queue", locks=["db"]),
        job("holder", on_demand=True, locks=["db"]),
        *(job(name, on_demand=True) for name in ("long", "later")),
        max_parallel=2,
    )
    ending(world, own=10.0, holder=30.0, long=100.0, later=100.0)
    world.start()
    first, long = asked(world, "own"), asked(world, "long")
    world.run(1)
    holder, later, second = asked(world, "holder"), asked(world, "later"), asked(world, "own")
    world.run(120)
    start = starts(world)[second]
    assert start.waited_behind == first
    assert start.waited_for == LockWait(name="db", holders=[holder])
    assert start.slots == [long, later]


def test_a_wait_for_a_success_is_told_by_the_success() -> None:
    """It came after the run was owed."""
    after = After(jobs=["first"], within_ms=3_600_000)
    world = World(job("first", on_demand=True), job("then", "1 0 * * *", after=after))
    ending(world, first=10.0, then=10.0)
    world.start()
    world.until(BEGIN + timedelta(minutes=5))
    asked_for = world.person(v.RunRequested(executor="scheduler", with_dependents=True), "first", OWN_SEQ).seq
    world.run(60)
    found = starts(world)
    (run,) = found.keys() - {asked_for}
    assert found[run].successes[0] > run


def test_a_run_that_waits_a_round_for_a_success_is_not_overtaken() -> None:
    """A newer success is recorded just when the lock becomes free: a younger run does not take it."""
    after = After(jobs=["before"], within_ms=7_200_000)
    world = World(
        job("before", on_demand=True),
        job("holder", on_demand=True, locks=["db"]),
        job("old", "1 0 * * *", locks=["db"], after=after),
        job("young", on_demand=True, locks=["db"]),
    )
    ending(world, before=100.0, holder=600.0, old=50.0, young=50.0)
    world.start()
    success = v.RunRequested(executor="scheduler", with_dependents=True)
    world.person(success, "before", OWN_SEQ)
    holder = asked(world, "holder")
    world.run(120)
    young = asked(world, "young")
    world.run(380)
    world.person(success, "before", OWN_SEQ)
    world.run(200)
    (old,) = (entry.seq for entry in world.entries(v.ScheduleTicked))
    found = starts(world)
    assert list(found)[-2:] == [old, young], "both ended at once"
    assert found[old].waited_for == LockWait(name="db", holders=[holder])


def test_an_edit_meanwhile_does_not_make_a_wait_forgotten() -> None:
    """Of the job that waits, for a slot and for a lock."""
    world = World(
        job("holder", on_demand=True, locks=["db"]),
        job("long", on_demand=True),
        job("locked", on_demand=True, locks=["db"]),
        job("slotless", on_demand=True),
        max_parallel=2,
    )
    ending(world, holder=100.0, long=100.0, locked=1.0, slotless=1.0)
    world.start()
    holder, long, locked, slotless = (asked(world, name) for name in ("holder", "long", "locked", "slotless"))
    world.run(50)
    world.edit(
        job("locked", on_demand=True, locks=["db"], tags=["new"]),
        job("slotless", on_demand=True, tags=["new"]),
    )
    world.run(70)
    found = starts(world)
    assert found[locked].waited_for == LockWait(name="db", holders=[holder])
    assert found[slotless].slots == [holder, long]


def test_a_start_that_names_a_run_that_was_not_before_it_is_illegal() -> None:
    """It may leave it out, as those of older versions do."""
    world = World(job("slow", on_demand=True, overlap="queue"))
    ending(world, slow=100.0)
    world.start()
    first, second = asked(world, "slow"), asked(world, "slow")
    world.run(250)
    entries = world.entries()
    at = next(i for i, each in enumerate(entries) if each.run == second and each.type == v.RunStarted.TYPE)

    def found(behind: int | None) -> list[int]:
        data = structs.replace(v.payload(entries[at]), waited_behind=behind)
        forged = structs.replace(entries[at], data=msgspec.Raw(msgspec.json.encode(data)))
        return [each.seq for each in illegal_entries([*entries[:at], forged, *entries[at + 1 :]])]

    assert found(first) == found(None) == []
    assert found(second) == found(first - 1) == [entries[at].seq]
