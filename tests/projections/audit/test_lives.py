"""Lives of the simulated world: whatever crashes and whoever meddles, the report explains every instant."""

from __future__ import annotations

from datetime import timedelta

from projections.audit.report import Report
from projections.audit.window import Window
from scheduler.rules.evolve import evolve
from scheduler.rules.state import State
from tests.projections.audit.reports import after_ticks, found, owed, report_of, report_of_world
from tests.support.audit import audit
from tests.support.dependent_lives import live_in_chains
from tests.support.expectation_audit import Told, breaches
from tests.support.expectation_lives import live_expected
from tests.support.lives import disturb_by_weeks, live_through, live_wildly
from tests.support.rough_lives import live_roughly
from tests.support.world import BEGIN, World


def explained(world: World) -> int:
    """Hold the report against the auditor, who shares nothing with the fold; how many instants there were."""
    report = report_of_world(world)
    assert found(report) == []
    assert min(report.tally.totals.values()) >= 0
    assert owed(report) - after_ticks(world) == audit(world.entries(), world.clock.wall)
    return owed(report)


def test_every_instant_of_a_life_has_one_disposition(few: range) -> None:
    """Through crashes, suspends, edits, pauses and calendars the report counts what an independent auditor counts."""
    assert all(explained(live_through(seed=seed, jobs=5, days=10)) > 10 for seed in few)


def test_days_full_of_events_are_explained(few: range) -> None:
    """Also those of jobs that people disable, edit and remove while nobody watches."""
    for seed in few:
        report = report_of_world(live_wildly(seed))
        assert found(report) == []
        assert owed(report) > 20


def test_clocks_that_are_set_by_weeks_leave_nothing_unexplained(few: range) -> None:
    """An instant that a clock passed twice has one disposition."""
    for seed in few:
        explained(live_through(seed=seed, jobs=3, days=20, disturbed=disturb_by_weeks))


def test_jobs_after_others_are_explained_too(few: range) -> None:
    """Their instants are those of the jobs before them."""
    assert all(explained(live_in_chains(seed, steps=15)) > 20 for seed in few)


def test_rough_lives_are_explained(few: range) -> None:
    """Also where people settle instants, open them again and have them backfilled, and machines boot."""
    for seed in few:
        life = live_roughly(seed, hours=16.0)
        report = report_of(life.machine.store.peer(), life.machine.clock.wall)
        assert found(report) == []
        assert min(report.tally.totals.values()) >= 0


def told(report: Report) -> list[Told]:
    """The breaches of a report, in the order of their words."""
    listed = report.breaches.listed
    assert report.breaches.going == sum(each.until is None for each in listed)
    rows = [
        Told(each.expectation, each.job, each.run, each.limit_ms, each.since, each.until, each.by)
        for each in listed
    ]
    return sorted(rows, key=str)


def test_breaches_are_those_that_there_were(few: range) -> None:
    """Of the whole life, of a part of it that begins with a folded state, and of one job: as an auditor has them."""
    part = Window(BEGIN + timedelta(hours=9), BEGIN + timedelta(hours=21))
    some = more = 0
    for seed in few:
        world = live_expected(seed, 1.2)
        there = sorted(breaches(world.entries(), world.clock.wall), key=str)
        assert told(report_of_world(world)) == there
        inside = [
            each
            for each in there
            if each.since < part.end and (each.until is None or each.until >= part.begin)
        ]
        some += len(inside)
        more += len(there) - len(inside)
        state = State()
        for entry in world.entries():
            if entry.time < part.begin:
                evolve(state, entry)
        assert told(report_of_world(world, part, state=state)) == inside
        assert told(report_of_world(world, part)) == inside
        assert told(report_of_world(world, part, job="busy")) == [
            each for each in inside if each.job == "busy"
        ]
    assert min(some, more) > 5 * len(few)
