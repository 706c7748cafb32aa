from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from eventstore.replicated.database import NodeIdentity, NodePulse
from scheduler.nodes.liveness import COUNTED_MAX_S, SILENT_S, Liveness
from tests.support.examples import examples

MOMENTS = st.lists(
    st.tuples(
        st.sampled_from(["a raises", "b raises", "read", "read", "read", "failed"]),
        st.floats(0.0, 5.0, allow_nan=False),
    ),
    max_size=60,
)


def pulses(counters: dict[str, int]) -> list[NodePulse]:
    """Rows with these counters."""
    return [NodePulse(NodeIdentity(name, "1" * 32, name), counter) for name, counter in counters.items()]


@given(MOMENTS)
@settings(max_examples=examples(60))
def test_a_silence_is_never_counted_longer_than_it_lasted(moments: list[tuple[str, float]]) -> None:
    """Not longer than since a node raised its counter, nor than a second for each two readings in a row."""
    liveness, counters, raised_s, now_s = Liveness(), {"a": 0, "b": 0}, {"a": 0.0, "b": 0.0}, 0.0
    in_a_row = 0
    for what, later_s in moments:
        now_s += later_s
        if what == "read":
            in_a_row += 1
            liveness.read(pulses(counters), now_s)
        elif what == "failed":
            in_a_row = 0
            liveness.failed()
        else:
            counters[what[0]] += 1
            raised_s[what[0]] = now_s
        for name in counters:
            silence_s = liveness.silence_s(name)
            assert 0.0 <= silence_s <= max(0, in_a_row - 1) * COUNTED_MAX_S
            if what == "read":
                assert silence_s <= now_s - raised_s[name] + 1e-9


def test_who_raises_its_counter_is_never_silent_and_who_does_not_is() -> None:
    """Read four times a second: a node that renews each second is at most a second silent; another is after three."""
    liveness = Liveness()
    for turn in range(1, 41):
        liveness.read(pulses({"alive": turn // 4, "dead": 0}), turn * 0.25)
        assert liveness.silence_s("alive") <= 1.0
        assert liveness.is_silent("dead") == (0.25 * (turn - 1) >= SILENT_S)
    assert liveness.silence_s("never seen") == liveness.silence_s("dead")


def test_who_slept_takes_nobody_for_silent_when_it_wakes() -> None:
    """An hour between two readings counts for a second: the others may have been as they were now."""
    liveness = Liveness()
    liveness.read(pulses({"b": 7}), 0.0)
    liveness.read(pulses({"b": 7}), 3_600.0)
    assert liveness.silence_s("b") == COUNTED_MAX_S


def test_another_home_under_the_same_name_was_heard_when_it_came() -> None:
    """A row that changes hands is a sign of life, even if the counter is the same."""
    liveness = Liveness()
    liveness.read([NodePulse(NodeIdentity("a", "1" * 32, "x"), 4)], 0.0)
    liveness.read([NodePulse(NodeIdentity("a", "1" * 32, "x"), 4)], 1.0)
    liveness.read([NodePulse(NodeIdentity("a", "2" * 32, "x"), 4)], 2.0)
    assert liveness.silence_s("a") == 0.0
