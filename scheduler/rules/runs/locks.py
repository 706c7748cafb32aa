"""Locks: which runs hold them, and who is next. Pure rules.

A run takes all the locks of its job when an attempt starts, or none, and holds them until that attempt has ended. The
oldest run comes first: a younger one takes no lock for which an older one waits. How many runs may hold a lock at
once is a setting of whoever starts runs; what a run holds is what its `run.started` says, or before that its
`run.assigned`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence

from scheduler.entry_members import LockWait
from scheduler.rules.state import Run, State

HOLDERS_SHOWN_MAX = 16
"""What tells of a wait names at most this many of the runs that hold the lock: those that came first."""

Holders = Mapping[str, Mapping[int, int]]
"""By the name of a lock: the runs that hold it, each with the number of runs that could when it started."""


def locks_of(state: State, run: Run) -> tuple[str, ...]:
    """The locks that a run wants, as its job is defined."""
    job = state.jobs.get(run.job)
    return () if job is None else job.definition.locks


class HeldLocks:
    """Who holds which lock: an index over the state that each entry about a run updates."""

    def __init__(self) -> None:
        self._locks_of: dict[int, list[str]] = {}
        self.holders: dict[str, dict[int, int]] = {}

    @classmethod
    def of(cls, runs: Iterable[Run]) -> HeldLocks:
        """The index over these runs; whoever took a lock last is the last of its holders."""
        held = cls()
        taken = [
            (run.started if run.assigned is None else run.assigned.time, run.number, run)
            for run in runs
            if run.begun
        ]
        # No two runs have the same number, so that runs themselves are not compared.
        for _, number, run in sorted(taken):
            held.notice(number, run)
        return held

    def notice(self, number: int, run: Run | None) -> list[str]:
        """Note that an entry about a run was folded; `run` is None if it has ended by that.

        Returns:
            Names of the locks that it held before, or holds now.
        """
        touched = self._release(number) if number in self._locks_of else []
        if run is not None and run.locks:
            self._locks_of[number] = list(run.locks)
            touched += run.locks
            for name, capacity in run.locks.items():
                self.holders.setdefault(name, {})[number] = capacity
        return touched

    def _release(self, number: int) -> list[str]:
        released = self._locks_of.pop(number)
        for name in released:
            of_lock = self.holders[name]
            del of_lock[number]
            if not of_lock:
                del self.holders[name]
        return released


class LockQueue:
    """One round of asking for locks: whoever asks must do so in order of age, the oldest run first.

    Args:
        holders: who holds which lock.
        capacities: how many runs may hold a lock at once; one that is not here is held by one. None: as many as could
            when the last of its holders started.
        over: numbers of runs whose attempt has ended: they hold nothing any more.

    Attributes:
        capacities: as given.
    """

    def __init__(
        self, holders: Holders, capacities: Mapping[str, int] | None, over: Container[int | None] = ()
    ) -> None:
        self._noted, self.capacities, self._over = holders, capacities, over
        self._holders: dict[str, list[int]] = {}
        self._waiting: dict[str, int] = {}
        self._kept_for: set[int] = set()

    def capacity(self, name: str) -> int:
        """How many runs may hold this lock at once."""
        if self.capacities is not None:
            return self.capacities.get(name, 1)
        noted = self._noted.get(name)
        return noted[next(reversed(noted))] if noted else 1

    def noted(self, names: Iterable[str]) -> dict[str, int]:
        """These locks as a run's start names them, each with its capacity."""
        return {name: self.capacity(name) for name in names}

    def take(self, number: int, names: Sequence[str], *, starts: bool = True) -> bool:
        """Take all of these locks for a run; if one cannot be had, take none and wait for all of them.

        Args:
            number: of the run; names: of the locks.
            starts: the run starts now; else they are kept for it.
        """
        if self.obstacle(number, names) is not None:
            self.wait(number, names)
            return False
        for name in names:
            self._of(name).append(number)
        if not starts:
            self._kept_for.add(number)
        return True

    def wait(self, number: int, names: Sequence[str]) -> None:
        """From now on no younger run takes one of these locks."""
        for name in names:
            self._waiting.setdefault(name, number)

    def obstacle(self, number: int, names: Sequence[str]) -> LockWait | None:
        """The first of these locks that the run cannot have now, and why; None if it can have all."""
        for name in names:
            holders = self._of(name)
            if len(holders) >= self.capacity(name):
                ahead = [each for each in holders if each in self._kept_for]
                if ahead:
                    return LockWait(name=name, behind=ahead[0])
                return LockWait(name=name, holders=holders[:HOLDERS_SHOWN_MAX])
        for name in names:
            first = self._waiting.get(name, number)
            if first < number:
                return LockWait(name=name, behind=first)
        return None

    def _of(self, name: str) -> list[int]:
        holders = self._holders.get(name)
        if holders is None:
            holders = [number for number in self._noted.get(name, ()) if number not in self._over]
            self._holders[name] = holders
        return holders
