"""Which instants of a range are backfilled, and how many are left, and why."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from scheduler.ledger.disposals import Disposals
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.requests.backfill import Wanted, is_open, range_end
from scheduler.rules.state import Job

LOOKED_AT_MAX = 1_000_000
"""At most so many instants of a range are looked at."""


class RangeTooLong(ValueError):
    """There are more instants in a range than are looked at; `count` of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count} instants")


class BackfillChoice(NamedTuple):
    """What there is in a range.

    Attributes:
        wanted: the instants that are backfilled, in order.
        with_run: how many are left since they have a run; of all that were looked at.
        still_open: how many are left since the schedule has not disposed of them yet.
        cut_at: where the range ends, if more instants were asked for: what is later is the schedule's.
    """

    wanted: list[Wanted]
    with_run: int = 0
    still_open: int = 0
    cut_at: datetime | None = None


def choose(
    job: Job, disposals: Disposals, begin: datetime, end: datetime, now: datetime, *, missed_only: bool
) -> BackfillChoice:
    """The instants x of a job's present schedule with begin <= x < end that are to be backfilled.

    Args:
        job: the job; disposals: what is on record about its instants from `begin` on.
        begin: begin of the range; end: its end.
        now: the moment.
        missed_only: only those that are on record as misfired, or whose run was skipped.

    Raises:
        RangeTooLong: there are too many to look at.
    """
    schedule, last = schedule_of(job.definition), min(end - RESOLUTION, range_end(job, now))
    later = schedule.next_after(last)
    cut_at = last if later is not None and later < end else None
    if last < begin:
        return BackfillChoice([], cut_at=cut_at)
    count = schedule.count_between(begin - RESOLUTION, last)
    if missed_only:
        instants = disposals.without_run(schedule, begin, last)
    elif count > LOOKED_AT_MAX:
        raise RangeTooLong(count)
    else:
        instants = list(schedule.between(begin - RESOLUTION, last))
    wanted, with_run, still_open = [], 0, 0
    for instant in instants:
        disposal = disposals.of(instant)
        if is_open(job, instant):
            still_open += 1
        elif disposal.kind == "run":
            with_run += 1
        else:
            wanted.append(Wanted(instant, disposal.seq))
    return BackfillChoice(wanted, with_run, still_open, cut_at)
