"""Which instants of jobs an edit makes disappear, and which appear, in the time to come. Pure rules.

Only jobs whose instants may differ are looked at, and what is alike is computed once. Where there are many instants
they are counted without stepping through them; where there are very many the comparison ends early and says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Final, NamedTuple

from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.requests.upcoming import schedule_begins_at
from scheduler.rules.state import Job
from scheduler.schedule.schedule import Schedule, epoch_seconds, instant_at
from scheduler.schedule.stepped_schedule import SteppedSchedule

COMPARED_MAX: Final = 200_000
"""At most so many instants are compared with each other for a whole plan: a job that runs each second has more."""
_FEW_MAX: Final = 1_000
"""So many instants of a job are listed sooner than they are counted."""
NAMED_MAX: Final = 5
"""So many instants are named, the first ones; the others are counted."""


class Instants(NamedTuple):
    """The instants of a job in the time to come: those of a schedule in some stretches of it.

    Attributes:
        schedule: of the job; None if it has no instants.
        stretches: each `(after, until]`, ascending and apart from each other.
    """

    schedule: Schedule | None = None
    stretches: tuple[tuple[datetime, datetime], ...] = ()

    @classmethod
    def of(cls, job: Job | None, now: datetime, until: datetime) -> Instants:
        """Those at which a job will run by itself after now, up to `until`."""
        begin = None if job is None or not job.definition.has_times else schedule_begins_at(job, now)
        if job is None or begin is None or begin >= until:
            return cls()
        return cls(schedule_of(job.definition), tuple(job.open_stretches(begin, until)))

    def how_many(self) -> int:
        """How many there are, without stepping through them."""
        if self.schedule is None:
            return 0
        return sum(self.schedule.count_between(*stretch) for stretch in self.stretches)

    def listed(self, most: int) -> list[int] | None:
        """All of them as `each_s` has them; None if there are more than that."""
        found = list(islice(self.each_s(), most + 1))
        return found if len(found) <= most else None

    def each_s(self) -> Iterator[int]:
        """All of them in seconds since 1970, ascending."""
        if self.schedule is None:
            return iter(())
        return chain.from_iterable(_seconds(self.schedule, *stretch) for stretch in self.stretches)


def _seconds(schedule: Schedule, after: datetime, until: datetime) -> Iterator[int]:
    """The instants x with after < x <= until; those that are stepped through in seconds are not made into times."""
    if isinstance(schedule, SteppedSchedule):
        return schedule.ascending(epoch_seconds(after) + 1, epoch_seconds(until) + 1)
    return map(epoch_seconds, schedule.between(after, until))


class InstantChanges(NamedTuple):
    """How the instants of a job change.

    Attributes:
        before, after: how many there are in the time that was asked about, without the edit and with it; nothing is
            counted where they are the same.
        disappear, appear: how many of them are there in one case alone, up to `compared_until`.
        first_disappear, first_appear: the first of these.
        compared_until: up to when they were compared; None: to the end.
    """

    before: int = 0
    after: int = 0
    disappear: int = 0
    appear: int = 0
    first_disappear: tuple[datetime, ...] = ()
    first_appear: tuple[datetime, ...] = ()
    compared_until: datetime | None = None

    @property
    def any(self) -> bool:
        """Whether anything changes, as far as it was compared."""
        return bool(self.disappear or self.appear or self.before != self.after)


_Pair = tuple[Instants, Instants]
"""The instants of a job without an edit and with it."""


def instant_changes(pairs: Sequence[_Pair], compared_max: int = COMPARED_MAX) -> list[InstantChanges]:
    """How the instants of jobs change, each given as those without the edit and those with it.

    Args:
        pairs: of the jobs; the changes come in the same order.
        compared_max: how many instants are compared at most; those of jobs that have few come first.
    """
    found = {pair: InstantChanges() for pair in pairs if pair[0] == pair[1]}
    many: list[_Pair] = []
    left = compared_max // 2
    for pair in dict.fromkeys(pairs):
        if pair in found:
            continue
        most = min(_FEW_MAX, max(0, left) // 2)
        old, new = (each.listed(most) for each in pair)
        left -= sum(most + 1 if listed is None else len(listed) for listed in (old, new))
        if old is None or new is None:
            many.append(pair)
        else:
            counts = InstantChanges(len(old), len(new))
            found[pair] = _compared(iter(old), iter(new), counts, len(old) + len(new))
    found |= _counted(many, compared_max // 2)
    return [found[pair] for pair in pairs]


def _counted(pairs: Sequence[_Pair], left: int) -> dict[_Pair, InstantChanges]:
    """The same of jobs that have many; at most `left` are compared, and those of jobs that have fewer come first."""
    counts = {pair: (pair[0].how_many(), pair[1].how_many()) for pair in pairs}
    found = {}
    for number, pair in enumerate(sorted(counts, key=lambda pair: sum(counts[pair]))):
        before, after = counts[pair]
        changes = InstantChanges(before, after)
        if not before or not after:
            gone, come = (_times(islice(each.each_s(), NAMED_MAX)) for each in pair)
            found[pair] = changes._replace(
                disappear=before, appear=after, first_disappear=gone, first_appear=come
            )
        else:
            share = max(1, left // (len(counts) - number))
            found[pair] = _compared(pair[0].each_s(), pair[1].each_s(), changes, share)
            left -= min(share, before + after)
    return found


def _compared(
    old: Iterator[int], new: Iterator[int], counts: InstantChanges, steps_max: int
) -> InstantChanges:
    """Step through both, which are ascending, at most so many instants of them."""
    alone: tuple[list[int], list[int]] = [], []
    numbers = [0, 0]
    first, second = next(old, None), next(new, None)
    steps, reached = 0, None
    while (first is not None or second is not None) and steps < steps_max:
        steps += 2 if first == second else 1
        if first == second:
            reached, first, second = first, next(old, None), next(new, None)
            continue
        side = 0 if second is None or (first is not None and first < second) else 1
        reached = second if side else first
        numbers[side] += 1
        if numbers[side] <= NAMED_MAX and reached is not None:
            alone[side].append(reached)
        if side:
            second = next(new, None)
        else:
            first = next(old, None)
    whole = first is None and second is None
    return counts._replace(
        disappear=numbers[0],
        appear=numbers[1],
        first_disappear=_times(alone[0]),
        first_appear=_times(alone[1]),
        compared_until=None if whole or reached is None else instant_at(reached),
    )


def _times(seconds: Iterable[int]) -> tuple[datetime, ...]:
    return tuple(map(instant_at, seconds))
