from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from eventstore.store import OWN_SEQ
from projections import open_sql
from projections.audit.document import document
from projections.audit.findings import Listed
from projections.audit.report import Report
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.definition import After, Expect, JobDefinition
from scheduler.ledger.past import Past
from scheduler.store import open_store
from tests.projections.audit.reports import found, report_of, report_of_home, report_of_world
from tests.support.calendars import calendar, on
from tests.support.ledger import Writer, defined, run_finished, run_started, scheduler_started, ticked
from tests.support.lives import live_through
from tests.support.nodes import elected, joined, left
from tests.support.simulated_home import home_of, story

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HOURLY = JobDefinition(name="hourly", command="true", schedule="0 * * * *")


class Hours:
    """A made-up ledger of an hourly job, written hour by hour."""

    def __init__(self, root: Path, *definitions: JobDefinition) -> None:
        self.writer = Writer(root, 65_536, now=BEGIN, step=timedelta(0))
        events = [defined(each) for each in definitions or (HOURLY,)]
        self.writer.append(*events, v.event(scheduler_started(), v.SCHEDULER))

    def to(self, hours: float) -> datetime:
        """So many hours have passed since the beginning."""
        self.writer.now = BEGIN + HOUR * hours
        return self.writer.now

    def run(self, hours: int, name: str = "hourly", outcome: str = "succeeded", **facts: object) -> int:
        """An instant is ticked and run; the number of its run."""
        due = self.to(hours)
        tick = self.writer.record(ticked(due), name, OWN_SEQ)
        self.writer.record(run_started(due=due), name, tick.seq)
        self.writer.record(run_finished(due, outcome, due=due, **facts), name, tick.seq)  # type: ignore[arg-type]
        return tick.seq

    def say(
        self, data: v.Payload, name: str | None = "hourly", run: int | None = None, actor: str = "scheduler"
    ) -> int:
        """An entry."""
        return self.writer.record(data, name, run, actor).seq

    def report(self, hours: float, begin: float = 0, **options: object) -> Report:
        """A report about what passed, made then."""
        self.writer.close()
        window = Window(BEGIN + HOUR * begin, BEGIN + HOUR * hours)
        return report_of_home(self.writer.home, window.end, window, **options)


@pytest.fixture
def hours(tmp_path: Path) -> Hours:
    """The ledger of an hourly job."""
    return Hours(tmp_path)


def counts(report: Report) -> dict[str, int]:
    """How many instants have which disposition."""
    return {disposition: count for disposition, count in report.tally.totals.items() if count}


def test_a_story_is_told_instant_by_instant() -> None:
    """A pause, an outage, an edit and a run that took too long: each instant has the disposition that it had."""
    report = report_of_world(story(), Window(BEGIN - 3_650 * DAY, datetime(2025, 4, 6, 12, tzinfo=UTC)))
    assert counts(report) == {"succeeded": 6, "skipped": 1, "missed": 2, "disabled": 1}
    assert [each.tally.implied for each in report.revisions] == [6, 4]
    assert [(each.first.day, each.count, each.will_run) for each in report.runs.missed] == [(31, 3, 1)]
    assert [(each.kind, each.reason, each.missed) for each in report.watch.outages] == [("down", "died", 3)]
    assert [(each.seq, each.ended_seq) for each in report.changes.intervals] == [(7, 8)]


def test_what_no_scheduler_has_come_to_is_not_decided(hours: Hours) -> None:
    """Behind the last word of a scheduler, instants are open; those to come are not due."""
    hours.run(1)
    hours.say(v.SchedulerStopped(reason="signal"), None)
    report = hours.report(5)
    assert counts(report) == {"succeeded": 1, "undecided": 3}
    assert report.unexplained == 0


