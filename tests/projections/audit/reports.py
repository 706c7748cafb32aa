"""Reports on simulated worlds and on made-up ledgers."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from eventstore.store import EventStore
from projections.audit.report import Report, audit_report
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.rules.state import State
from scheduler.store import open_store
from scheduler.version import versions
from tests.support.world import World

ALWAYS = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC))


def report_of(store: EventStore, made: datetime, window: Window = ALWAYS, **options: Any) -> Report:
    """A report of every entry of a ledger."""
    today = options.pop("today", versions())
    return audit_report(store, options.pop("state", State()), window, made=made, today=today, **options)


def report_of_world(world: World, window: Window = ALWAYS, **options: Any) -> Report:
    """A report of a simulated world, made when it has come to rest."""
    return report_of(world.machine.store.peer(), world.clock.wall, window, **options)


def report_of_home(home: Home, made: datetime, window: Window = ALWAYS, **options: Any) -> Report:
    """A report of a home's ledger."""
    with closing(open_store(home)) as store:
        return report_of(store, made, window, **options)


def owed(report: Report) -> int:
    """How many instants there are that were to be run, and by the schedule of the job itself."""
    totals = report.tally.totals
    free = ("excluded", "disabled", "not_due")
    return sum(count for disposition, count in totals.items() if disposition not in free)


def after_ticks(world: World) -> int:
    """How many instants were those of jobs before."""
    return sum(v.payload(tick).trigger == "after" for tick in world.entries(v.ScheduleTicked))


def found(report: Report) -> list[tuple[str, str, datetime, int]]:
    """What nothing explains: its kind, the job, the first instant, and how many."""
    return [(each.kind, each.job, each.first, each.count) for each in report.findings]


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DAY = timedelta(days=1)
