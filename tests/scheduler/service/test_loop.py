from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventstore.errors import Conflict, Unavailable
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import Retry, Secret
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.audit import audit
from tests.support.world import BEGIN, Process, SimulatedFiles, World, job


def test_a_tick_a_start_and_a_result_are_recorded_for_each_instant() -> None:
    """A job that falls due is ticked, started and finished, once for each instant."""
    world = World(job("nightly", "0 2 * * *"))
    world.start()
    world.run(2 * 86_400)
    day = ["schedule 01 02:00", "started", "succeeded", "schedule 02 02:00", "started", "succeeded"]
    assert world.told("nightly") == ["job.defined", *day]


def test_jobs_of_every_kind_may_fall_due_at_the_same_instant() -> None:
    """A cron, an interval and a single instant that coincide are all run."""
    world = World(
        job("cron", "0 1 * * *"), job("zone", "0 2 * * *", timezone="Europe/Paris"), job("every", every="1h"),
        job("at", at="2026-01-01T01:00:00Z"),
    )  # fmt: skip
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    for name in ("cron", "zone", "every", "at"):
        assert world.told(name)[1:] == ["schedule 01 01:00", "started", "succeeded"]


def test_what_was_missed_is_recorded_and_the_latest_is_run_once() -> None:
    """After a crash, `catch_up: one` runs the latest missed instant and records how many there were."""
    world = World(job("hourly"))
    world.start()
    world.run(3_700)
    world.crash()
    world.run(5 * 3_600)
    world.start()
    world.run(10)
    assert world.told("hourly")[-4:] == [
        "misfired 5 run 1 (scheduler_down)",
        "catch_up 01 06:00",
        "started",
        "succeeded",
    ]


def test_catch_up_all_runs_each_one_after_another() -> None:
    """`catch_up: all` runs each missed instant, oldest first, never two at once."""
    world = World(job("hourly", catch_up="all"))
    world.machine.behaviour = lambda launch: Process(60.0, 0)
    world.start()
    world.crash()
    world.run(3 * 3_600 + 60)
    world.start()
    world.run(600)
    assert world.told("hourly")[1:] == [
        "misfired 3 run 3 (scheduler_down)",
        "catch_up 01 01:00",
        "catch_up 01 02:00",
        "catch_up 01 03:00",
        "started",
        "succeeded",
        "started",
        "succeeded",
        "started",
        "succeeded",
    ]


def test_catch_up_limit_and_window_bound_what_is_run() -> None:
    """The limit keeps the newest instants, the window forgets the oldest; all are counted."""
    limited = job("limited", catch_up="all", catch_up_limit=2)
    windowed = job("windowed", catch_up="all", catch_up_window_ms=45 * 60_000)
    none = job("none", catch_up="none")
    world = World(limited, windowed, none)
    world.start()
    world.crash()
    world.run(5 * 3_600 + 60)
    world.start()
    world.run(10)
    assert world.told("limited")[1:4] == [
        "misfired 5 run 2 (scheduler_down)",
        "catch_up 01 04:00",
        "catch_up 01 05:00",
    ]
    assert world.told("windowed")[1:3] == ["misfired 5 run 1 (scheduler_down)", "catch_up 01 05:00"]
    assert world.told("none")[1:] == ["misfired 5 run 0 (scheduler_down)"]


def test_a_suspend_is_recorded_and_caught_up() -> None:
    """Instants that passed while the machine slept are misfires of the suspend."""
    world = World(job("hourly"))
    world.start()
    world.run(60)
    world.clock.sleep(3 * 3_600)
    world.run(10)
    assert "misfired 3 run 1 (suspend)" in world.told("hourly")
    assert [v.payload(entry).kind for entry in world.entries(v.ClockStepped)] == ["suspend"]


def test_a_clock_set_back_fires_nothing_twice() -> None:
    """An hour that comes again because someone set the clock back is not run again."""
    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + timedelta(hours=3, minutes=5))
    world.clock.step(-2 * 3_600)
    world.run(3 * 3_600)
    ticks = [v.payload(entry).scheduled_for.hour for entry in world.entries(v.ScheduleTicked)]
    assert ticks == [1, 2, 3, 4]
    assert [v.payload(entry).by_ms for entry in world.entries(v.ClockStepped)] == [-7_200_000]


