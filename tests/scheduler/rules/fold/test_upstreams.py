"""What becomes of an instant in the jobs after others: which are awaited, which fail, which are none of theirs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from eventstore.store import OWN_SEQ, Entry
from scheduler import vocabulary as v
from scheduler.rules.fold import upstreams
from tests.support.chains import FIRST, HOUR_S, after, again, chain, check, fail, instants, ticks, world_of
from tests.support.world import BEGIN, Process, World, job

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def away(world: World, hours: float) -> None:
    """No scheduler is there for so long, and then one starts."""
    world.crash()
    world.clock.pass_(hours * HOUR_S)
    world.start()


def missed(hours: float, *jobs: Any, watched_s: float = 0.0, **members: Any) -> World:
    """A world that was served for a while, and then unwatched for so long; half an hour after that."""
    world = world_of(*jobs, **members)
    world.run(watched_s)
    away(world, hours)
    world.run(1_800)
    return world


def defined(*jobs: Any) -> World:
    """Jobs that a command defined; no scheduler is there."""
    world = World(*jobs)
    world.edit()
    return world


def tick(world: World, name: str, instant: datetime, **members: Any) -> int:
    """A tick of a job is recorded; the number of its run."""
    said = {"trigger": "schedule", **members}
    data = v.ScheduleTicked(scheduled_for=instant, local_time="", timezone="UTC", lateness_ms=0, **said)
    return world.say(lambda _: [v.event(data, v.SCHEDULER, job=name, run=OWN_SEQ)])[0].seq


def end(world: World, name: str, run: int, outcome: str) -> int:
    """A run ends; the entry that says so."""
    data = v.RunFinished(trigger="schedule", started=BEGIN, outcome=outcome, attempt=1)  # type: ignore[arg-type]
    return world.say(lambda _: [v.event(data, v.SCHEDULER, job=name, run=run)])[0].seq


def awaited(world: World, name: str) -> list[datetime]:
    """The instants that a job awaits."""
    return [each.instant for each in world.state.jobs[name].awaited]


def upstream_skips(world: World, name: str) -> list[Entry]:
    """The runs of a job that were skipped for a job before it."""
    return [each for each in world.entries(v.RunSkipped) if each.job == name]


# -- a success, and a failure ------------------------------------------------------------------------------------


def test_the_first_failure_decides_though_others_go_on() -> None:
    """The run is skipped when one has failed, by the entry that says so, and no later one counts."""
    world = world_of(job("a"), job("b"), job("c", after=after("a", "b")), lasts_s={"b": 600.0})
    fail(world, "a", "b")
    world.until(FIRST + 2 * MINUTE)
    (failure,) = world.entries(v.RunFinished)
    (skip,) = upstream_skips(world, "c")
    assert (v.payload(skip).because_of, skip.time - failure.time < MINUTE) == (failure.seq, True)
    world.run(1_200)
    assert world.told("c")[1:] == ["after 01 01:00", "skipped: upstream"]
    check(world)


def test_a_failure_that_was_made_good_before_it_was_noticed_decides_nothing() -> None:
    """It failed, and was made again and succeeded, while no scheduler was there: the others are waited for."""
    world = defined(job("a"), job("b"), job("c", after=after("a", "b")))
    world.clock.pass_(HOUR_S + 60)
    first, other = tick(world, "a", FIRST), tick(world, "b", FIRST)
    end(world, "a", first, "failed")
    request = v.RunRequested(executor="self", retry_of=first, original_scheduled_for=FIRST)
    second = world.person(request, "a", run=-1).seq
    successes = [end(world, "a", second, "succeeded"), end(world, "b", other, "succeeded")][:1]
    assert world.state.jobs["c"].awaited[0].failed == {}
    world.start()
    world.run(10)
    (found,) = ticks(world, "c")
    assert (v.payload(found).because_of, v.payload(found).successes[:1]) == (None, successes)


def test_how_late_it_is_counts_from_what_decided() -> None:
    """Not from its instant: what is recorded at once is not late, and what a crash left undone is by that time."""
    world = chain()
    world.until(FIRST + timedelta(seconds=59))
    world.clock.pass_(2)
    world.turn()
    away(world, 300 / HOUR_S)
    world.until(FIRST + HOUR + 5 * MINUTE)
    late, prompt = ticks(world, "b")
    success = world.entries(v.RunFinished)[0]
    assert v.payload(late).lateness_ms == (late.time - success.time) // timedelta(milliseconds=1) >= 300_000
    assert v.payload(prompt).lateness_ms == 0
    check(world)


def test_what_moved_is_made_again_for_its_own_instant() -> None:
    """A run that jitter had moved, and a person had made again, counts for the time as the schedule is written."""
    world = chain(jitter_ms=1_800_000)
    offset = timedelta(milliseconds=world.state.jobs["a"].definition.jitter_offset_ms)
    assert offset > MINUTE
    fail(world, "a")
    world.until(FIRST + offset + 5 * MINUTE)
    fail(world)
    again(world, "a")
    world.run(300)
    assert world.told("b")[1:] == [
        "after 01 01:00", "skipped: upstream", "run.requested", "started", "succeeded",
    ]  # fmt: skip
    (request,) = [entry for entry in world.entries(v.RunRequested) if entry.job == "b"]
    assert v.payload(request).reason == "the jobs before it have succeeded"
    check(world)


@pytest.mark.parametrize("micros", [0, 250_000])
def test_what_a_person_asked_for_has_no_instant_of_a_schedule(micros: int) -> None:
    """It counts for the moment of the request, a moment later if that is one that a schedule could have."""
    world = chain()
    world.clock.pass_(120 + micros / 1e6)
    asked = world.person(v.RunRequested(executor="scheduler", with_dependents=True), "a", run=-1)
    assert asked.time.microsecond == micros
    world.run(300)
    assert instants(world, "b") == [asked.time + timedelta(microseconds=0 if micros else 1)]
    check(world)


# -- what was missed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moved", [("a",), ("b",), ("a", "b"), ()])
@pytest.mark.parametrize("daily", ["0 1 * * *", "0 3 * * *"])
@pytest.mark.parametrize("catch_up", ["none", "all"])
def test_what_passed_unwatched_stands_for_the_last_time_that_all_have(
    moved: tuple[str, ...], daily: str, catch_up: str
) -> None:
    """The first or last that was missed may be that time, wherever jitter moves each, also if one is caught up."""
    jitter = {name: 2_400_000 if name in moved else None for name in "ab"}
    hourly = job("a", catch_up="none", jitter_ms=jitter["a"])
    other = job("b", daily, catch_up=catch_up, jitter_ms=jitter["b"])
    world = missed(3.9, hourly, other, job("c", after=after("a", "b")))
    hour = daily.split()[1]
    assert world.told("c")[1:] == [f"after 01 0{hour}:00", "skipped: upstream"]
    check(world)


def test_what_had_its_tick_before_is_not_missed_again() -> None:
    """Jitter moves what was missed by more than the time between two instants: earlier ones are settled."""
    late = 3 * HOUR_S * 1_000
    jobs = [
        job("z", catch_up="none", jitter_ms=late),
        job("x", "0 1 * * *", catch_up="none", jitter_ms=late),
        job("c", after=after("z", "x")),
    ]
    world = missed(2.2, *jobs, watched_s=3.9 * HOUR_S)
    offsets = {name: world.state.jobs[name].definition.jitter_offset_ms for name in "zx"}
    assert min(offsets.values()) > HOUR_S * 500
    assert world.told("c")[1:] == ["after 01 01:00", "started", "succeeded"]
    check(world)


@pytest.mark.parametrize("jitter_ms", [None, 2_400_000])
def test_a_single_instant_that_was_missed_is_on_record(jitter_ms: int | None) -> None:
    """Nothing else was missed, before or after."""
    world = missed(1.95, job("a", catch_up="none", jitter_ms=jitter_ms), job("b", after=after("a")))
    assert instants(world, "b")[:1] == [FIRST]
    assert world.told("b")[1:3] == ["after 01 01:00", "skipped: upstream"]
    check(world)


@pytest.mark.parametrize(
    ("jitter_ms", "hours"), [(None, [1, 2, 3]), (1_800_000, [1, 2, 3]), (9_000_000, [0, 1, 2, 3])]
)
def test_what_is_caught_up_is_followed_and_what_is_not_is_skipped(
    jitter_ms: int | None, hours: list[int]
) -> None:
    """The last two are run, and what falls due afterwards: the one before them stands for those that are not."""
    definition = job("a", catch_up="all", catch_up_limit=2, jitter_ms=jitter_ms)
    world = missed(4.4, definition, job("b", after=after("a")))
    assert instants(world, "b") == [FIRST + each * HOUR for each in hours]
    (skip,) = upstream_skips(world, "b")
    assert skip.run == ticks(world, "b")[0].seq
    check(world)


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_each_instant_is_skipped_or_run_as_each_of_them_has_it(names: str) -> None:
    """One catches up all: what the other missed is skipped, what it catches up is run, and so is what comes later."""
    hourly, moved = names[0], names[1]
    world = missed(
        3.05,
        job(hourly, catch_up="all", overlap="queue"),
        job(moved, catch_up="one", jitter_ms=2_400_000),
        job("c", after=after("a", "b")),
    )
    offset = timedelta(milliseconds=world.state.jobs[moved].definition.jitter_offset_ms)
    assert offset > 4 * MINUTE, "it has not fallen due yet for the last instant"
    world.until(FIRST + 2 * HOUR + offset + 5 * MINUTE)
    assert sorted(instants(world, "c")) == [FIRST + each * HOUR for each in range(3)]
    (skip,) = upstream_skips(world, "c")
    assert [each.seq for each in ticks(world, "c") if v.payload(each).scheduled_for == FIRST] == [skip.run]
    begun = [entry for entry in world.entries(v.RunStarted) if entry.job == "c"]
    assert [v.payload(entry).scheduled_for for entry in begun] == [FIRST + HOUR, FIRST + 2 * HOUR]
    check(world)


def test_what_was_missed_was_so_by_the_schedule_of_then() -> None:
    """It was edited meanwhile: the old schedule had passed unwatched."""
    world = chain()
    world.crash()
    world.clock.pass_(2 * HOUR_S + 60)
    world.jobs["a"] = job("a", "30 5 * * *")
    world.start()
    world.run(60)
    assert world.told("a")[-1] == "misfired 2 run 0 (replaced)"
    assert world.told("b")[1:] == ["after 01 02:00", "skipped: upstream"]
    check(world)


@pytest.mark.parametrize("order", [1, -1])
def test_what_was_missed_is_skipped_in_a_diamond(order: int) -> None:
    """One of the jobs before it has no times but those of the other: it has what that one missed too."""
    world = missed(
        2.1,
        job("a", catch_up="none"),
        *[job("b", after=after("a")), job("c", after=after("a", "b"))][::order],
    )
    for name in "bc":
        assert world.told(name)[1:] == ["after 01 02:00", "skipped: upstream"], name
    check(world)


@pytest.mark.parametrize("ended", [True, False])
def test_what_it_ran_before_its_jitter_was_edited_is_not_missed(ended: bool) -> None:
    """The same time as written falls due anew, unwatched: its run, which has succeeded or goes on, counts."""
    lasts_s = {"a": 60.0 if ended else 3_600.0, "b": 7_200.0}
    world = world_of(
        job("a", catch_up="none"), job("b", "0 1 * * *"), job("c", after=after("a", "b")), lasts_s=lasts_s
    )
    world.until(FIRST + 5 * MINUTE)
    world.edit(job("a", catch_up="none", jitter_ms=7_200_000))
    offset = timedelta(milliseconds=world.state.jobs["a"].definition.jitter_offset_ms)
    assert 5 * MINUTE < offset < 50 * MINUTE
    away(world, 0.8)
    assert [entry.job for entry in world.entries(v.ScheduleMisfired)] == ["a"]
    assert ticks(world, "c") == []
    world.until(FIRST + 2 * HOUR + MINUTE)
    (decided,) = ticks(world, "c")
    adopted = [each for each in world.entries(v.RunFinished) if v.payload(each).outcome == "unknown"]
    assert v.payload(decided).because_of == adopted[0].seq, "how it ended nobody knows, and that decides it"
    check(world)


def test_what_is_missed_before_a_disabled_job_is_not_owed() -> None:
    """Neither then, nor once it is enabled."""
    world = chain(catch_up="none")
    world.until(FIRST + timedelta(seconds=30))
    world.person(v.JobDisabled(), "b")
    away(world, 2)
    world.run(60)
    world.person(v.JobEnabled(), "b")
    world.run(60)
    assert ticks(world, "b") == []
    world.until(FIRST + 3 * HOUR + 5 * MINUTE)
    assert instants(world, "b") == [FIRST + 3 * HOUR]
    check(world)


# -- what may come yet -------------------------------------------------------------------------------------------


def chained(*failing: str) -> World:
    """`c` runs after `a` and `b`, and `b` after `z`, which comes late; `a` has come for the first instant."""
    jobs = [
        job("a"),
        job("z", jitter_ms=1_800_000),
        job("b", after=after("z")),
        job("c", after=after("a", "b")),
    ]
    world = world_of(*jobs)
    fail(world, *failing)
    assert world.state.jobs["z"].definition.jitter_offset_ms > 600_000
    world.until(FIRST + timedelta(seconds=30))
    return world


def test_a_job_after_others_may_yet_have_what_they_may_have() -> None:
    """It is awaited though nothing has begun of it, and runs for it in the end."""
    world = chained()
    assert awaited(world, "c") == [FIRST]
    world.until(FIRST + 50 * MINUTE)
    assert world.told("c")[1:] == ["after 01 01:00", "started", "succeeded"]
    check(world)


@pytest.mark.parametrize("order", [1, -1])
def test_a_job_may_run_after_another_and_after_what_that_one_runs_after(order: int) -> None:
    """`c` and `e` have each instant that `a` has, whichever of the jobs was written first."""
    jobs = [
        job("b", after=after("a")), job("c", after=after("a", "b")), job("d", after=after("b")),
        job("e", after=after("d", "a")),
    ]  # fmt: skip
    world = world_of(job("a"), *jobs[::order])
    world.until(FIRST + 65 * MINUTE)
    for name in "bcde":
        assert instants(world, name) == [FIRST, FIRST + HOUR], name
    check(world)


def test_what_begins_first_at_the_other_end_is_awaited_too() -> None:
    """The job before it awaits an instant already: so it may have it."""
    jobs = [
        job("a", jitter_ms=2_400_000),
        job("z"),
        job("b", after=after("z")),
        job("c", after=after("a", "b")),
    ]
    world = world_of(*jobs, lasts_s={"z": 1_200.0, "a": 3_000.0})
    offset = timedelta(milliseconds=world.state.jobs["a"].definition.jitter_offset_ms)
    world.until(FIRST + offset + MINUTE)
    assert (awaited(world, "b"), awaited(world, "c")) == ([FIRST], [FIRST])
    world.until(FIRST + offset + 50 * MINUTE + timedelta(seconds=20))
    assert world.told("c")[1:] == ["after 01 01:00", "started"]
    check(world)


@pytest.mark.parametrize("how", ["disabled", "first disabled", "skipped before", "settled"])
def test_what_a_job_after_others_cannot_have_is_awaited_by_none(how: str) -> None:
    """It is disabled itself, or the one before it is; it was skipped before; or a person has settled it."""
    jobs = [
        job("z"),
        job("a", jitter_ms=2_400_000),
        job("b", after=after("z")),
        job("c", after=after("a", "b")),
    ]
    world = world_of(*jobs)
    if how == "skipped before":
        fail(world, "z")
        world.until(FIRST + 5 * MINUTE)
        assert world.told("b")[-1] == "skipped: upstream"
        fail(world)
        # What it awaited by the old list is forgotten.
        world.edit(job("c", after=after("b", "a")))
    elif how == "disabled":
        world.person(v.JobDisabled(), "b")
    elif how == "first disabled":
        world.person(v.JobDisabled(), "z")
    else:
        world.settle("b", FIRST)
    world.until(FIRST + 40 * MINUTE)
    assert instants(world, "a") != []
    assert awaited(world, "c") == []
    assert instants(world, "c") == ([FIRST] if how == "skipped before" else [])
    check(world)


@pytest.mark.parametrize("how", ["disabled", "settled"])
def test_a_job_after_others_may_have_no_instant_that_it_is_not_owed(how: str) -> None:
    """What comes before it is still to come, and is not for it: so it is awaited by none that runs after it."""
    jobs = [
        job("a"),
        job("z", jitter_ms=1_800_000),
        job("b", after=after("z")),
        job("c", after=after("a", "b")),
    ]
    world = world_of(*jobs)
    if how == "disabled":
        world.person(v.JobDisabled(), "b")
    else:
        world.settle("b", FIRST)
    world.until(FIRST + timedelta(seconds=30))
    assert awaited(world, "c") == []
    world.until(FIRST + 50 * MINUTE)
    assert (ticks(world, "b"), ticks(world, "c")) == ([], [])
    check(world)


def test_what_fails_once_another_cannot_have_it_decides_nothing() -> None:
    """The job before the one before it was disabled meanwhile: this was no instant of it."""
    world = chained("a")
    world.person(v.JobDisabled(), "z")
    world.until(FIRST + 5 * MINUTE)
    assert (awaited(world, "c"), ticks(world, "c")) == ([], [])
    check(world)


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_awaited_of_a_job_that_is_not_there(known: bool) -> None:
    """It was removed, or never was."""
    world = world_of(job("a"), *[job("z")] * known, job("c", after=after("a", "z")))
    world.edit(remove=["z"] * known)
    world.until(FIRST + 5 * MINUTE)
    assert (awaited(world, "c"), ticks(world, "c")) == ([], [])
    check(world)


def test_jobs_that_run_after_each_other_await_nothing() -> None:
    """No config has that; entries may have it between two of its edits."""
    jobs = [job("x", after=after("y")), job("y", after=after("x")), job("c", after=after("a", "x"))]
    world = world_of(job("a"), *jobs)
    world.until(FIRST + 5 * MINUTE)
    assert [awaited(world, name) for name in "xyc"] == [[], [], []]


def test_another_run_of_a_job_gives_it_no_instant() -> None:
    """A person's run is going, and one of another time: neither is the one that is wanted."""
    world = world_of(
        job("a"), job("b", "30 0,5 * * *"), job("c", after=after("a", "b")), lasts_s={"b": 9_000.0}
    )
    world.edit(job("b", "30 0,5 * * *", overlap="allow"))
    world.person(v.RunRequested(executor="scheduler"), "b", run=-1)
    world.until(FIRST + timedelta(seconds=30))
    assert len(world.state.jobs["b"].live) == 2
    assert awaited(world, "c") == []
    check(world)


