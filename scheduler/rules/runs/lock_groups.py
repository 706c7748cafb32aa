"""Lock groups: the runs that wait for nothing but locks and a slot, by the set of their locks. Pure rules.

If the oldest run of a group cannot start, none of the group can. So a turn looks at one run of each group, however
many wait.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Container, Iterator

from scheduler.entry_members import LockWait
from scheduler.rules.runs.locks import LockQueue


class LockGroup:
    """The runs that wait for the same locks, the oldest first.

    Attributes:
        names: of the locks, in order.
        numbers: of the runs.
        last: for which lock they waited when they were looked at last; looks: how often that was.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.numbers: list[int] = []
        self.last: LockWait | None = None
        self.looks = 0


class LockGroups:
    """All groups."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, ...], LockGroup] = {}
        self._joined: dict[int, tuple[LockGroup, int]] = {}
        self._seen: list[tuple[LockGroup, LockWait]] = []

    def __bool__(self) -> bool:
        return bool(self._joined)

    def __contains__(self, number: int) -> bool:
        return number in self._joined

    def add(self, number: int, names: tuple[str, ...]) -> None:
        """A run waits for these locks from now on."""
        group = self._groups.get(names)
        if group is None:
            group = self._groups[names] = LockGroup(names)
        insort(group.numbers, number)
        self._joined[number] = group, group.looks

    def drop(self, number: int) -> None:
        """A run waits for its locks no longer."""
        group, _ = self._joined.pop(number)
        del group.numbers[bisect_left(group.numbers, number)]
        if not group.numbers:
            del self._groups[group.names]

    def waited_for(self, number: int) -> LockWait | None:
        """For which lock a run has waited last; None if it was never seen to wait for one."""
        found = self._joined.get(number)
        return found[0].last if found is not None and found[0].looks > found[1] else None

    def forget_seen(self) -> None:
        """What was looked at since the last `confirm` came to nothing: it was not recorded."""
        self._seen.clear()

    def confirm(self) -> None:
        """What was decided is on record: those that could not have their locks wait for them."""
        for group, wait in self._seen:
            group.last, group.looks = wait, group.looks + 1
        self._seen.clear()

    def candidates(
        self, queue: LockQueue, without: Container[int] = (), *, note: bool = True
    ) -> Iterator[int]:
        """Numbers of the runs that can have their locks, oldest first; those that cannot wait in the queue.

        Whoever takes a number from here takes its locks from the queue before the next one, or leaves them to it.

        Args:
            queue: where they ask for their locks.
            without: numbers of runs that are not to start.
            note: keep for `confirm` for what the others wait.
        """
        heap = [(number, 0, group.names) for group in self._groups.values() for number in group.numbers[:1]]
        heapq.heapify(heap)
        while heap:
            number, at, names = heap[0]
            group = self._groups[names]
            if number not in without:
                if (wait := queue.obstacle(number, names)) is not None:
                    queue.wait(number, names)
                    # What waits behind one of its own group, which starts in the next round, tells nothing of that.
                    ahead = None if wait.behind is None else self._joined.get(wait.behind)
                    if note and (ahead is None or ahead[0] is not group):
                        self._seen.append((group, wait))
                    heapq.heappop(heap)
                    continue
                yield number
            if at + 1 < len(group.numbers):
                heapq.heapreplace(heap, (group.numbers[at + 1], at + 1, names))
            else:
                heapq.heappop(heap)
