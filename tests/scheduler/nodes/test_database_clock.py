from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.nodes.database_clock import DatabaseClock
from scheduler.rules.clock_monitor import ClockMonitor
from tests.support.examples import examples
from tests.support.world import BEGIN, SimulatedClock

SPAN = st.floats(0.0, 2.0)


@given(st.lists(st.tuples(SPAN, SPAN, SPAN), min_size=1, max_size=20), st.floats(-4_000.0, 4_000.0))
@settings(max_examples=examples(60))
def test_the_wall_clock_is_the_databases_whatever_the_own_one_shows(
    questions: list[tuple[float, float, float]], off_s: float
) -> None:
    """It is never further from it than the newest answer took, and goes back by no more than answers take."""
    own = SimulatedClock(BEGIN + timedelta(seconds=off_s))
    clock = DatabaseClock(own)
    database_off = BEGIN - own.wall
    before, span_before = None, timedelta(0)
    for pause_s, there_s, back_s in questions:
        own.pass_(pause_s)
        sent = own.read()
        own.pass_(there_s)
        shown = own.wall + database_off
        own.pass_(back_s)
        clock.set(sent, own.read(), shown)
        now = clock.read().wall
        span = timedelta(seconds=there_s + back_s, microseconds=2)
        assert abs(now - (own.wall + database_off)) <= span
        if before is not None:
            assert now - before >= -max(span, span_before)
        before, span_before = now, span
    assert abs(clock.own_off_by_s() - off_s) <= 4.1


def test_an_answer_that_agrees_moves_nothing() -> None:
    """A slow answer does not make the wall clock tremble: what is known stays as long as it can be true."""
    own = SimulatedClock()
    clock = DatabaseClock(own)
    clock.set(own.read(), own.read(), BEGIN)
    own.pass_(10.0)
    sent = own.read()
    own.pass_(0.8)
    clock.set(sent, own.read(), BEGIN + timedelta(seconds=10.5))
    assert clock.read().wall == BEGIN + timedelta(seconds=10.8)


def test_a_machine_that_sleeps_or_whose_own_clock_is_set_has_the_databases_time() -> None:
    """Between two answers the boot clock carries it on; only a step of the database's clock is a step."""
    own = SimulatedClock()
    clock = DatabaseClock(own)
    clock.set(own.read(), own.read(), BEGIN)
    monitor = ClockMonitor(clock.read())
    own.step(3_600.0)
    assert monitor.look(clock.read()) is None
    assert clock.own_off_by_s() == 3_600.0
    own.sleep(100.0)
    assert clock.read().wall == BEGIN + timedelta(seconds=100)
    gap = monitor.look(clock.read())
    assert gap is not None
    assert gap.reason == "suspend"
    clock.set(own.read(), own.read(), BEGIN + timedelta(seconds=700))
    gap = monitor.look(clock.read())
    assert gap is not None
    assert (gap.reason, gap.by_s) == ("clock_step", 600.0)
