from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scheduler.nodes.renewal import Renewal


def test_nothing_is_started_before_a_renewal_was_acknowledged() -> None:
    """A node that nobody has heard of starts nothing."""
    assert not Renewal().may_start(0.0, 60.0)


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e3), st.floats(1.0, 1e4))
def test_who_starts_something_cannot_be_given_up_before_half_of_the_time_is_over(
    sent_s: float, later_s: float, lost_after_s: float
) -> None:
    """The others count from when they heard the renewal, which is no earlier than when it was sent."""
    renewal = Renewal()
    renewal.acknowledged(sent_s)
    now_s = sent_s + later_s
    if renewal.may_start(now_s, lost_after_s):
        given_up_s = sent_s + lost_after_s
        assert given_up_s - now_s > lost_after_s / 2 - 1e-6
    else:
        assert now_s - sent_s >= lost_after_s / 2
