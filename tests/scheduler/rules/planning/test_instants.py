"""Which instants disappear and appear, against sets of them; and what is not computed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.rules.planning.instants import COMPARED_MAX, NAMED_MAX, Instants, instant_changes
from scheduler.schedule.every import parse_every
from scheduler.schedule.expression import parse_expression
from scheduler.schedule.schedule import Schedule, Summary, instant_at
from tests.support.examples import examples

NOW = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = NOW + timedelta(days=40)
SCHEDULES = [
    parse_expression("30 2 * * *", "Europe/Paris"),
    parse_expression("30 2 * * mon-fri", "Europe/Paris"),
    parse_expression("0 */6 * * *", "UTC"),
    parse_every("90m", "UTC"),
    parse_every("2h", "UTC"),
    parse_every("50d", "UTC"),
]


def _some() -> st.SearchStrategy[Instants]:
    hours = st.lists(st.integers(0, 40 * 24), min_size=0, max_size=4, unique=True).map(sorted)
    ends = hours.map(lambda found: [NOW + timedelta(hours=each) for each in found])
    stretches = ends.map(lambda found: tuple(zip(found[::2], found[1::2], strict=False)))
    whole = st.just(((NOW, UNTIL),))
    return st.one_of(
        st.just(Instants()), st.builds(Instants, st.sampled_from(SCHEDULES), st.one_of(stretches, whole))
    )


@settings(max_examples=examples(40))
@given(st.lists(st.tuples(_some(), _some()), max_size=4), st.sampled_from([COMPARED_MAX, 300]))
def test_they_are_the_difference_of_two_sets(pairs: list[tuple[Instants, Instants]], most: int) -> None:
    """As far as they were compared, which is to the end unless there are very many."""
    for (old, new), changes in zip(pairs, instant_changes(pairs, most), strict=True):
        end = changes.compared_until or UNTIL
        before, after = set(map(instant_at, old.each_s())), set(map(instant_at, new.each_s()))
        gone = sorted(each for each in before - after if each <= end)
        come = sorted(each for each in after - before if each <= end)
        assert (changes.disappear, changes.appear) == (len(gone), len(come))
        assert list(changes.first_disappear) == gone[:NAMED_MAX]
        assert list(changes.first_appear) == come[:NAMED_MAX]
        assert changes.after - changes.before == len(after) - len(before)
        assert most < COMPARED_MAX or changes.compared_until is None


class _Unasked(Schedule, frozen=True):
    """A schedule that is not to be asked for its instants."""

    def next_after(self, instant: datetime) -> datetime | None:
        raise AssertionError(f"it was asked for what is after {instant}")

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        raise AssertionError(f"it was asked for {limit} from {after} to {until}")

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        raise AssertionError(f"it was asked for {n} from {after} to {until}")

    def summary(self, after: datetime, until: datetime) -> Summary:
        raise AssertionError(f"it was asked how many there are from {after} to {until}")

    def describe(self) -> str:
        return "never asked"

    def source(self) -> str:
        return "never asked"


def test_what_stays_as_it_is_is_not_computed() -> None:
    """A job whose times do not change costs nothing, however often it runs."""
    alike = Instants(_Unasked("UTC"), ((NOW, UNTIL),))
    (changes,) = instant_changes([(alike, alike)])
    assert not changes.any


def test_very_many_are_compared_as_far_as_that_takes_no_time() -> None:
    """Each second against each other second: the counts are those of all, the comparison says where it ended."""
    old, new = (Instants(parse_every(each, "UTC"), ((NOW, UNTIL),)) for each in ("1s", "2s"))
    few = Instants(SCHEDULES[0], ((NOW, UNTIL),)), Instants(SCHEDULES[1], ((NOW, UNTIL),))
    changes, whole = instant_changes([(old, new), few], 1_000)
    assert (changes.before, changes.after) == (40 * 86_400, 40 * 86_400 // 2)
    assert changes.compared_until is not None
    assert changes.disappear == -(-int((changes.compared_until - NOW).total_seconds()) // 2)
    assert (whole.compared_until, whole.appear) == (None, 0)
    assert whole.disappear == 11


class _Watched(_Unasked, frozen=True):
    """Each second of a minute that has the same number, or each other one; `stepped` has how many were asked for."""

    number: int
    interval_s: int
    stepped: ClassVar[int] = 0

    @property
    def every(self) -> Schedule:
        return parse_every(f"{self.interval_s}s from 2026-03-01T00:00:{self.number % 60:02}", "UTC")

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        for instant in self.every.between(after, until, limit):
            _Watched.stepped += 1
            yield instant

    def summary(self, after: datetime, until: datetime) -> Summary:
        return self.every.summary(after, until)


def test_a_plan_never_steps_through_more_than_it_may() -> None:
    """However many jobs there are, and however often they run."""
    _Watched.stepped = 0
    stretch = ((NOW, UNTIL),)
    watched = [(_Watched("UTC", n, 60), _Watched("UTC", n, 120)) for n in range(300)]
    pairs = [(Instants(old, stretch), Instants(new, stretch)) for old, new in watched]
    changes = instant_changes(pairs, 10_000)
    assert _Watched.stepped <= 10_000 + 6 * len(pairs)
    assert {(each.before, each.after) for each in changes} == {(57_600, 28_800)}
    assert all(each.compared_until is not None for each in changes)
