"""Groups of runs that wait for locks: asking those to whom something happened comes to the same as asking all."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.entry_members import LockWait
from scheduler.rules.runs.lock_groups import LockGroups
from scheduler.rules.runs.locks import HeldLocks, LockQueue
from scheduler.rules.state import Run
from tests.support.world import BEGIN

NEIGHBOURS = ("abc", "def", "ghi", "jkl")
"""Locks that one run wants are neighbours."""
LOCKS = "".join(NEIGHBOURS)
CAPACITIES: tuple[dict[str, int], ...] = ({}, {"a": 2}, {"a": 3, "d": 2})
SEVERAL_MAX = 2
Names = tuple[str, ...]
T = TypeVar("T")


class Groups(LockGroups):
    """Lock groups, who could have all of their locks, and the queues of the round in which they are asked.

    Args:
        names: of the locks of each run.
        asks_all: to them everything has always changed, so that everybody is asked.
    """

    def __init__(self, names: dict[int, Names], *, asks_all: bool) -> None:
        super().__init__()
        self._names, self._asks_all = names, asks_all
        self.could_start: set[int] = set()
        self._locks = self._slots_for_all = LockQueue({}, None)

    def drop(self, number: int) -> None:
        """See `LockGroups`."""
        super().drop(number)
        self.could_start.discard(number)

    def begin(self, held: HeldLocks, capacities: dict[str, int], over: Sequence[int]) -> None:
        """A round begins."""
        self.forget_seen()
        self._all_changed()
        self._locks, self._slots_for_all = (LockQueue(held.holders, capacities, over) for _ in range(2))
        freed = [name for name, holders in held.holders.items() if not holders.keys().isdisjoint(over)]
        settled = self.settle(self._slots_for_all, freed)
        assert self.could_start.isdisjoint(settled.granted)
        assert self.could_start.issuperset(settled.withdrawn)
        self.could_start = self.could_start.difference(settled.withdrawn).union(settled.granted)

    def kept_by(self, number: int) -> LockWait | None:
        """What a run could not have although there were slots for all."""
        return self.obstacle(self._slots_for_all, number, self._names[number])

    def offer(
        self, slots: int, without: Sequence[int], refusals: dict[int, str], newcomer: Names
    ) -> tuple[list[int], list[int], LockWait | None]:
        """The runs that were offered, those that began, and what one that has just come cannot have."""
        self._all_changed()
        offered: list[int] = []
        begun: list[int] = []
        for number in self.candidates(self._locks, without, newcomer):
            if len(begun) >= slots:
                break
            offered.append(number)
            if number not in refusals:
                assert self._locks.take(number, self._names[number])
                begun.append(number)
            elif refusals[number] == "waits":
                self._locks.wait(number, self._names[number])
        none_left = len(begun) >= slots
        return offered, begun, None if none_left else self._locks.obstacle(len(self._names), newcomer)

    def _all_changed(self) -> None:
        if self._asks_all:
            self.notice(LOCKS)


class Rounds:
    """The same happens to two of them; `chance` says what."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._names: dict[int, Names] = {}
        self._both = [Groups(self._names, asks_all=asks_all) for asks_all in (False, True)]
        self._held, self._capacities = HeldLocks(), CAPACITIES[0]
        self._waiting: list[int] = []
        self._running: list[int] = []

    def one(self) -> None:
        """A round: who asks, who may begin, and what is recorded of it, if it can be."""
        self._come()
        over = self._some(self._running)
        for groups in self._both:
            groups.begin(self._held, self._capacities, over)
        self._are_alike(lambda groups: groups.could_start)
        for number in self._some(self._waiting):
            self._are_alike(lambda groups, number=number: groups.kept_by(number))  # type: ignore[misc]
        for number in self._some(self._waiting):  # it cannot start any more, or can again
            self._drop(number)
            if self._chance.random() < 0.5:
                self._add(number)
        without, slots = self._some(self._waiting), self._chance.randrange(4)
        refusals = {
            number: self._chance.choice(("no place", "waits")) for number in self._some(self._waiting)
        }
        newcomer = self._wanted()
        begun = self._are_alike(lambda groups: groups.offer(slots, without, refusals, newcomer))[1]
        if self._chance.random() < 0.8:
            self._record(over, begun, without)
        for number in self._waiting:
            self._are_alike(lambda groups, number=number: groups.waited_for(number))  # type: ignore[misc]

    def _come(self) -> None:
        for _ in range(self._chance.randrange(SEVERAL_MAX)):
            number = len(self._names)
            self._names[number] = self._wanted()
            self._add(number)
        if self._chance.random() < 0.1:
            self._capacities = self._chance.choice(CAPACITIES)

    def _record(self, over: Sequence[int], begun: Sequence[int], without: Sequence[int]) -> None:
        for groups in self._both:
            groups.confirm()
        for number in over:
            self._running.remove(number)
            self._hold(number, None)
        for number in begun:
            self._drop(number)
            self._running.append(number)
            locks = dict.fromkeys(self._names[number], 1)
            self._hold(number, Run(number, "job", "manual", BEGIN, locks=locks))
        for number in without:
            if number in self._waiting:
                self._drop(number)

    def _are_alike(self, answer: Callable[[Groups], T]) -> T:
        few, everybody = map(answer, self._both)
        assert few == everybody
        return few

    def _some(self, numbers: Sequence[int]) -> list[int]:
        """Most often none."""
        count = max(0, self._chance.randrange(-3, SEVERAL_MAX + 1))
        return self._chance.sample(numbers, min(count, len(numbers)))

    def _wanted(self) -> Names:
        neighbours = self._chance.choice(NEIGHBOURS)
        return tuple(sorted(self._chance.sample(neighbours, self._chance.randint(1, SEVERAL_MAX))))

    def _add(self, number: int) -> None:
        self._waiting.append(number)
        for groups in self._both:
            groups.add(number, self._names[number])

    def _drop(self, number: int) -> None:
        self._waiting.remove(number)
        for groups in self._both:
            groups.drop(number)

    def _hold(self, number: int, run: Run | None) -> None:
        touched = self._held.notice(number, run)
        for groups in self._both:
            groups.notice(touched)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