def test_what_a_scheduler_that_was_alive_left_is_unexplained(hours: Hours) -> None:
    """Whoever was alive for more than an hour after an instant had come to it; or another job shows that."""
    hours.run(1)
    hours.to(4.5)
    hours.say(v.SchedulerStopped(reason="signal"), None)
    report = hours.report(6)
    assert found(report) == [("no_disposition", "hourly", BEGIN + 2 * HOUR, 2)]
    assert counts(report) == {"succeeded": 1, "unexplained": 2, "undecided": 2}


def test_a_count_that_is_not_that_of_the_schedule_is_found(hours: Hours) -> None:
    """A misfire that says more or less than passed between its first and last is told with the right number."""
    hours.to(6.5)
    missed = v.ScheduleMisfired(first=BEGIN + HOUR, last=BEGIN + 6 * HOUR, count=5, policy="none", will_run=0)
    hours.say(missed)
    (finding,) = hours.report(7).findings
    assert (finding.kind, finding.count, finding.expected) == ("wrong_count", 5, 6)


def test_instants_that_were_promised_and_not_run_are_found(hours: Hours) -> None:
    """A misfire says that the last two will run; one tick is not there."""
    hours.to(6.5)
    missed = v.ScheduleMisfired(first=BEGIN + HOUR, last=BEGIN + 6 * HOUR, count=6, policy="all", will_run=2)
    hours.say(missed)
    hours.say(ticked(BEGIN + 6 * HOUR, trigger="catch_up"), run=OWN_SEQ)
    report = hours.report(7)
    assert found(report) == [("promise_broken", "hourly", BEGIN + 5 * HOUR, 1)]
    assert counts(report) == {"in_flight": 1, "missed": 4, "unexplained": 1}


def test_what_runs_for_a_job_that_was_disabled_or_unknown_is_found(hours: Hours) -> None:
    """No schedule in force had it."""
    hours.run(1)
    hours.say(v.JobDisabled(reason="quiet"), actor="user:ann@web1")
    hours.run(2)
    hours.run(2, "unheard-of")
    report = hours.report(3)
    assert [each[:2] for each in found(report)] == [("not_implied", "hourly"), ("not_implied", "unheard-of")]
    assert counts(report) == {"succeeded": 1, "disabled": 1}


def test_a_tick_of_a_job_after_others_needs_them(tmp_path: Path) -> None:
    """Where the job before it has not succeeded for the instant, nothing is owed."""
    after = JobDefinition(name="after", command="true", after=After(jobs=["hourly"]))
    hours = Hours(tmp_path, HOURLY, after)
    hours.run(1)
    for hour in (1, 2):
        tick = v.ScheduleTicked(
            scheduled_for=BEGIN + hour * HOUR, local_time="", timezone="UTC", lateness_ms=0, trigger="after",
            successes=[6],
        )  # fmt: skip
        hours.say(tick, "after", OWN_SEQ)
    assert [each[:3] for each in found(hours.report(1.5))] == []
    assert found(report_of_home(hours.writer.home, BEGIN + 3 * HOUR)) == [
        ("not_implied", "after", BEGIN + 2 * HOUR, 1)
    ]


def test_an_exclusion_that_is_not_on_record_is_found(tmp_path: Path) -> None:
    """What a calendar excludes has an entry before the next instant that is run."""
    closed = calendar("closed", "2026-03-03")
    world_job = JobDefinition(
        name="hourly", command="true", schedule="0 0,12 * * *", calendars=on(without=(closed,))
    )
    with closing(Writer(tmp_path, 65_536, now=BEGIN, step=timedelta(0))) as writer:
        data = v.CalendarDefined(name="closed", days=closed.days.digest, config="c", dates=["2026-03-03"])
        writer.append(v.event(data, v.CONFIG), defined(world_job), v.event(scheduler_started(), v.SCHEDULER))
        for hour in (12, 48):
            writer.now = BEGIN + hour * HOUR
            writer.record(ticked(writer.now), "hourly", OWN_SEQ)
    report = report_of_home(writer.home, BEGIN + 50 * HOUR)
    assert found(report) == [("no_exclusion", "hourly", BEGIN + DAY, 2)]


