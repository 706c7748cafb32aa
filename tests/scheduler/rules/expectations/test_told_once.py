"""The law of breaches, over any small ledger: each is told once, and its end once."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import vocabulary as v
from scheduler.definition import Expect
from scheduler.rules.evolve import evolve
from scheduler.rules.laws.expectation_laws import breached, met
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.state import State
from tests.support.expectation_audit import breaches, told
from tests.support.world import Process, World, job

_MINUTE_MS = 60_000
LIMITS = st.builds(
    Expect,
    start_within_ms=st.sampled_from([None, 60_000, 20 * _MINUTE_MS]),
    finish_within_ms=st.sampled_from([None, 10 * _MINUTE_MS]),
    success_every_ms=st.just(40 * _MINUTE_MS),
)
Deed = Callable[[World], object]


def _kill(world: World) -> None:
    world.crash()
    world.clock.pass_(2_400)
    world.start()


def _edit(expect: Expect) -> Deed:
    return lambda world: world.edit(job("b", "*/20 * * * *", expect=expect))


DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.sampled_from([600.0, 1_800.0, 7_200.0]).map(lambda seconds: lambda world: world.run(seconds)),
    st.sampled_from(
        [
            _kill,
            lambda world: world.restart(),
            lambda world: world.person(v.JobDisabled(), "b"),
            lambda world: world.person(v.JobEnabled(), "b"),
            lambda world: world.edit(remove=["b"]) if "b" in world.jobs else None,
        ]
    ),
    LIMITS.map(_edit),
)


@settings(max_examples=20)
@given(
    LIMITS,
    st.lists(DEEDS, min_size=2, max_size=9),
    st.lists(st.sampled_from([30.0, 900.0, 4_000.0]), min_size=3),
)
def test_a_breach_is_told_once_and_ended_once(
    expect: Expect, deeds: list[Deed], lengths: list[float]
) -> None:
    """What is told is what there was, and whoever tells any of it a second time breaks the law."""
    world = World(job("a", "*/20 * * * *"), job("b", "*/20 * * * *", expect=expect), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(lengths[launch.run % len(lengths)], launch.run % 3 // 2)
    world.start()
    for deed in deeds:
        deed(world)
        world.run(1_500)
    world.restart()
    world.run(10)
    entries = world.entries()
    # What is late at the very microsecond at which it ends may be told, and is no breach of any length.
    lasting = [each for each in told(entries) if each.since != each.until]
    assert sorted(lasting, key=str) == sorted(breaches(entries, world.clock.wall), key=str)
    assert not list(illegal_entries(entries))
    state = State()
    for entry in entries:
        evolve(state, entry)
        data = v.payload(entry)
        if isinstance(data, v.ExpectationBreached):
            assert breached(state, entry, data)
        elif isinstance(data, v.ExpectationMet):
            assert met(state, entry, data)