def test_a_clock_set_ahead_is_caught_up() -> None:
    """Instants that a jump ahead passed over are misfires of the step."""
    world = World(job("hourly"))
    world.start()
    world.run(60)
    world.clock.step(2 * 3_600)
    world.run(10)
    assert "misfired 2 run 1 (clock_step)" in world.told("hourly")


def test_a_stall_is_caught_up() -> None:
    """A loop that was held up for long settles what passed meanwhile as misfires, without a clock entry."""
    world = World(job("minutely", "* * * * *"))
    world.start()
    world.run(1)
    world.turn()
    world.clock.pass_(300)
    world.turn()
    assert "misfired 5 run 1 (stall)" in world.told("minutely")
    assert world.entries(v.ClockStepped) == []


@pytest.mark.parametrize(
    ("edited", "ticks"),
    [({"on_demand": True}, []), ({"schedule": "30 * * * *"}, ["01:30"]), ({"timeout_ms": 60_000}, ["01:00"])],
    ids=str,
)
def test_an_edit_that_is_seen_while_an_instant_is_recorded_decides_it(
    edited: dict[str, Any], ticks: list[str]
) -> None:
    """It is older than the instant, and whoever records that had not read it yet, as over a slow network."""
    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + timedelta(minutes=59))
    store, seen = world.store, []

    def edit_before(events: Sequence[Event]) -> None:
        if any(event.type == v.ScheduleTicked.TYPE for event in events):
            store.before_commit = None
            seen.append(events)
            world.clock.step(-1)
            world.edit(job("hourly", **edited))
            world.clock.step(1)
            raise Conflict("another process appended first")

    store.before_commit = edit_before
    world.run(3_000)
    assert len(seen) == 1
    told = [f"{v.payload(entry).scheduled_for:%H:%M}" for entry in world.entries(v.ScheduleTicked)]
    assert told == ticks
    assert list(illegal_entries(world.entries())) == []


def test_overlap_skip_names_the_run_in_the_way() -> None:
    """An instant that falls due while a run goes is ticked and skipped, and says which run held it."""
    world = World(job("slow", "* * * * *"))
    world.machine.behaviour = lambda launch: Process(90.0, 0)
    world.start()
    world.run(200)
    assert world.told("slow")[1:6] == [
        "schedule 01 00:01",
        "started",
        "schedule 01 00:02",
        "skipped: overlap",
        "succeeded",
    ]
    skip = world.entries(v.RunSkipped)[0]
    first = world.entries(v.ScheduleTicked)[0]
    assert v.payload(skip).because_of == first.seq


def test_overlap_queue_waits_its_turn() -> None:
    """With `queue`, a run that falls due while another goes starts right after it."""
    world = World(job("slow", "* * * * *", overlap="queue"))
    world.machine.behaviour = lambda launch: Process(90.0, 0)
    world.start()
    world.run(200)
    starts = [entry.time - BEGIN for entry in world.entries(v.RunStarted)]
    assert [round(start.total_seconds()) for start in starts] == [60, 150]


def test_overlap_allow_runs_beside() -> None:
    """With `allow`, runs of one job go side by side."""
    world = World(job("slow", "* * * * *", overlap="allow"))
    world.machine.behaviour = lambda launch: Process(90.0, 0)
    world.start()
    world.run(125)
    assert world.told("slow")[1:] == ["schedule 01 00:01", "started", "schedule 01 00:02", "started"]