def test_other_zone_data_is_told_and_explains(tmp_path: Path) -> None:
    """A tick that older zone data had an hour earlier is the instant of the same local time, and is shown as such."""
    paris = JobDefinition(name="noon", command="true", schedule="0 12 * * *", timezone="Europe/Paris")
    hours = Hours(tmp_path, paris)
    hours.say(v.SchedulerStarted(pid=2, host="web1", boot_id="b", versions={"tzdata": "2019.1"}), None)
    for day, hour in ((0, 11), (1, 10), (2, 11)):
        due = hours.to(24 * day + hour)
        hours.say(
            ticked(due, local_time=f"2026-03-0{2 + day}T12:00:00+01:00", timezone="Europe/Paris"),
            "noon",
            OWN_SEQ,
        )
    report = hours.report(60, today={"tzdata": "2026.6"})
    assert found(report) == []
    assert counts(report) == {"in_flight": 3}
    (difference,) = report.versions.differences
    assert (difference.recorded, difference.recomputed) == (BEGIN + 34 * HOUR, BEGIN + 35 * HOUR)
    assert difference.versions == {"tzdata": "2019.1"}
    assert report_of_home(hours.writer.home, BEGIN + 60 * HOUR, today={"tzdata": "2019.1"}).unexplained == 2


def test_each_failure_is_told_with_what_resolved_it(hours: Hours) -> None:
    """It was made again by a person, the job succeeded later, or nothing did."""
    first = hours.run(1, outcome="failed", exit_code=3)
    hours.run(2, outcome="failed")
    again = hours.say(
        v.RunRequested(executor="self", reason="the disk is back", retry_of=first),
        run=OWN_SEQ,
        actor="user:ann@web1",
    )
    hours.say(run_started("manual"), run=again)
    hours.say(run_finished(hours.writer.now, trigger="manual"), run=again)
    hours.run(3, attempt=1)
    last = hours.run(4, outcome="timed_out")
    report = hours.report(5)
    told = [
        (each.run, each.resolution and (each.resolution.kind, each.resolution.run))
        for each in report.runs.failures
    ]
    assert told[0] == (first, ("made_again", again))
    assert told[1][1] == ("later_success", again)
    assert told[2] == (last, None)
    assert report.runs.unresolved == 1
    assert [(each.run, each.outcome, each.reason) for each in report.runs.manual] == [
        (again, "succeeded", "the disk is back")
    ]


def test_a_job_without_instants_is_told_too(tmp_path: Path) -> None:
    """Whoever reads the report sees which jobs there were, also those that nothing was implied for."""
    hours = Hours(tmp_path, HOURLY, JobDefinition(name="reindex", command="true", on_demand=True))
    hours.run(1)
    report = hours.report(2)
    assert [(each.key.job, each.tally.implied) for each in report.revisions] == [
        ("hourly", 1),
        ("reindex", 0),
    ]
    assert report.jobs == ["hourly"]


def test_late_runs_are_those_that_started_late(hours: Hours) -> None:
    """From the lateness on that is asked for."""
    due = hours.to(1)
    tick = hours.say(ticked(due), run=OWN_SEQ)
    hours.to(1.5)
    hours.say(run_started(due=due), run=tick)
    report = hours.report(2, late_from=timedelta(minutes=30))
    assert [(each.run, each.late_ms) for each in report.runs.late] == [(tick, 1_800_000)]
    assert len(report_of_home(hours.writer.home, BEGIN, late_from=timedelta(minutes=31)).runs.late) == 0


