"""Why no scheduler watched: it had stopped or died, the clock was set, or the ledger could not be written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import MisfireReason
from scheduler.explanation.clock_steps import clock_step
from scheduler.explanation.facts import Fact, Misfire, SchedulerDowntime, SchedulerPause
from scheduler.ledger.past import NEAR_ENTRIES, Past
from scheduler.rules.state import SchedulerStatus

_STARTS_MAX = 50
"""At most this many schedulers that started after an instant and died before they settled it are followed back."""


def unwatched_facts(past: Past, instant: datetime, settled_seq: int, reason: MisfireReason) -> list[Fact]:
    """Why no scheduler saw an instant that entry `settled_seq` recorded as misfired."""
    if reason == "scheduler_down":
        return list(_down_before(past, instant, settled_seq))
    if reason in ("clock_step", "suspend"):
        found = _backwards(past, settled_seq, v.ClockStepped.TYPE)
        return [] if found is None else [clock_step(found)]
    if reason == "ledger_unavailable":
        return [_paused(past, settled_seq)]
    return []


def misfire_of(entry: Entry, data: v.ScheduleMisfired) -> Misfire:
    """The fact that an entry records: instants passed unwatched."""
    return Misfire(
        entries=[entry.seq],
        time=entry.time,
        first=data.first,
        last=data.last,
        count=data.count,
        will_run=data.will_run,
        reason=data.reason,
    )


def downtime_now(past: Past, watch: SchedulerStatus | None) -> SchedulerDowntime:
    """Since when no scheduler has been running; `watch` is the one that served last and has ended."""
    return _down(past, watch, past.head_seq, None)


def downtime_around(past: Past, instant: datetime, closed_seq: int) -> list[Fact]:
    """Why no scheduler had seen an instant when entry `closed_seq` closed its schedule.

    Empty if that is not known: a scheduler may have been about to see the instant, or the machine may have slept.
    """
    watch = past.state_at(closed_seq - 1).scheduler
    if watch is not None and watch.time > instant:
        return list(_down_before(past, instant, closed_seq))
    seen = -1 if watch is None else watch.seq
    following = past.first_where(
        lambda state: state.scheduler is not None and state.scheduler.seq > seen, after=closed_seq - 1
    )
    if watch is None or watch.stopped is not None or following is not None:
        down = _down(past, watch, closed_seq - 1 if following is None else following.seq - 1, following)
        return [down] if down.since is None or down.since <= instant else []
    return []


def _down_before(past: Past, instant: datetime, seq: int) -> Iterator[Fact]:
    """The time without a scheduler, before entry `seq`, in which an instant fell.

    Or the instant fell before that time, while a scheduler ran and did not see it: for example, the machine slept,
    and the scheduler died as soon as it had recorded that. Then that fact comes first.
    """
    watch = past.state_at(seq).scheduler
    for _ in range(_STARTS_MAX):
        if watch is None:
            return
        started = past.entry(watch.seq)
        previous = past.state_at(started.seq - 1).scheduler
        down = _down(past, previous, started.seq - 1, started)
        if down.since is None or down.since <= instant:
            yield down
            return
        if previous is None or previous.time <= instant:
            yield from _not_seen(past, instant, started.seq)
            yield msgspec.structs.replace(down, later=True)
            return
        watch = previous


def _not_seen(past: Past, instant: datetime, started_seq: int) -> Iterator[Fact]:
    """What kept a running scheduler from seeing an instant, if the scheduler recorded that before it died."""
    gap = _backwards(past, started_seq, v.ClockStepped.TYPE)
    if gap is not None and (data := v.payload(gap)).before < instant <= data.after:
        yield clock_step(gap)
    elif (resumed := _backwards(past, started_seq, v.SchedulerResumed.TYPE)) is not None:
        paused = _paused(past, resumed.seq + 1)
        if paused.since is not None and paused.since <= instant <= resumed.time:
            yield paused


def _down(past: Past, watch: SchedulerStatus | None, last: int, started: Entry | None) -> SchedulerDowntime:
    """How the scheduler `watch` ended, given that entry `last` is the latest that it can have recorded."""
    until = None if started is None else started.time
    proof = [] if started is None else [started.seq]
    if watch is None:
        return SchedulerDowntime(entries=proof, how="never", until=until)
    if watch.stopped_seq is not None:
        return SchedulerDowntime(
            entries=[watch.stopped_seq, *proof],
            how="stopped",
            since=watch.stopped,
            reason=watch.stop_reason or "",
            until=until,
        )
    sign = _last_sign(past, watch.seq, last)
    return SchedulerDowntime(entries=[sign.seq, *proof], how="died", since=sign.time, until=until)


def _last_sign(past: Past, begin: int, last: int) -> Entry:
    """The last entry near `last` that the scheduler itself recorded; its `scheduler.started` if there is none."""
    for seq in range(last, max(begin, last - NEAR_ENTRIES), -1):
        entry = past.entry(seq)
        if entry.actor == v.SCHEDULER and not entry.type.startswith(v.OF_ANYONE):
            return entry
    return past.entry(begin)


def _paused(past: Past, settled_seq: int) -> SchedulerPause:
    resumed = _backwards(past, settled_seq, v.SchedulerResumed.TYPE)
    last = settled_seq if resumed is None else resumed.seq
    paused = _backwards(past, last, v.SchedulerPaused.TYPE)
    proof = [entry.seq for entry in (paused, resumed) if entry is not None]
    reason = "" if paused is None else v.payload(paused).reason
    return SchedulerPause(
        entries=proof,
        since=None if paused is None else paused.time,
        reason=reason,
        until=None if resumed is None else resumed.time,
    )


def _backwards(past: Past, seq: int, kind: str) -> Entry | None:
    """The nearest entry of a type before an entry; None if there is none near."""
    for each in range(seq - 1, max(-1, seq - NEAR_ENTRIES), -1):
        entry = past.entry(each)
        if entry.type == kind:
            return entry
    return None