def test_capacity_is_shared_first_come_first_served() -> None:
    """No more than `max_parallel` runs go at once; the others start as soon as there is room, in order."""
    world = World(*(job(f"job-{n}", "0 1 * * *") for n in range(5)), max_parallel=2)
    world.machine.behaviour = lambda launch: Process(10.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    starts = [entry.run for entry in world.entries(v.RunStarted)]
    assert starts == sorted(entry.seq for entry in world.entries(v.ScheduleTicked))
    begun = [round((entry.time - BEGIN).total_seconds()) - 3_600 for entry in world.entries(v.RunStarted)]
    assert begun == [0, 0, 10, 10, 20]


def test_a_run_that_outlived_the_scheduler_is_adopted() -> None:
    """A process that survives a kill of the scheduler is watched on, and its end recorded."""
    world = World(job("long", "0 1 * * *"))
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    world.restart()
    world.run(3_600)
    assert world.told("long")[1:] == ["schedule 01 01:00", "started", "run.adopted", "unknown"]


@pytest.mark.parametrize("set_by_s", [-86_400.0, 10_000.0])
def test_the_timeout_of_an_adopted_run_is_not_moved_by_the_clock(set_by_s: float) -> None:
    """A clock that is set while nobody watches neither ends an adopted run early or late nor makes it longer."""
    world = World(job("long", "0 1 * * *", timeout_ms=3_600_000))
    world.machine.behaviour = lambda launch: Process(7_200.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=10))
    world.crash()
    world.clock.step(set_by_s)
    world.start()
    world.run(2_990)
    assert world.told("long")[-1] == "run.adopted"
    world.run(20)
    assert world.told("long")[-1] == "timed_out"
    (finished,) = (v.payload(entry) for entry in world.entries(v.RunFinished))
    assert finished.duration_ms is not None
    assert abs(finished.duration_ms - 3_600_000) < 2_000


def test_a_run_that_died_unwatched_is_lost_and_not_run_again() -> None:
    """After a reboot the run is lost, and its instant is not run a second time."""
    world = World(job("long", "0 1 * * *"))
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    world.crash()
    world.machine.reboot()
    world.start()
    world.run(3_600)
    assert world.told("long")[1:] == ["schedule 01 01:00", "started", "lost"]


def test_a_program_that_does_not_exist_is_a_failed_run() -> None:
    """A launch that fails is how the run ends, with the exit code that a shell would give."""
    world = World(job("broken", "0 1 * * *"))
    world.machine.behaviour = lambda launch: None
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    finished = v.payload(world.entries(v.RunFinished)[0])
    assert (finished.outcome, finished.exit_code, finished.error) == ("failed", 127, "no such program")


def test_a_timeout_stops_the_run() -> None:
    """A run that takes longer than its timeout is stopped and recorded as timed out."""
    world = World(job("slow", "0 1 * * *", timeout_ms=5_000))
    world.machine.behaviour = lambda launch: Process(60.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    finished = v.payload(world.entries(v.RunFinished)[0])
    assert (finished.outcome, finished.duration_ms) == ("timed_out", 5_000)


def test_a_disabled_job_does_not_run_until_it_is_enabled() -> None:
    """Between disabling and enabling nothing is run and nothing is owed."""
    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=30))
    world.person(v.JobDisabled(reason="maintenance"), "hourly")
    world.until(BEGIN + timedelta(hours=4, minutes=30))
    world.person(v.JobEnabled(), "hourly")
    world.until(BEGIN + timedelta(hours=5, minutes=30))
    assert [word for word in world.told("hourly") if "0" in word] == [
        "schedule 01 01:00",
        "schedule 01 05:00",
    ]


def test_a_pause_ends_by_itself_even_unwatched() -> None:
    """A pause that ended while no scheduler ran counts from its end: what fell due after it is caught up."""
    world = World(job("hourly", catch_up="all"))
    world.start()
    world.person(v.JobDisabled(until=BEGIN + timedelta(hours=2, minutes=30)), "hourly")
    world.run(60)
    world.crash()
    world.run(4 * 3_600)
    world.start()
    world.run(1)
    assert world.told("hourly")[1:] == [
        "job.disabled",
        "job.enabled",
        "misfired 2 run 2 (scheduler_down)",
        "catch_up 01 03:00",
        "catch_up 01 04:00",
        "started",
        "succeeded",
        "started",
        "succeeded",
    ]


def test_a_pause_that_ends_during_a_suspend_owes_nothing_before_its_end() -> None:
    """Instants inside a pause are not misfires of the suspend in which the pause ended."""
    world = World(job("hourly", catch_up="all"))
    world.start()
    world.person(v.JobDisabled(until=BEGIN + timedelta(hours=3, minutes=30)), "hourly")
    world.run(60)
    world.clock.sleep(4 * 3_600)
    world.run(1)
    assert world.told("hourly")[1:5] == [
        "job.disabled",
        "job.enabled",
        "misfired 1 run 1 (suspend)",
        "catch_up 01 04:00",
    ]


