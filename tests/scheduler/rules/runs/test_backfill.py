"""Backfills: what a person asked for is run once, in turn, and nothing of the schedule changes by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eventstore.store import OWN_SEQ, Entry
from scheduler import vocabulary as v
from scheduler.entry_members import BackfillPart
from scheduler.explanation import Explainer
from scheduler.ledger.past import Past
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.requests.backfill import Wanted, ending, parts
from tests.support.audit import audit
from tests.support.command import call
from tests.support.lives import death_after
from tests.support.run_audit import audit_runs
from tests.support.simulated_home import home_of
from tests.support.world import BEGIN, Crash, Process, World, job

HOUR = timedelta(hours=1)


def outage(run_s: float = 20.0, **members: Any) -> World:
    """An hourly job; nobody served from 01:30 to 06:30, and 06:00 was caught up then. Its runs take a while."""
    world = World(job("hourly", **members))
    world.machine.behaviour = lambda launch: Process(run_s, 0)
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.crash()
    world.clock.pass_(5 * 3_600)
    world.start()
    world.run(60)
    return world


def ask(world: World, **members: Any) -> list[Entry]:
    """Ann asks for what passed without a run since the outage began."""
    return world.backfill("hourly", world.clock.wall - BEGIN - 1.5 * HOUR, **members)


def backfilled(world: World) -> list[str]:
    """The times of day that were backfilled, in the order of their ticks."""
    ticks = [v.payload(entry) for entry in world.entries(v.ScheduleTicked)]
    return [f"{tick.scheduled_for:%H:%M}" for tick in ticks if tick.trigger == "backfill"]


def check(world: World) -> None:
    """Each instant was settled once, each run ended once, and no entry is illegal."""
    audit(world.entries(), world.clock.wall)
    audit_runs(world.entries(), 8, at_rest=False)
    assert not list(illegal_entries(world.entries()))


MISSED = ["02:00", "03:00", "04:00", "05:00"]


def test_each_time_without_a_run_is_run_once_in_turn() -> None:
    """The oldest first, one after the other; the cursor stays, and each tick names request and misfire."""
    world = outage()
    cursor = world.state.jobs["hourly"].cursor
    (request,) = ask(world)
    (misfire,) = world.entries(v.ScheduleMisfired)
    world.run(70)
    assert world.state.jobs["hourly"].cursor == cursor
    assert backfilled(world) == MISSED
    told = [v.payload(tick) for tick in world.entries(v.ScheduleTicked)][-4:]
    assert {(tick.because_of, tick.replaces) for tick in told} == {(request.seq, misfire.seq)}
    assert ask(world) == [], "all have a run"
    world.until(BEGIN + 8.5 * HOUR)
    assert world.told("hourly").count("schedule 01 07:00") == 1
    check(world)


def test_the_times_without_a_run_that_are_on_record_are_those_missed_and_skipped() -> None:
    """Times from before the job was there are only run if all are wanted; a run that failed is left."""
    world = outage(run_s=4_000.0, overlap="skip")
    world.until(BEGIN + 9 * HOUR)
    world.machine.behaviour = lambda launch: Process(1.0, 1)
    world.until(BEGIN + 12 * HOUR)
    (request,) = world.backfill("hourly", 48 * HOUR, missed_only=True)
    data = v.payload(request)
    skipped = [v.payload(entry).scheduled_for for entry in world.entries(v.RunSkipped)]
    asked = [part.first for part in data.parts if part.count == 1]
    assert set(skipped) <= {*asked, *(BEGIN + hour * HOUR for hour in range(2, 6))}
    assert data.count == 4 + len(skipped)
    world.until(BEGIN + 12.5 * HOUR)
    (before,) = world.backfill("hourly", 48 * HOUR)
    assert v.payload(before).first < BEGIN
    assert v.payload(before).previous == request.seq
    world.turn()
    check(world)


@pytest.mark.parametrize("step", range(6))
def test_nothing_is_lost_or_doubled_wherever_it_crashes(step: int) -> None:
    """The scheduler dies in the midst of and after each append that follows the request: what is left goes on."""
    for kept in range(4):
        world = outage()
        ask(world)
        world.store.after_commit = death_after(world.machine, step, kept)
        try:
            world.run(200)
        except Crash:
            world.crash()
            world.clock.pass_(30)
        world.store.before_commit = world.store.after_commit = None
        world.restart()
        world.run(200)
        assert backfilled(world) == MISSED, (step, kept)
        check(world)


ENDS: dict[str, Callable[[World], object]] = {
    "disable": lambda world: world.person(v.JobDisabled(), "hourly"),
    "config": lambda world: world.edit(job("hourly", enabled=False)),
    "remove": lambda world: world.edit(remove=["hourly"]),
    "end": lambda world: world.say(lambda state: ending(state, "hourly", "user:ann@sim", "enough")),
}


@pytest.mark.parametrize("how", ENDS)
def test_who_disables_or_removes_the_job_or_ends_it_ends_the_backfill(how: str) -> None:
    """The run that is going goes on; what had no turn may be asked for again."""
    world = outage()
    ask(world)
    world.run(1)
    ENDS[how](world)
    world.run(200)
    assert backfilled(world) == MISSED[:1]
    if how != "remove":
        ask(world)
        world.run(200)
        assert backfilled(world) == MISSED, "also of a job that is disabled"
    check(world)


def test_the_next_run_waits_until_the_one_before_will_make_no_further_attempt() -> None:
    """A wait for a retry is no end."""
    from scheduler.definition import Retry

    world = outage(retry=Retry(attempts=2, delay_ms=60_000))
    world.machine.behaviour = lambda launch: Process(1.0, 1)
    ask(world)
    world.run(30)
    assert backfilled(world) == MISSED[:1]
    world.run(400)
    assert backfilled(world) == MISSED
    check(world)


def test_the_deadline_of_a_run_counts_from_its_tick_and_no_instant_replaces_it() -> None:
    """It was due long ago, and asked for by a person."""
    world = outage(run_s=50 * 60.0, overlap="replace", start_deadline_ms=600_000)
    world.until(BEGIN + 7.8 * HOUR)
    ask(world)
    world.until(BEGIN + 9 * HOUR)
    outcomes = [
        v.payload(entry).outcome
        for entry in world.entries(v.RunFinished)
        if v.payload(entry).trigger == "backfill"
    ]
    assert outcomes == ["succeeded"]
    check(world)


def test_what_was_owed_when_a_scheduler_died_is_run_by_the_next_one_whatever_the_policy() -> None:
    """`catch_up: none` forgets what was missed, not what a person asked for."""
    world = outage(catch_up="none", run_s=3_000.0)
    ask(world)
    world.until(BEGIN + 7.2 * HOUR)
    world.crash()
    world.clock.pass_(3 * 3_600)
    world.start()
    world.until(BEGIN + 16 * HOUR)
    assert backfilled(world) == [*MISSED, "06:00"]
    assert not [e for e in world.entries(v.RunSkipped) if v.payload(e).trigger == "backfill"]
    check(world)


def test_it_is_todays_schedule_with_jitter_and_calendars_that_counts() -> None:
    """An edit later changes nothing: the request says which times these are."""
    world = outage()
    world.edit(job("hourly", "*/30 * * * *", jitter_ms=600_000))
    offset = timedelta(milliseconds=world.state.jobs["hourly"].definition.jitter_offset_ms)
    assert offset
    world.backfill("hourly", 3 * HOUR)
    world.edit(job("hourly", "15 3 * * *"))
    world.run(600)
    ticks = [v.payload(entry) for entry in world.entries(v.ScheduleTicked)]
    ticks = [tick for tick in ticks if tick.trigger == "backfill"]
    assert [tick.scheduled_for - tick.nominal for tick in ticks] == [offset] * len(ticks)
    assert {tick.nominal.minute for tick in ticks} == {0, 30}
    check(world)


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_rows_of_slots_add_up_and_why_tells_of_both(tmp_path: Path, runs: int) -> None:
    """What was backfilled takes the place of what had become of it: each instant counts once."""
    world = outage()
    ask(world, most=runs)
    world.run(300)
    home = home_of(world, tmp_path)
    query = "select disposition, sum(instants)::int as n from slots group by all order by all"
    rows = {row["disposition"]: row["n"] for row in call("sql", query, "--json", home=home.root).document}
    assert rows == {"ran": 1, "caught_up": 1, "backfilled": runs, "misfired": 4 - runs}
    past = Past(world.machine.store.peer(), tmp_path, 65_536)
    explainer = Explainer(past, "hourly", world.clock.wall, serving=True)
    told = explainer.explain(BEGIN + 2 * HOUR)
    kinds = [fact.__struct_config__.tag for fact in told.facts]
    assert told.verdict == "ran"
    assert kinds[-5:] == ["not_wanted", "backfill", "ticked", "run_began", "run_ended"]
    assert explainer.explain(BEGIN + 5 * HOUR).verdict == "missed"


def test_why_tells_what_waits_for_its_turn_and_what_never_had_it(tmp_path: Path) -> None:
    """With who asked, and who ended it."""
    world = outage(run_s=3_000.0)
    ask(world)
    world.run(60)

    def turn() -> tuple[str, str | None]:
        past = Past(world.machine.store.peer(), tmp_path, 65_536)
        (fact,) = (
            fact
            for fact in Explainer(past, "hourly", world.clock.wall, serving=True)
            .explain(BEGIN + 5 * HOUR)
            .facts
            if fact.__struct_config__.tag == "backfill"
        )
        return fact.turn, fact.ended_by  # type: ignore[attr-defined]

    assert turn() == ("to_come", None)
    ENDS["end"](world)
    assert turn() == ("ended", "user:ann@sim")


def test_instants_that_follow_each_other_are_told_together() -> None:
    """Those of one misfire by it, those whose runs were skipped each by its own."""
    schedule = schedule_of(job("hourly"))
    replaced = [None, None, 7, 7, 7, 9, 11, 13, None, 13, 13]
    wanted = [Wanted(BEGIN + hour * HOUR, seq) for hour, seq in enumerate(replaced)]
    del wanted[3]
    found = parts(schedule, wanted)
    told = [(f"{part.first:%H}-{part.last:%H}", part.count, part.replaces) for part in found]
    assert told == [
        ("00-01", 2, []),
        ("02-02", 1, [7]),
        ("04-07", 4, [7, 9, 11, 13]),
        ("08-08", 1, []),
        ("09-10", 2, [13]),
    ]


def _asked(first: float, last: float, count: int, **members: Any) -> v.BackfillRequested:
    begin, end = BEGIN + first * HOUR, BEGIN + last * HOUR
    return v.BackfillRequested(
        first=begin,
        last=end,
        count=count,
        parts=[BackfillPart(first=begin, last=end, count=count)],
        **members,
    )


def _tick(hour: float, **members: Any) -> v.ScheduleTicked:
    return v.ScheduleTicked(
        scheduled_for=BEGIN + hour * HOUR,
        local_time="",
        timezone="UTC",
        lateness_ms=1,
        trigger="backfill",
        **members,
    )


ILLEGAL: list[tuple[list[v.Payload], str]] = [
    ([_asked(2, 3, 2), _asked(4, 5, 2)], "was under way"),
    ([_asked(2, 3, 2, previous=1)], "is not entry 1"),
    ([_asked(2, 3, 1)], "contradict"),
    ([_asked(3, 2, 2)], "contradict"),
    ([_asked(5, 30, 26)], "had not passed"),
    ([_tick(2, because_of=1)], "nobody had asked"),
    ([_asked(2, 3, 2), _tick(4)], "nobody had asked"),
    ([v.BackfillEnded(request=1, left=1)], "no backfill by entry 1"),
]


@pytest.mark.parametrize(("said", "why"), ILLEGAL, ids=range(len(ILLEGAL)))
def test_an_illegal_entry_is_found(said: list[v.Payload], why: str) -> None:
    """The last of what is said breaks a law."""
    world = outage()
    world.crash()
    for data in said:
        run = OWN_SEQ if isinstance(data, v.ScheduleTicked) else None
        world.say(lambda _, data=data, run=run: [v.event(data, "x", job="hourly", run=run)])  # type: ignore[misc]
    (found,) = illegal_entries(world.entries())
    assert found.seq == world.entries()[-1].seq
    assert why in found.why


def test_a_tick_is_held_to_what_was_asked_for() -> None:
    """Another instant, one twice, one while the run before is going, another count of what is left."""
    for last, why in (
        (_tick(4, because_of=-1), "nobody had asked"),
        (_tick(2, because_of=-1, replaces=3), "nobody had asked"),
        (v.BackfillEnded(request=-1, left=3), "2 of it were to come"),
    ):
        world = outage()
        world.crash()
        (request,) = world.say(lambda _: [v.event(_asked(2, 3, 2), "x", job="hourly")])
        member = "request" if isinstance(last, v.BackfillEnded) else "because_of"
        import msgspec

        said = msgspec.structs.replace(last, **{member: request.seq})
        world.say(lambda _, said=said: [v.event(said, "x", job="hourly", run=OWN_SEQ)])  # type: ignore[misc]
        (found,) = illegal_entries(world.entries())
        assert why in found.why
