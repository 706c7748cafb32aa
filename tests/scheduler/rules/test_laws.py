"""The laws, for whatever may happen in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from eventstore.memory import MemoryStore
from scheduler import vocabulary as v
from scheduler.ledger.ledger import Ledger
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.reconcile import reconcile
from scheduler.rules.timetable import Timetable
from tests.support.audit import audit
from tests.support.world import BEGIN, Process, World, job

SCHEDULES = ["*/7 * * * *", "0 * * * *", "30 */2 * * *", "15 1 * * *"]
Action = Callable[[World], None]


def jobs_of(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    """Names of the jobs of the small world."""
    return numbers.map(lambda number: f"job-{number}")


names = jobs_of(st.integers(0, 2))
seconds = st.floats(0.0, 20_000.0, allow_nan=False)
actions: st.SearchStrategy[Action] = st.one_of(
    seconds.map(lambda s: lambda world: world.run(s)),
    seconds.map(lambda s: lambda world: (world.crash(), world.clock.pass_(s), world.start())),
    st.just(lambda world: (world.crash(), world.machine.reboot(), world.start())),
    seconds.map(lambda s: lambda world: world.clock.sleep(s)),
    st.sampled_from([-7_200.0, -2.0, 2.0, 7_200.0]).map(lambda s: lambda world: world.clock.step(s)),
    names.map(lambda name: lambda world: world.person(v.JobDisabled(), name)),
    names.map(lambda name: lambda world: world.person(v.JobEnabled(), name)),
    st.tuples(names, seconds).map(
        lambda pause: (
            lambda world: world.person(
                v.JobDisabled(until=world.clock.wall + timedelta(seconds=pause[1])), pause[0]
            )
        )
    ),
    st.tuples(names, st.sampled_from(SCHEDULES)).map(
        lambda edit: lambda world: world.edit(job(edit[0], edit[1], catch_up="all", overlap="queue"))
    ),
    names.map(lambda name: lambda world: world.edit(remove=[name])),
    names.map(lambda name: lambda world: world.person(v.RunRequested(executor="scheduler"), name, run=-1)),
)


@given(st.lists(actions, max_size=12), st.sampled_from([0.0, 5.0, 900.0]))
def test_every_instant_is_settled_exactly_once_whatever_happens(deeds: list[Action], takes_s: float) -> None:
    """Crashes, reboots, suspends, clock steps, people and edits, in any order: each instant is on record once."""
    world = World(*(job(f"job-{number}", SCHEDULES[number]) for number in range(3)), max_parallel=2)
    world.machine.behaviour = lambda launch: Process(takes_s, 0)
    world.start()
    for deed in deeds:
        deed(world)
        if world.scheduler is not None:
            world.turn()
    world.clock.wall = max(world.clock.wall, *(entry.time for entry in world.entries()))
    world.restart()
    world.run(1)
    audit(world.entries(), world.clock.wall)
    running = [entry.run for entry in world.entries(v.RunStarted)]
    assert len(running) == len(set(running))


@given(
    st.lists(st.sampled_from(SCHEDULES), min_size=1, max_size=6), st.lists(seconds, min_size=1, max_size=8)
)
def test_the_agenda_yields_what_the_schedules_say_in_order(schedules: list[str], looks: list[float]) -> None:
    """However rarely it is asked, the agenda hands out every instant of every job once, in order."""
    definitions = {f"job-{n}": job(f"job-{n}", schedule) for n, schedule in enumerate(schedules)}
    definitions["every"] = job("every", every="7m")
    definitions["at"] = job("at", at="2026-01-01T02:00:00Z")
    ledger = Ledger(MemoryStore(clock=lambda: BEGIN))
    ledger.refresh()
    ledger.decide(lambda state: reconcile(state, definitions, "config", BEGIN))
    timetable = Timetable.of(ledger.state, BEGIN)
    now, seen = BEGIN, []
    for look in looks:
        now += timedelta(seconds=look)
        seen += list(timetable.due(now))
        upcoming = timetable.next_instant()
        assert upcoming is not None, "a cron comes again"
        assert upcoming > now
    assert [due.instant for due in seen] == sorted(due.instant for due in seen)
    for name, definition in definitions.items():
        instants = [due.instant for due in seen if due.job == name]
        assert instants == list(schedule_of(definition).between(BEGIN, now))