def test_a_pause_ends_by_itself_while_watched() -> None:
    """The scheduler enables the job again at the very moment the pause ends."""
    world = World(job("hourly"))
    world.start()
    until = BEGIN + timedelta(hours=2, minutes=30)
    world.person(v.JobDisabled(until=until), "hourly")
    world.until(BEGIN + timedelta(hours=3, minutes=1))
    enabled = world.entries(v.JobEnabled)[0]
    assert (enabled.time, enabled.actor) == (until, "scheduler")
    assert world.told("hourly")[-3:] == ["schedule 01 03:00", "started", "succeeded"]


def test_an_edited_schedule_never_fires_retroactively() -> None:
    """Unwatched instants of a replaced schedule are misfired and not run; the new one starts at the edit."""
    world = World(job("report", "0 * * * *"))
    world.start()
    world.crash()
    world.run(3 * 3_600 + 60)
    world.jobs["report"] = job("report", "30 * * * *")
    world.edits += 1
    world.start()
    world.until(BEGIN + timedelta(hours=4))
    assert world.told("report")[1:] == [
        "job.defined",
        "misfired 3 run 0 (replaced)",
        "schedule 01 03:30",
        "started",
        "succeeded",
    ]


@pytest.mark.parametrize("schedule", ["0 * * * *", "30 * * * *"])
@pytest.mark.parametrize("served", [True, False])
def test_a_job_that_the_config_enables_owes_nothing_from_before(schedule: str, served: bool) -> None:
    """The instants that passed while the config had it disabled never fire, nor count as missed."""
    world = World(job("pump", enabled=False, catch_up="all"))
    world.start()
    world.run(10_000)
    if not served:
        world.crash()
    world.edit(job("pump", schedule, catch_up="all"))
    if not served:
        world.start()
    world.run(4_000)
    assert world.told("pump")[4:] == [f"schedule 01 03:{schedule[:2].strip():0>2}", "started", "succeeded"]


def test_the_config_enables_what_a_person_had_enabled() -> None:
    """Then the job ran on its schedule before and does so after: what was missed is caught up."""
    world = World(job("pump", enabled=False, catch_up="all"))
    world.start()
    world.person(v.JobEnabled(), "pump")
    world.crash()
    world.clock.pass_(7_300)
    world.edit(job("pump", catch_up="all"))
    world.start()
    world.run(1)
    assert world.told("pump")[5:8] == [
        "misfired 2 run 2 (scheduler_down)",
        "catch_up 01 01:00",
        "catch_up 01 02:00",
    ]


def test_what_passed_between_a_pause_and_an_enabling_is_on_record() -> None:
    """A pause that ended by itself, unwatched, is over, though a person enables the job before that is recorded."""
    world = World(job("pump"))
    world.start()
    world.person(v.JobDisabled(until=BEGIN + timedelta(minutes=30)), "pump")
    world.crash()
    world.clock.pass_(4_000)
    world.person(v.JobEnabled(), "pump")
    world.start()
    world.run(1)
    assert "misfired 1 run 1 (scheduler_down)" in world.told("pump")
    audit(world.entries(), world.clock.wall)


def test_a_change_of_anything_else_leaves_catch_up_as_it_is() -> None:
    """A new description does not settle what was missed."""
    world = World(job("report", "0 * * * *"))
    world.start()
    world.crash()
    world.run(3 * 3_600 + 60)
    world.jobs["report"] = job("report", "0 * * * *", description="better")
    world.edits += 1
    world.start()
    world.run(1)
    assert world.told("report")[2:4] == ["misfired 3 run 1 (scheduler_down)", "catch_up 01 03:00"]


def test_what_was_missed_before_a_job_was_disabled_unwatched_is_on_record() -> None:
    """Instants between a crash and a person's disable are recorded as misfired, and not run."""
    world = World(job("hourly"))
    world.start()
    world.crash()
    world.run(2 * 3_600 + 60)
    world.person(v.JobDisabled(), "hourly")
    world.run(2 * 3_600)
    world.person(v.JobEnabled(), "hourly")
    world.run(3_600)
    world.start()
    world.run(1)
    assert world.told("hourly")[1:] == [
        "job.disabled",
        "job.enabled",
        "misfired 2 run 0 (disabled)",
        "misfired 1 run 1 (scheduler_down)",
        "catch_up 01 05:00",
        "started",
        "succeeded",
    ]