def test_a_boot_is_an_instant_of_all_jobs_that_run_at_boots() -> None:
    """What runs after two of them runs once for each boot."""
    jobs = [job("w", "@reboot"), job("x", "@reboot"), job("c", after=after("w", "x"))]
    world = world_of(*jobs, lasts_s={"w": 1.0})
    world.run(60)
    world.crash()
    world.machine.reboot()
    world.clock.pass_(600.25)
    booted = world.clock.wall.replace(microsecond=0)
    world.start()
    world.run(300)
    assert instants(world, "c") == [booted]
    assert world.told("c")[-2:] == ["started", "succeeded"]
    check(world)


def test_a_boot_that_one_of_them_owes_still_may_come() -> None:
    """The scheduler died between the ticks of both, and one of them has run already: nothing is lost."""
    world = world_of(job("w", "@reboot"), job("x", "@reboot"), job("c", after=after("w", "x")))
    world.run(60)
    world.crash()
    world.machine.reboot()
    world.clock.pass_(600.25)
    begun = v.SchedulerStarted(pid=1, host="sim", boot_id=f"boot-{world.machine.boots}", versions={})
    world.say(lambda _: [v.event(begun, v.SCHEDULER)])
    booted = world.clock.wall.replace(microsecond=0)
    end(world, "w", tick(world, "w", booted), "succeeded")
    assert awaited(world, "c") == [booted]
    world.start()
    world.run(300)
    assert instants(world, "c") == [booted]
    assert world.told("c")[-2:] == ["started", "succeeded"]


