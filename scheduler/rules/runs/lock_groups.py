"""Lock groups: the runs that wait for nothing but locks and a slot, by the set of their locks. Pure rules.

If the oldest run of a group cannot start, none of the group can: one run of each group is asked, however many wait.
And groups that share no lock, neither directly nor through others, mean nothing to each other: only those are asked
anew to which something happened, and those whose turn it is.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from scheduler.entry_members import LockWait
from scheduler.rules.runs.locks import LockQueue

Names = tuple[str, ...]
"""Of the locks of a group, in order."""


class LockGroup:
    """The runs that wait for the same locks, the oldest first.

    Attributes:
        names: of the locks, in order.
        numbers: of the runs.
        granted: numbers of those that could have their locks if there were slots for all.
        unseen: number of the oldest, if it cannot, and was not seen to wait since that was found out.
        last: for which lock they waited when they were looked at last; looks: how often that was.
    """

    def __init__(self, names: Names) -> None:
        self.names = names
        self.numbers: list[int] = []
        self.granted: list[int] = []
        self.unseen: int | None = None
        self.last: LockWait | None = None
        self.looks = 0


class Settled(NamedTuple):
    """What has changed of who could have all its locks: numbers of runs that now could, and that no longer do."""

    granted: list[int]
    withdrawn: list[int]


class LockGroups:
    """All groups."""

    def __init__(self) -> None:
        self._groups: dict[Names, LockGroup] = {}
        self._of_lock: dict[str, dict[Names, LockGroup]] = {}
        self._joined: dict[int, tuple[LockGroup, int]] = {}
        self._seen: list[tuple[LockGroup, LockWait, int]] = []
        # Of runs that could have their locks when younger ones of their group were last seen to wait: for what they
        # had waited before.
        self._before: dict[int, LockWait | None] = {}
        self._changed: dict[str, None] = {}
        self._capacities: Mapping[str, int] | None = None
        self._asked: dict[Names, LockGroup] = {}
        self._granted: list[int] = []
        self._unseen: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._joined)

    def __contains__(self, number: int) -> bool:
        return number in self._joined

    # -- what happens to them ----------------------------------------------------------------------------------

    def add(self, number: int, names: Names) -> None:
        """A run waits for these locks from now on."""
        group = self._groups.get(names)
        if group is None:
            group = self._groups[names] = LockGroup(names)
            for name in names:
                self._of_lock.setdefault(name, {})[names] = group
        insort(group.numbers, number)
        self._joined[number] = group, group.looks
        self.notice(names)

    def drop(self, number: int) -> None:
        """A run waits for its locks no longer."""
        group, _ = self._joined.pop(number)
        self._before.pop(number, None)
        _take_out(group.numbers, number)
        if number in group.granted:
            group.granted.remove(number)
            _take_out(self._granted, number)
        if number == group.unseen:
            self._is_seen(group)
        if not group.numbers:
            del self._groups[group.names]
            for name in group.names:
                del self._of_lock[name][group.names]
                if not self._of_lock[name]:
                    del self._of_lock[name]
        self.notice(group.names)

    def notice(self, names: Iterable[str]) -> None:
        """Something happened to these locks: others hold them, or wait for them."""
        self._changed.update(dict.fromkeys(names))

    # -- for what they waited ----------------------------------------------------------------------------------

    def waited_for(self, number: int) -> LockWait | None:
        """For which lock a run has waited last; None if it was never seen to wait for one."""
        if number in self._before:
            return self._before[number]
        found = self._joined.get(number)
        return found[0].last if found is not None and found[0].looks > found[1] else None

    def forget_seen(self) -> None:
        """What was looked at since the last `confirm` came to nothing: it was not recorded."""
        self._seen.clear()

    def confirm(self) -> None:
        """What was decided is on record: those that could not have their locks wait for them."""
        for group, wait, number in self._seen:
            for older in group.numbers[: bisect_left(group.numbers, number)]:
                self._before[older] = self.waited_for(older)
            group.last, group.looks = wait, group.looks + 1
            self._is_seen(group)
            for waiting in [
                each for each in self._before if each >= number and self._joined[each][0] is group
            ]:
                del self._before[waiting]
        self._seen.clear()

    def _is_seen(self, group: LockGroup) -> None:
        if group.unseen is not None:
            _take_out(self._unseen, group.unseen)
            group.unseen = None

    # -- asking ------------------------------------------------------------------------------------------------

    def settle(self, queue: LockQueue, freed: Iterable[str]) -> Settled:
        """Ask who could have all of its locks if there were slots for all, as far as that may have changed.

        Args:
            queue: where they ask: a new one.
            freed: locks that are held by less runs in the queue than by what was noticed.
        """
        freed = dict.fromkeys(freed)
        if queue.capacities is not self._capacities:
            self._capacities = queue.capacities
            self._changed.update(dict.fromkeys(self._of_lock))
        self._asked = groups = self._connected([*self._changed, *freed])
        self._changed = freed  # what is recorded of them may be something else
        before = {number for group in groups.values() for number in group.granted}
        after = self._ask(queue, groups)
        for number in before.difference(after):
            _take_out(self._granted, number)
        for number in set(after).difference(before):
            insort(self._granted, number)
        for group in groups.values():
            self._is_seen(group)
            group.granted = []
            if group.numbers[0] not in after:
                group.unseen = group.numbers[0]
                insort(self._unseen, group.unseen)
        for number, group in after.items():
            group.granted.append(number)
        return Settled([*after.keys() - before], [*before - after.keys()])

    def obstacle(self, queue: LockQueue, number: int, names: Names) -> LockWait | None:
        """The lock that a run could not have although there were slots for all; None if it could have all of its own.

        Args:
            queue: that of the last `settle`; number: of the run; names: of its locks.
        """
        others = {each: group for each, group in self._connected(names).items() if each not in self._asked}
        self._ask(queue, others)
        self._asked |= others
        return queue.obstacle(number, names)

    def candidates(
        self, queue: LockQueue, without: Container[int] = (), newcomers: Iterable[str] = ()
    ) -> Iterator[int]:
        """Numbers of the runs that can have their locks, oldest first; those that cannot wait in the queue.

        Whoever takes a number from here takes its locks from the queue before the next one, or leaves them to it. For
        what the others wait is kept for `confirm`.

        Args:
            queue: where they ask for their locks.
            without: numbers of runs that are not to start. If they cannot be counted, everybody is asked.
            newcomers: locks for which younger runs ask in the same queue, behind those that are asked here.
        """
        changed = [*self._changed, *newcomers]
        if isinstance(without, Iterable):
            changed += [
                name for number in without if number in self for name in self._joined[number][0].names
            ]
        else:
            changed += self._of_lock
        asking = self._connected(changed)
        heap = _heap(asking)
        by_age = heapq.merge(self._granted, self._unseen)
        upcoming = next(by_age, None)
        while True:
            while upcoming is not None and (not heap or upcoming <= heap[0][0]):
                # Whoever may have its locks now, and whoever was not seen to wait, asks together with its like.
                group = self._joined[upcoming][0]
                if group.names not in asking:
                    found = self._connected(group.names)
                    asking |= found
                    for each in found.values():
                        heapq.heappush(heap, _first(each))
                upcoming = next(by_age, None)
            if not heap:
                return
            number, at, names = heap[0]
            group = self._groups[names]
            if number not in without:
                if (wait := queue.obstacle(number, names)) is not None:
                    queue.wait(number, names)
                    # What waits behind one of its own group, which starts in the next round, tells nothing of that.
                    ahead = None if wait.behind is None else self._joined.get(wait.behind)
                    if ahead is None or ahead[0] is not group:
                        self._seen.append((group, wait, number))
                    heapq.heappop(heap)
                    continue
                yield number
            _next(heap, group, at)

    def _ask(self, queue: LockQueue, groups: Mapping[Names, LockGroup]) -> dict[int, LockGroup]:
        """The runs of these groups that could have their locks, oldest first; their locks are kept for them."""
        granted = {}
        heap = _heap(groups)
        while heap:
            number, at, names = heap[0]
            if queue.take(number, names, starts=False):
                granted[number] = groups[names]
                _next(heap, groups[names], at)
            else:
                heapq.heappop(heap)
        return granted

    def _connected(self, names: Iterable[str]) -> dict[Names, LockGroup]:
        """The groups that want one of these locks, or a lock that one of those wants, and so on."""
        found: dict[Names, LockGroup] = {}
        ahead, known = list(names), set()
        while ahead:
            name = ahead.pop()
            if name not in known:
                known.add(name)
                new = {
                    each: group for each, group in self._of_lock.get(name, {}).items() if each not in found
                }
                found |= new
                ahead += (other for each in new for other in each)
        return found


_Ahead = tuple[int, int, Names]
"""Who asks next: the number of a run, its place in its group, and whose group that is."""


def _heap(groups: Mapping[Names, LockGroup]) -> list[_Ahead]:
    """The oldest of each group, the oldest of them first."""
    heap = [_first(group) for group in groups.values()]
    heapq.heapify(heap)
    return heap


def _first(group: LockGroup) -> _Ahead:
    """The oldest of a group."""
    return group.numbers[0], 0, group.names


def _next(heap: list[_Ahead], group: LockGroup, at: int) -> None:
    """The first has asked: the next one of its group takes its place."""
    if at + 1 < len(group.numbers):
        heapq.heapreplace(heap, (group.numbers[at + 1], at + 1, group.names))
    else:
        heapq.heappop(heap)


def _take_out(numbers: list[int], number: int) -> None:
    """Take a number out of a sorted list in which it is."""
    del numbers[bisect_left(numbers, number)]