def test_a_restart_settles_nothing_again() -> None:
    """Starting once more after everything was caught up records nothing about the job."""
    world = World(job("hourly"))
    world.start()
    world.crash()
    world.run(2 * 3_600 + 60)
    world.person(v.JobDisabled(), "hourly")
    world.start()
    world.run(1)
    before = world.told("hourly")
    for _ in range(3):
        world.restart()
        world.run(1)
    assert world.told("hourly") == before


def test_a_requested_run_starts_at_once_and_even_if_disabled() -> None:
    """A person's request runs whatever the schedule and whether or not the job is enabled."""
    world = World(job("nightly", "0 2 * * *", enabled=False))
    world.start()
    requested = world.person(v.RunRequested(executor="scheduler", reason="test"), "nightly", run=-1)
    world.run(1)
    assert [entry.run for entry in world.entries(v.RunFinished)] == [requested.seq]
    assert v.payload(world.entries(v.RunFinished)[0]).trigger == "manual"


def test_a_request_while_the_job_runs_is_skipped() -> None:
    """With `skip`, a person's request is refused while a run of the job goes, and the ledger says why."""
    world = World(job("slow", "0 1 * * *"))
    world.machine.behaviour = lambda launch: Process(600.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    world.person(v.RunRequested(executor="scheduler"), "slow", run=-1)
    world.run(1)
    assert world.told("slow")[-1] == "skipped: overlap"


def test_a_run_is_cancelled_by_a_person() -> None:
    """A request to cancel stops the run and says who asked."""
    world = World(job("slow", "0 1 * * *"))
    world.machine.behaviour = lambda launch: Process(600.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    number = world.entries(v.RunStarted)[0].run
    world.person(v.RunCancelRequested(reason="wrong day"), "slow", run=number)
    world.run(1)
    finished = v.payload(world.entries(v.RunFinished)[0])
    assert (finished.outcome, finished.error) == ("cancelled", "cancelled by user:ann@sim")


def test_a_job_that_leaves_the_config_finishes_its_run() -> None:
    """Removing a job while it runs lets the run end and be recorded; it is never due again."""
    world = World(job("gone", "0 * * * *"))
    world.machine.behaviour = lambda launch: Process(600.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    world.edit(remove=["gone"])
    world.run(3 * 3_600)
    assert world.told("gone")[1:] == ["schedule 01 01:00", "started", "job.removed", "succeeded"]


def test_an_edit_elsewhere_does_not_enable_what_a_person_disabled() -> None:
    """Whoever spoke last wins: the config speaks about `enabled` only when it changes it."""
    world = World(job("hourly"))
    world.start()
    world.person(v.JobDisabled(), "hourly")
    world.edit(job("hourly", description="edited"))
    world.run(2 * 3_600)
    assert world.told("hourly")[1:] == ["job.disabled", "job.defined"]
    world.edit(job("hourly", description="edited", enabled=False))
    world.edit(job("hourly", description="edited", enabled=True))
    world.run(3_660)
    assert world.told("hourly")[-3:] == ["schedule 01 03:00", "started", "succeeded"]


def test_a_stopping_scheduler_starts_nothing_more() -> None:
    """After `begin_stop` nothing is ticked or started; what is going can end."""
    world = World(job("slow", "* * * * *", overlap="allow"))
    world.machine.behaviour = lambda launch: Process(90.0, 0)
    world.start()
    world.run(61)
    assert world.scheduler is not None
    world.scheduler.begin_stop()
    world.run(200)
    assert world.told("slow")[1:] == ["schedule 01 00:01", "started", "succeeded"]
    assert world.scheduler.unfinished == 0


def test_a_queued_run_survives_a_crash() -> None:
    """A run that was owed and waiting when the scheduler died is made by the next one."""
    world = World(*(job(f"job-{n}", "0 1 * * *") for n in range(3)), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(10.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, seconds=1))
    world.restart()
    world.run(60)
    assert len(world.entries(v.RunStarted)) == 3
    assert len(world.entries(v.RunFinished)) == 3


def test_a_queued_run_is_not_made_late_against_the_policy() -> None:
    """With `catch_up: none`, a run still waiting when the scheduler stopped is skipped after the restart."""
    world = World(*(job(f"job-{n}", "0 1 * * *", catch_up="none") for n in range(2)), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(10.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, seconds=1))
    world.crash()
    world.run(3_600)
    world.start()
    world.run(1)
    assert world.told("job-1")[1:3] == ["schedule 01 01:00", "skipped: catch_up"]


def test_daylight_saving_is_the_jobs_zone_matter() -> None:
    """A job at 02:30 in Paris runs right after the gap on the day the clocks go ahead, and once when they go back."""
    world = World(job("paris", "30 2 * * *", timezone="Europe/Paris"))
    world.clock.wall = datetime(2026, 3, 28, tzinfo=UTC)
    world.start()
    world.run(2 * 86_400)
    ticks = [v.payload(entry) for entry in world.entries(v.ScheduleTicked)]
    assert [tick.local_time for tick in ticks] == ["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00"]


def test_a_run_cancelled_while_nobody_watched_is_stopped_when_it_is_adopted() -> None:
    """A request to stop a run that outlived its scheduler is carried out by the next one."""
    world = World(job("long", "0 1 * * *"))
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    number = world.entries(v.RunStarted)[0].run
    world.crash()
    world.person(v.RunCancelRequested(), "long", run=number)
    world.start()
    world.run(1)
    assert world.told("long")[-2:] == ["run.adopted", "cancelled"]
    (finished,) = (v.payload(entry) for entry in world.entries(v.RunFinished))
    assert finished.error == "cancelled by user:ann@sim while nobody watched it"


def test_a_cancelled_run_is_stopped_though_its_adoption_cannot_be_recorded() -> None:
    """Where the ledger has no room at that moment."""
    one = World(job("pump", "0 * * * *"))
    one.machine.behaviour = lambda launch: Process(1e9, 0)
    one.start()
    one.run(3_601)
    other = World(job("pump", "0 * * * *"), machine=one.machine)
    other.start()
    (run,) = other.state.runs
    one.crash()
    other.person(v.RunCancelRequested(), "pump", run)

    def refuse(events: Sequence[Event]) -> None:
        if any(isinstance(event.data, v.RunAdopted) for event in events):
            raise Unavailable("no room")

    other.store.before_commit = refuse
    other.turn()
    other.store.before_commit = None
    other.run(10)
    assert other.told("pump")[-1] == "cancelled"


def test_two_schedulers_start_a_requested_run_once() -> None:
    """Both are woken by the request; whoever is second sees that it has begun."""
    worlds = [World(job("pump", "0 0 1 6 *"))]
    worlds.append(World(job("pump", "0 0 1 6 *"), machine=worlds[0].machine))
    worlds[0].machine.behaviour = lambda launch: Process(60.0, 0)
    for world in worlds:
        world.start()
    worlds[0].person(v.RunRequested(executor="scheduler"), "pump", run=-1)
    for world in worlds:
        world.turn()
    assert len(worlds[0].entries(v.RunStarted)) == 1


def test_a_ledger_that_cannot_be_written_pauses_and_resumes(monkeypatch: pytest.MonkeyPatch) -> None:
    """While appends fail nothing new starts and nothing is lost; when there is room again, it is caught up."""
    from eventstore.errors import Unavailable

    world = World(job("hourly"))
    world.machine.behaviour = lambda launch: Process(30.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, seconds=5))
    full = True

    def refuse(events: object) -> None:
        if full:
            raise Unavailable("No space left on device")

    assert world.scheduler is not None
    store = world.store
    store.before_commit = refuse
    world.run(2 * 3_600)
    assert world.told("hourly")[1:] == ["schedule 01 01:00", "started"]
    full = False
    tries = 0

    def no_room() -> bool:
        nonlocal tries
        tries += 1
        return False

    with monkeypatch.context() as small:
        small.setattr(store, "files", SimulatedFiles(no_room))
        world.run(10)
        for _ in range(100):  # whatever wakes it
            world.scheduler.turn()
    assert 1 <= tries <= 11
    world.run(60)
    assert world.told("hourly")[3:] == [
        "succeeded",
        "misfired 2 run 1 (ledger_unavailable)",
        "catch_up 01 03:00",
        "started",
        "succeeded",
    ]
    assert len(world.entries(v.SchedulerResumed)) == 1


def hold_up_next_append(world: World, seconds: float) -> None:
    """The next append takes so long."""
    waits = iter([seconds])

    def hold(events: object) -> None:
        world.clock.pass_(next(waits, 0.0))

    world.store.before_commit = hold


def test_what_was_asked_for_during_a_pause_comes_before_what_is_caught_up_after_it() -> None:
    """The scheduler has not judged it, and a younger run, which has not begun, is not in its way."""
    world = World(job("often", "* * * * *"))
    world.machine.behaviour = lambda launch: Process(1.0, 0)
    world.start()
    world.run(30)
    full = True

    def refuse(events: Sequence[Event]) -> None:
        if full:
            raise Unavailable("No space left on device")

    world.store.before_commit = refuse
    world.run(60)
    asked = world.person(v.RunRequested(executor="scheduler"), "often", run=-1).seq
    world.run(60)
    full = False
    world.run(30)
    assert world.entries(v.RunSkipped) == []
    tick = next(e.seq for e in world.entries(v.ScheduleTicked) if v.payload(e).trigger == "catch_up")
    assert tick > asked
    starts = [entry.run for entry in world.entries(v.RunStarted)]
    assert starts.index(tick) == starts.index(asked) + 1


def test_a_timeout_counts_from_the_start_however_long_recording_took() -> None:
    """An append that takes its time takes none of a run's: neither its timeout nor its duration counts it."""
    world = World(job("hourly", timeout_ms=60_000))
    world.machine.behaviour = lambda launch: Process(30.0, 0)
    world.start()
    world.until(BEGIN + timedelta(minutes=59, seconds=59))
    hold_up_next_append(world, 45.0)
    world.run(120)
    (finished,) = (v.payload(entry) for entry in world.entries(v.RunFinished))
    assert (finished.outcome, finished.duration_ms) == ("succeeded", 30_000)


def test_a_turn_that_was_held_up_was_not_watching() -> None:
    """Instants that passed while an append was held up are misfires of a stall, not runs that start all at once."""
    world = World(job("minutely", "* * * * *", catch_up="none", overlap="allow"))
    world.start()
    world.until(BEGIN + timedelta(seconds=59))
    hold_up_next_append(world, 600.0)
    world.run(70)
    (missed,) = (v.payload(entry) for entry in world.entries(v.ScheduleMisfired))
    assert (missed.reason, missed.count, missed.will_run) == ("stall", 10, 0)


def test_a_step_of_the_clock_is_recorded_though_the_disk_was_full() -> None:
    """What the clocks did while nothing could be recorded is recorded when it can."""
    from eventstore.errors import Unavailable

    world = World(job("hourly"))
    world.start()
    world.until(BEGIN + timedelta(minutes=5))
    full = True

    def refuse(events: object) -> None:
        if full:
            raise Unavailable("No space left on device")

    world.store.before_commit = refuse
    world.clock.step(3 * 3_600)
    world.run(60)
    full = False
    world.run(60)
    (stepped,) = (v.payload(entry) for entry in world.entries(v.ClockStepped))
    assert stepped.after - stepped.before > timedelta(hours=2)


def test_an_edit_in_the_midst_of_an_append_is_not_overlooked() -> None:
    """While a skip is being recorded another process changes the schedule: the old one ticks no more."""
    world = World(job("a", overlap="queue"))
    world.machine.behaviour = lambda launch: Process(9_000.0, 0)
    world.start()
    world.run(2 * 3_600 + 10)
    edits = [lambda: world.edit(job("a", "30 * * * *", overlap="queue"))]

    def come_first(events: Sequence[Event]) -> None:
        if edits and any(event.type == v.RunSkipped.TYPE for event in events):
            edits.pop()()
            raise Conflict("another process appended first")

    world.store.before_commit = come_first
    waiting = world.entries(v.ScheduleTicked)[1].seq
    world.person(v.RunCancelRequested(), "a", waiting)
    world.run(3 * 3_600)
    assert not edits
    due = [v.payload(entry).scheduled_for.minute for entry in world.entries(v.ScheduleTicked)]
    assert due == [0, 0, 30, 30, 30]


def test_what_cannot_be_prepared_is_recorded_at_once() -> None:
    """An attempt whose secret cannot be read has ended where it began, though nothing else is due for long."""
    retry = Retry(attempts=2, delay_ms=5_000)
    world = World(job("a", secrets={"TOKEN": Secret(file="/nonexistent/token")}, retry=retry))
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=10))
    ends = world.entries(v.RunFinished)
    assert [v.payload(each).attempt for each in ends] == [1, 2]
    assert ends[-1].time < BEGIN + timedelta(hours=1, seconds=10)