def test_what_an_earlier_schedule_has_left_open_may_come() -> None:
    """Its times in the interval that is not settled yet, and no others."""
    world = defined(job("a", "0 */2 * * *"), job("b"), job("c", after=after("a", "b")))
    world.clock.pass_(3 * HOUR_S + 60)
    world.edit(job("a", "30 5 * * *"))
    for hour in range(5):
        tick(world, "b", FIRST + hour * HOUR, trigger="catch_up")
    assert awaited(world, "c") == [FIRST + HOUR]


def test_what_was_promised_to_be_caught_up_may_come() -> None:
    """Its tick is not on record, and the other one has it already: nothing is lost."""
    world = defined(job("a"), job("b"), job("c", after=after("a", "b")))
    world.clock.pass_(2 * HOUR_S + 60)
    second = FIRST + HOUR
    misfire = v.ScheduleMisfired(first=FIRST, last=second, count=2, policy="one", will_run=1)
    world.say(lambda _: [v.event(misfire, v.SCHEDULER, job="a")])
    end(world, "b", tick(world, "b", second, trigger="catch_up"), "succeeded")
    assert second in awaited(world, "c")
    end(world, "a", tick(world, "a", second, trigger="catch_up"), "succeeded")
    world.start()
    world.run(300)
    assert [
        v.payload(each).because_of for each in ticks(world, "c") if v.payload(each).scheduled_for == second
    ] == [None]