def test_a_report_from_a_kept_state_says_the_same(tmp_path: Path) -> None:
    """What a state holds of the entries before the range is what they say."""
    world = live_through(seed=5, jobs=6, days=30)
    home = home_of(world, tmp_path)
    middle = world.clock.wall - 10 * DAY
    window = Window(middle, world.clock.wall)
    whole = document(report_of_home(home, world.clock.wall, window))
    with closing(open_store(home)) as store:
        seq = max(entry.seq for entry in store.read(0) if entry.time < middle - DAY)
        state = Past.of(home, store).state_at(seq)
        assert all(each.cursor < middle for each in state.jobs.values())
        part = document(report_of(store, world.clock.wall, window, state=state))
    assert part["ledger"]["first_read"] == seq + 1
    for same in (
        "population",
        "unexplained",
        "failures",
        "late",
        "missed",
        "skipped",
        "changes",
        "disabled",
        "manual",
    ):
        assert part[same] == whole[same], same
    assert [each["name"] for each in part["jobs"]] == [each["name"] for each in whole["jobs"]]


def test_outages_are_those_of_the_view(tmp_path: Path) -> None:
    """When nobody watched, the report says as SQL does: it began and ended with the same entries."""
    world = live_through(seed=11, jobs=4, days=15, crashes=0.02)
    home = home_of(world, tmp_path)
    with open_sql(home) as sql:
        query = "SELECT kind, began_seq, ended_seq FROM outages WHERE kind <> 'clock_step'"
        view = set(sql.execute(query).all())
    outages = report_of_world(world).watch.outages
    assert {(each.kind, each.began_seq, each.ended_seq) for each in outages} == view
    assert len(view) > 3


def test_a_report_about_one_job_is_that_part_of_the_whole(tmp_path: Path) -> None:
    """The counts of a job do not depend on which others are told."""
    world = live_through(seed=6, jobs=4, days=12)
    whole = document(report_of_world(world))
    for each in whole["jobs"]:
        one = document(report_of_world(world, job=each["name"]))
        assert one["jobs"] == [each]


def test_lists_are_bounded_and_say_what_they_leave_out() -> None:
    """Rows beyond the bound are counted."""
    listed: Listed[int] = Listed(most=2)
    for number in range(5):
        listed.add(number)
    assert (list(listed), len(listed), listed.left_out) == ([0, 1], 5, 3)


def test_a_breach_that_ended_untold_has_its_end(tmp_path: Path) -> None:
    """Without a scheduler since then there is no entry that tells of its end; the one that ended it is there."""
    hours = Hours(tmp_path, structs.replace(HOURLY, expect=Expect(start_within_ms=600_000)))
    due = hours.to(1)
    run = hours.writer.record(ticked(due), "hourly", OWN_SEQ).seq
    since = hours.to(1 + 1 / 6)
    told = hours.say(
        v.ExpectationBreached(expectation="start_within", limit_ms=600_000, since=since, scheduled_for=due),
        run=run,
    )
    hours.to(2)
    started = hours.say(run_started(due=due), run=run)
    (breach,) = hours.report(3).breaches.listed
    assert (breach.seq, breach.since, breach.until, breach.by) == (told, since, BEGIN + 2 * HOUR, "started")
    assert (breach.because_of, breach.ended_seq) == (started, None)


def test_a_leader_that_falls_silent_is_an_outage_of_several_nodes(tmp_path: Path) -> None:
    """As in the view: from when it fell silent, or left, until another one leads; other nodes may leave meanwhile."""
    writer = Writer(tmp_path)
    writer.append(joined("a"), joined("b"), joined("c"), elected("a", 1))
    silent = writer.now
    writer.wait(seconds=10)
    writer.append(elected("b", 2, "silent", former="a", silent_since=silent))
    writer.append(left("c"))
    gone = writer.append(left("b"))[0].time
    writer.append(elected("a", 3, "left", former="b"))
    writer.close()
    watch = report_of_home(writer.home, writer.now).watch
    assert [(each.reason, each.began) for each in watch.outages] == [("silent", silent), ("SIGTERM", gone)]
    with open_sql(writer.home, threads=1) as sql:
        view = sql.execute("SELECT reason, began FROM outages ORDER BY began_seq").all()
    assert view == [(each.reason, each.began) for each in watch.outages]
    assert watch.since is not None