def test_to_ask_those_to_whom_something_happened_is_to_ask_all(seed: int) -> None:
    """Whatever joins, leaves, ends, is refused or comes to nothing: offers, grants, obstacles and notes are alike."""
    rounds = Rounds(random.Random(seed))
    for _ in range(100):
        rounds.one()


class CountingQueue(LockQueue):
    """A queue that notes who asks."""

    def __init__(self, held: HeldLocks) -> None:
        super().__init__(held.holders, {})
        self.asked: list[int] = []

    def obstacle(self, number: int, names: Sequence[str]) -> LockWait | None:
        """See `LockQueue`."""
        self.asked.append(number)
        return super().obstacle(number, names)


def test_where_nothing_happened_nobody_is_asked() -> None:
    """And where something did, those that are connected with it, though through others."""
    groups, held, capacities = LockGroups(), HeldLocks(), CountingQueue(HeldLocks()).capacities
    held.notice(0, Run(0, "job", "manual", BEGIN, locks={"a": 1, "d": 1}))
    for number, names in enumerate([("a", "b"), ("b", "c"), ("d",), ("e",)], 1):
        groups.add(number, names)

    def asked(*changed: str) -> tuple[list[int], list[int]]:
        groups.notice(changed)
        queues = CountingQueue(held), CountingQueue(held)
        for queue in queues:
            queue.capacities = capacities
        groups.settle(queues[0], ())
        for number in groups.candidates(queues[1]):
            assert number == 4, "its lock is free"
            break
        groups.confirm()
        return queues[0].asked, queues[1].asked

    assert asked() == ([1, 2, 3, 4], [1, 2, 3, 4])
    assert asked() == ([], [4])
    assert asked("c") == ([1, 2], [1, 2, 4])
    assert asked("e") == ([4], [4])


def test_who_waits_behind_one_that_waits_for_a_slot_is_told_so() -> None:
    """The lock is kept for that one: nobody holds it."""
    groups, held = LockGroups(), HeldLocks()
    for number in (1, 2):
        groups.add(number, ("a",))
    queue = LockQueue(held.holders, {})
    assert groups.settle(queue, ()) == ([1], [])
    assert groups.obstacle(queue, 2, ("a",)) == LockWait(name="a", behind=1)


def test_who_could_have_its_lock_did_not_wait_for_what_younger_ones_wait_for() -> None:
    """It was offered and did not start for another reason; since then one of its group waits for a younger run."""
    groups, held = LockGroups(), HeldLocks()
    held.notice(0, Run(0, "job", "manual", BEGIN, locks={"a": 1}))
    for number, names in enumerate([("a",), ("a", "b"), ("a",)], 1):
        groups.add(number, names)

    def offer(*, over: Sequence[int] = ()) -> list[int]:
        queue = LockQueue(held.holders, {}, over)
        groups.settle(LockQueue(held.holders, {}, over), ["a"] if over else ())
        offered = []
        for number in groups.candidates(queue):
            offered.append(number)
            if number == 2:
                queue.take(2, ("a", "b"))
        groups.confirm()
        return offered

    def told() -> list[LockWait | None]:
        return [groups.waited_for(number) for number in (1, 2, 3)]

    held_by_0 = LockWait(name="a", holders=[0])
    assert (offer(), told()) == ([], [held_by_0] * 3)
    assert (offer(over=[0]), told()) == ([1, 2], [held_by_0, held_by_0, LockWait(name="a", holders=[2])])
    assert (offer(), told()) == ([], [held_by_0] * 3)
