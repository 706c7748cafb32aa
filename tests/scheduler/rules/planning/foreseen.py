"""A plan held against what a simulated scheduler then does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.planning.plan import EditConfig, Plan, plan
from scheduler.rules.reconcile import CalendarDefinition
from scheduler.rules.state import State
from tests.support.world import World

SPAN = timedelta(days=2)
_OF_WAITING = ("removed", "disabled", "cancelled", "catch_up", "superseded", "upstream")
"""Why a run that waits is skipped by what follows an edit; what else skips one is the rules of starting."""


def foresee(
    world: World,
    jobs: Mapping[str, JobDefinition],
    calendars: Mapping[str, CalendarDefinition] | None = None,
    *,
    span: timedelta = SPAN,
) -> Plan:
    """What a world's next edit would bring about."""
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(world.state), type=State)
    now = world.clock.wall
    edit = EditConfig(
        jobs,
        f"config-{world.edits + 1}",
        world.calendars if calendars is None else calendars,
        world.owner,
    )
    started = None
    if world.scheduler is None:
        started = v.SchedulerStarted(
            pid=1,
            host="sim",
            boot_id=f"boot-{world.machine.boots}",
            versions={},
            boottime_ms=round(world.clock.boottime_s * 1000),
        )
    return plan(state, edit, now, now + span, started)


def take_up(
    world: World,
    jobs: Mapping[str, JobDefinition],
    calendars: Mapping[str, CalendarDefinition] | None = None,
) -> list[Entry]:
    """What is recorded when the scheduler that serves, or one that starts now, takes the edit up."""
    before = len(world.entries())
    world.calendars = dict(world.calendars if calendars is None else calendars)
    if world.scheduler is None:
        world.jobs = dict(jobs)
        world.edits += 1
        world.start()
    else:
        world.edit(*jobs.values(), remove=[name for name in world.jobs if name not in jobs])
    world.turn()
    return world.entries()[before:]


def same_as_foreseen(found: Plan, recorded: list[Entry]) -> None:
    """What was recorded of the edit, and right after it, is what the plan says: entry by entry, job by job."""
    edits = {
        v.CalendarDefined.TYPE, v.JobDefined.TYPE, v.JobRemoved.TYPE, v.ConfigAccepted.TYPE,
        v.ApprovalRequested.TYPE, v.ApprovalWithdrawn.TYPE,
    }  # fmt: skip
    switches = {v.JobEnabled.TYPE, v.JobDisabled.TYPE}

    def of_edit(each: Entry | Event) -> bool:
        return each.type in edits or (each.type in switches and each.actor == v.CONFIG)

    assert {each.actor for each in found.recorded} <= {v.CONFIG}, (
        "a pause that has ended is nothing of the edit"
    )
    assert _told(found.recorded, of_edit) == _told(recorded, of_edit)
    names = [each.edit.name for each in found.jobs if each.edit.takes_effect]
    waiting = {each.run.number for job in found.jobs for each in job.runs if each.run.started is None}
    lost = {each.run for each in recorded if _is_lost(each)}
    ended = {each.run for each in recorded if each.type == v.RunFinished.TYPE}
    ended_jobs = {each.job for each in recorded if each.type == v.RunFinished.TYPE}
    late = {(each.job, each.run) for each in found.follows if each.type == v.ExpectationBreached.TYPE}
    for name in names:

        def of_job(each: Entry | Event, name: str = name) -> bool:
            stops = each.type == v.RunCancelRequested.TYPE
            if each.type == v.ExpectationBreached.TYPE:
                over = each.job in ended_jobs if each.run is None else each.run in ended
                return (
                    each.job == name and (each.job, each.run) in late and not over and _follows(each, waiting)
                )
            return each.job == name and _follows(each, waiting) and not (stops and each.run in lost)

        assert _told(found.follows, of_job) == _told(recorded, of_job), name


def _is_lost(entry: Entry) -> bool:
    """Whether an attempt turned out to be gone when a scheduler started: the plan does not look at processes."""
    data = v.payload(entry)
    return isinstance(data, v.RunFinished) and data.outcome == "lost"


def _follows(each: Entry | Event, waiting: set[int]) -> bool:
    data = v.payload(each) if isinstance(each, Entry) else each.data
    match data:
        case v.ScheduleMisfired() | v.ScheduleExcluded():
            return True
        case v.ScheduleTicked():
            return data.trigger == "catch_up"
        case v.RunSkipped():
            return data.reason in _OF_WAITING and each.run in waiting
        case v.RunFinished():
            return data.closes is not None and each.run in waiting
        case v.RunCancelRequested():
            return each.actor == v.SCHEDULER
        case v.ExpectationBreached():
            return data.expectation != "start_within"
        case v.ExpectationMet():  # what a run that goes on did meanwhile is nobody's to foresee
            return data.expectation != "start_within" and data.by not in ("started", "finished", "succeeded")
    return False


def _told(
    events: Iterable[Entry | Event], wanted: Callable[[Any], bool]
) -> list[tuple[str, str | None, object]]:
    return [
        (each.type, each.job, _fact(v.payload(each) if isinstance(each, Entry) else each.data))
        for each in events
        if wanted(each)
    ]


def _fact(data: object) -> object:
    """A payload, without the numbers of entries that what else is recorded moves."""
    if isinstance(data, v.ExpectationMet):
        return data.expectation, data.by, data.since
    return msgspec.json.encode(data)


def scheduled(entries: Iterable[Entry], name: str, after: datetime, until: datetime) -> list[datetime]:
    """The instants of a job that fell due in a stretch and were recorded, whatever became of their runs."""
    ticks = (
        v.payload(entry) for entry in entries if entry.type == v.ScheduleTicked.TYPE and entry.job == name
    )
    return [
        tick.scheduled_for
        for tick in ticks
        if isinstance(tick, v.ScheduleTicked)
        and tick.trigger == "schedule"
        and after < tick.scheduled_for <= until
    ]