# -- bounds, and entries that make no sense ----------------------------------------------------------------------


def test_of_too_many_instants_the_earliest_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the tick that was one too many, at once; those that were skipped before do not count."""
    monkeypatch.setattr(upstreams, "AWAITED_MAX", 5)
    minutely = {"overlap": "queue", "queue_limit": 50}
    world = world_of(
        job("a", "* * * * *", **minutely), job("z", "* * * * *", **minutely), job("c", after=after("a", "z"))
    )
    fail(world, "a")
    world.machine.behaviour = lambda launch: Process(10.0 if _is_of(world, launch.run, "a") else 1e6, 1)
    world.until(BEGIN + 3 * MINUTE + timedelta(seconds=30))
    skipped = len(upstream_skips(world, "c"))
    assert skipped == 3
    world.machine.behaviour = lambda launch: Process(10.0 if _is_of(world, launch.run, "a") else 1e6, 0)
    world.until(BEGIN + 8 * MINUTE + timedelta(seconds=30))
    assert len(upstream_skips(world, "c")) == skipped, "five are awaited"
    world.until(BEGIN + 10 * MINUTE + timedelta(seconds=30))
    assert instants(world, "c") == [BEGIN + minute * MINUTE for minute in range(1, 6)]
    crowded = ticks(world, "c")[skipped:]
    late = [each for each in ticks(world, "a") if v.payload(each).scheduled_for > BEGIN + 8 * MINUTE]
    assert [v.payload(each).because_of for each in crowded] == [each.seq for each in late]
    assert [v.payload(each).lateness_ms for each in crowded] == [0, 0]


def _is_of(world: World, run: int, name: str) -> bool:
    return world.state.runs[run].job == name


def test_entries_about_no_job_change_nothing() -> None:
    """They are against the law, which tells of them; they harm no job that there is."""
    world = chain()
    before = world.state.jobs["b"].awaited
    misfire = v.ScheduleMisfired(first=FIRST, last=FIRST, count=1, policy="one", will_run=0)
    world.say(lambda _: [v.event(misfire, v.SCHEDULER, job="nowhere")])
    run = tick(world, "nowhere", FIRST, trigger="after")
    request = v.RunRequested(executor="self", retry_of=run, original_scheduled_for=FIRST)
    end(world, "nowhere", world.person(request, "nowhere", run=-1).seq, "succeeded")
    tick(world, "b", FIRST, trigger="after", because_of=0)
    assert world.state.jobs["b"].awaited == before == []


def test_a_list_that_names_a_job_twice_names_it_once() -> None:
    """No config has that; the fold of an entry that does goes on, and so does what edits it."""
    world = world_of(job("a"), job("b", after=after("a", "a")))
    world.edit(job("b"))
    world.until(FIRST + 5 * MINUTE)
    assert (instants(world, "b"), world.state.dependents) == ([FIRST], {})


def test_what_a_job_awaits_no_more_nobody_awaits_of_it() -> None:
    """Of a diamond one job is disabled when its time is decided: the last one has it no more, nor what follows."""
    world = defined(
        job("a"),
        job("b"),
        job("both", after=after("a", "b")),
        job("last", after=after("a", "both")),
        job("end", after=after("a", "last")),
    )
    world.clock.pass_(HOUR_S + 60)
    first, other = tick(world, "a", FIRST), tick(world, "b", FIRST)
    end(world, "a", first, "succeeded")
    world.person(v.JobDisabled(), "both")
    assert [awaited(world, name) for name in ("both", "last", "end")] == [[FIRST]] * 3
    end(world, "b", other, "failed")
    assert [awaited(world, name) for name in ("both", "last", "end")] == [[]] * 3
