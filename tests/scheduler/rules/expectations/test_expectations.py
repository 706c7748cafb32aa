"""What is expected of a job is told when it does not hold, once, and when that ends, once."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from scheduler import vocabulary as v
from scheduler.definition import After, Expect, Retry
from scheduler.rules.expectations.expected import ENDED_MAX
from scheduler.rules.expectations.judgement import TOLD_MAX
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.calendars import calendar, on
from tests.support.world import BEGIN, Process, World, job

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
START = Expect(start_within_ms=600_000)
FINISH = Expect(finish_within_ms=1_800_000)


def every(hours: float) -> Expect:
    """A success is expected so often."""
    return Expect(success_every_ms=round(hours * 3_600_000))


def told(world: World) -> list[str]:
    """Each entry about an expectation: when it was recorded, since when or by what."""
    words = []
    for entry in world.entries(v.ExpectationBreached, v.ExpectationMet):
        data = v.payload(entry)
        run = "" if entry.run is None else f" of {v.payload(world.entries()[entry.run]).scheduled_for:%H:%M}"
        what = f"late since {data.since:%d %H:%M}" if isinstance(data, v.ExpectationBreached) else data.by
        words.append(f"{entry.time:%d %H:%M} {entry.job}{run} {what}")
    assert not list(illegal_entries(world.entries()))
    return words


def run_by_hand(world: World, name: str) -> None:
    """A person runs a job where no scheduler serves, and it succeeds."""
    started = world.person(v.RunRequested(executor="self"), name, run=-1)
    command = {"command_sha256": "0" * 64, "host": "x", "boot_id": "b", "executor_pid": 1}
    begun = v.RunStarted(attempt=1, trigger="manual", executor_start_ticks=1, **command)  # type: ignore[arg-type]
    world.person(begun, name, started.seq)
    ended = v.RunFinished(trigger="manual", started=started.time, outcome="succeeded", attempt=1)
    world.person(ended, name, started.seq)


def test_a_late_start_is_told_at_the_minute_and_once() -> None:
    """The slot is taken: after ten minutes that is told, and a restart does not tell it again."""
    world = World(job("a", "0 1 * * *"), job("b", "0 1 * * *", expect=START), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(3_000.0, 0)
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.restart()
    world.until(BEGIN + 3 * HOUR)
    assert told(world) == ["01 01:10 b of 01:00 late since 01 01:10", "01 01:50 b of 01:00 started"]


def test_who_starts_in_time_is_not_told_of() -> None:
    """At the limit is in time still."""
    world = World(job("a", "0 1 * * *"), job("b", "0 1 * * *", expect=START), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(600.0, 0)
    world.start()
    world.until(BEGIN + 3 * HOUR)
    assert v.payload(world.entries(v.RunStarted)[1]).trigger == "schedule"
    assert told(world) == []


def test_a_scheduler_that_was_down_tells_what_it_could_not() -> None:
    """The instant that is caught up was late since ten minutes after it; those that get no run were missed."""
    world = World(job("hourly", expect=START))
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.crash()
    world.clock.pass_(4 * 3_600)
    world.start()
    world.run(60)
    assert told(world) == ["01 05:30 hourly of 05:00 late since 01 05:10", "01 05:30 hourly of 05:00 started"]


def test_a_success_that_was_missed_meanwhile_is_told_with_its_true_time() -> None:
    """Nothing ran for a day: it was late since two hours after the last success, and is not once one succeeds."""
    world = World(job("hourly", expect=every(2)))
    world.start()
    world.until(BEGIN + 3.5 * HOUR)
    world.crash()
    world.clock.pass_(86_400)
    world.start()
    world.run(60)
    assert told(world) == ["02 03:30 hourly late since 01 05:00", "02 03:30 hourly succeeded"]


def test_an_end_that_nobody_saw_is_told_with_what_it_ended() -> None:
    """A run outlives its scheduler and is late: who comes next tells both, once the run is over."""
    world = World(job("slow", "0 1 * * *", expect=FINISH))
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.until(BEGIN + 1.25 * HOUR)
    world.crash()
    world.clock.pass_(7_200)
    world.start()
    world.run(60)
    assert told(world) == ["01 03:15 slow of 01:00 late since 01 01:30", "01 03:15 slow of 01:00 finished"]
    met = v.payload(world.entries(v.ExpectationMet)[0])
    assert (met.until, met.because_of) == (
        world.entries(v.RunFinished)[0].time,
        world.entries(v.RunFinished)[0].seq,
    )


def test_what_waited_too_long_unwatched_was_late_until_it_was_skipped() -> None:
    """Its time to start was over before anybody could say that it was late: who comes next tells both."""
    world = World(job("a", "0 1 * * *"), job("b", "0 1 * * *", expect=START), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(7_200.0, 0)
    world.start()
    world.until(BEGIN + 1.05 * HOUR)
    world.crash()
    world.clock.pass_(4 * 3_600)
    world.start()
    world.run(1)
    assert told(world) == ["01 05:03 b of 01:00 late since 01 01:10", "01 05:03 b of 01:00 skipped"]


def test_attempts_are_one_run() -> None:
    """A run that is tried again is over with its last attempt; its start was that of the first one."""
    expect = Expect(start_within_ms=600_000, finish_within_ms=1_800_000)
    retry = Retry(attempts=3, delay_ms=1_200_000)
    world = World(job("shaky", "0 1 * * *", expect=expect, retry=retry))
    world.machine.behaviour = lambda launch: Process(60.0, 1)
    world.start()
    world.until(BEGIN + 3 * HOUR)
    assert len(world.entries(v.RunStarted)) == 3
    assert [each[9:] for each in told(world)] == [
        "shaky of 01:00 late since 01 01:30",
        "shaky of 01:00 finished",
    ]


def test_the_time_to_a_success_stands_still_while_the_job_is_disabled() -> None:
    """One hour of the two had passed: the other one counts from the end of the pause."""
    world = World(job("asked", on_demand=True, expect=every(2)))
    world.start()
    world.run(3_600)
    world.person(v.JobDisabled(until=BEGIN + 10 * HOUR), "asked")
    world.until(BEGIN + 12 * HOUR)
    world.person(v.JobDisabled(), "asked")
    world.run(60)
    world.person(v.JobEnabled(), "asked")
    world.run(60)
    assert told(world) == [
        "01 11:00 asked late since 01 11:00",
        "01 12:00 asked disabled",
        "01 12:01 asked late since 01 12:01",
    ]


def test_a_pause_that_ended_unwatched_ended_when_it_was_to() -> None:
    """Nobody recorded its end before the job was disabled again: from one to the other the time went on."""
    world = World(job("asked", on_demand=True, expect=every(2)))
    world.start()
    world.run(3_600)
    world.person(v.JobDisabled(until=BEGIN + 3 * HOUR), "asked")
    world.crash()
    world.clock.pass_(4 * 3_600)
    world.person(v.JobDisabled(), "asked")
    world.start()
    world.run(60)
    assert told(world) == ["01 05:00 asked late since 01 04:00", "01 05:00 asked disabled"]


@pytest.mark.parametrize("end", ["changed", "removed", "succeeded"])
def test_what_ends_behind_a_pause_that_ended_unwatched_was_late_from_then_on(end: str) -> None:
    """Whatever ends it, and is the first to be recorded after the end of the pause that nobody recorded."""
    world = World(job("asked", on_demand=True, expect=every(2)), job("plain", on_demand=True))
    world.start()
    world.run(3_600)
    world.person(v.JobDisabled(until=BEGIN + 3 * HOUR), "asked")
    world.crash()
    world.clock.pass_(4 * 3_600)
    if end == "changed":
        world.edit(job("asked", on_demand=True, expect=every(9)), remove=["plain"])
    elif end == "removed":
        world.edit(remove=["asked", "plain"])
    else:
        run_by_hand(world, "asked")
    world.start()
    world.run(60)
    assert told(world) == ["01 05:00 asked late since 01 04:00", f"01 05:00 asked {end}"]


def test_an_edit_that_changes_and_disables_ends_what_is_late_once() -> None:
    """It is over because something else is expected now, and was so before the job was disabled."""
    world = World(job("asked", on_demand=True, expect=every(2)))
    world.start()
    world.run(2.5 * 3_600)
    world.edit(job("asked", on_demand=True, enabled=False, expect=every(1)))
    world.run(2 * 3_600)
    assert told(world) == ["01 02:00 asked late since 01 02:00", "01 02:30 asked changed"]


def test_it_does_not_stand_still_on_days_without_times() -> None:
    """A job that runs on weekdays is late on Sunday, if a success is expected every two days."""
    closed = calendar("closed", weekdays=("sat", "sun"))
    world = World(job("daily", "0 1 * * *", expect=every(48), calendars=on(without=(closed,))))
    world.calendars["closed"] = closed
    world.start()
    world.until(BEGIN + 5 * DAY)
    assert told(world) == ["04 01:00 daily late since 04 01:00", "05 01:00 daily succeeded"]


def test_a_success_that_a_person_asked_for_counts_and_a_backfill_does_not() -> None:
    """Somebody ran it: it was done. What makes up for the past says nothing of the present."""
    world = World(job("yearly", "0 0 1 1 *", expect=every(24)))
    world.start()
    world.run(3_600)
    world.backfill("yearly", timedelta(days=400))
    world.until(BEGIN + 1.1 * DAY)
    assert world.entries(v.RunFinished)
    world.person(v.RunRequested(executor="scheduler"), "yearly", run=-1)
    world.run(60)
    assert told(world) == ["02 00:00 yearly late since 02 00:00", "02 02:24 yearly succeeded"]


def test_runs_that_a_person_asked_for_are_not_judged() -> None:
    """Nothing says when they should have started: by hand, and of a backfill, which takes its time."""
    world = World(job("a", "0 1 * * *", expect=Expect(start_within_ms=1, finish_within_ms=2)))
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.run(60)
    world.person(v.RunRequested(executor="scheduler"), "a", run=-1)
    world.person(v.JobDisabled(), "a")
    world.run(2 * 86_400)
    world.person(v.JobEnabled(), "a")
    world.run(60)
    world.backfill("a", 2 * DAY)
    world.run(4 * 3_600)
    assert told(world) == []


def test_what_is_edited_counts_from_the_edit() -> None:
    """Another limit ends what was late by the old one, and nothing is late before it was expected."""
    world = World(
        job("a", "0 1 * * *"),
        job("b", "0 1 * * *", start_deadline_ms=86_400_000, expect=START),
        max_parallel=1,
    )
    world.machine.behaviour = lambda launch: Process(7_200.0, 0)
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    world.edit(
        job("b", "0 1 * * *", start_deadline_ms=86_400_000, expect=START, description="this is not about it")
    )
    world.run(60)
    world.edit(job("b", "0 1 * * *", start_deadline_ms=86_400_000, expect=Expect(start_within_ms=3_000_000)))
    world.until(BEGIN + 2 * HOUR)
    world.edit(job("b", "0 1 * * *", start_deadline_ms=86_400_000, expect=FINISH))
    world.until(BEGIN + 2.25 * HOUR)
    world.edit(remove=["b"])
    world.run(60)
    assert told(world) == [
        "01 01:10 b of 01:00 late since 01 01:10",
        "01 01:31 b of 01:00 changed",
        "01 01:50 b of 01:00 late since 01 01:50",
        "01 02:00 b of 01:00 changed",
        "01 02:00 b of 01:00 late since 01 02:00",
        "01 02:15 b of 01:00 removed",
    ]


def test_what_runs_after_others_counts_from_their_success() -> None:
    """Its instant is theirs; it is due once they are done."""
    world = World(
        job("first", "0 1 * * *"), job("second", after=After(jobs=["first"]), expect=START), max_parallel=1
    )
    world.machine.behaviour = lambda launch: Process(7_200.0, 0)
    world.start()
    world.until(BEGIN + 6 * HOUR)
    assert len(world.entries(v.RunStarted)) == 2
    assert told(world) == []


def test_what_is_caught_up_of_a_pause_counts_from_its_tick() -> None:
    """While the job was disabled nothing was expected of it."""
    world = World(job("hourly", expect=START))
    world.start()
    world.run(600)
    world.person(v.JobDisabled(), "hourly")
    world.run(4.5 * 3_600)
    world.person(v.JobEnabled(catch_up=True), "hourly")
    world.run(60)
    assert "catch_up 01 04:00" in world.told("hourly")
    assert told(world) == []


def test_who_is_disabled_twice_has_stood_still_since_the_first_time() -> None:
    """One hour of the two had passed then, and the other one counts from the end of it all."""
    world = World(job("asked", on_demand=True, expect=every(2)))
    world.start()
    world.run(3_600)
    world.person(v.JobDisabled(), "asked")
    world.run(2 * 3_600)
    world.person(v.JobDisabled(), "asked")
    world.run(2 * 3_600)
    world.person(v.JobEnabled(), "asked")
    world.run(2 * 3_600)
    assert told(world) == ["01 06:00 asked late since 01 06:00"]


def test_the_instant_at_which_a_pause_ends_is_caught_up_of_the_pause() -> None:
    """Nobody served when it ended: who catches it up is not late."""
    world = World(job("hourly", expect=START))
    world.start()
    world.run(600)
    world.person(v.JobDisabled(), "hourly")
    world.crash()
    world.clock.pass_((BEGIN + 5 * HOUR - world.clock.wall).total_seconds())
    world.person(v.JobEnabled(catch_up=True), "hourly")
    world.clock.pass_(1_800)
    world.start()
    world.run(60)
    assert "catch_up 01 05:00" in world.told("hourly")
    assert told(world) == []


def test_a_clock_that_was_ahead_does_not_put_off_what_is_expected() -> None:
    """The last success seems to be of next month: the time counts from the moment when the clock was set right."""
    world = World(job("asked", on_demand=True, expect=every(2)))
    world.start()
    world.run(60)
    world.clock.step(30 * 86_400)
    world.run(60)
    world.person(v.RunRequested(executor="scheduler"), "asked", run=-1)
    world.run(60)
    world.clock.step(-30 * 86_400)
    world.until(BEGIN + 5 * HOUR)
    assert told(world)[-1] == "01 02:03 asked late since 01 02:03"


def test_what_is_late_of_a_job_is_all_that_is_on_record_of_it() -> None:
    """Of the job and of its runs in flight, and of no other one; what has ended is late no more."""
    late = Expect(start_within_ms=600_000, finish_within_ms=1_800_000, success_every_ms=3_600_000)
    world = World(
        job("a", "0 1 * * *"),
        job("b", "0 1 * * *", start_deadline_ms=86_400_000, expect=late),
        job("c", expect=FINISH),
        max_parallel=1,
    )
    world.machine.behaviour = lambda launch: Process(7_200.0, 0)
    world.start()

    def late_of_b() -> list[tuple[str, int | None]]:
        known = world.state.expectations
        assert known is not None
        return [(each.expectation, each.run) for each in known.open_of("b", world.state.jobs["b"].live)]

    world.until(BEGIN + 1.75 * HOUR)
    (run,) = world.state.jobs["b"].live
    assert late_of_b() == [("success_every", None), ("start_within", run), ("finish_within", run)]
    assert v.payload(world.entries()[run]).scheduled_for == BEGIN + HOUR
    world.until(BEGIN + 4.5 * HOUR)
    assert late_of_b() == [("success_every", None), ("finish_within", run)]


def test_a_thousand_late_runs_are_told_in_few_appends() -> None:
    """As many are told in one append as fit, and none is forgotten."""
    names = [f"job-{number}" for number in range(2 * TOLD_MAX)]
    world = World(
        job("a", "0 1 * * *"), *(job(name, "0 1 * * *", expect=START) for name in names), max_parallel=1
    )
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    appends = 0

    def count(events: object) -> None:
        nonlocal appends
        appends += 1

    world.until(BEGIN + 1.1 * HOUR)
    world.store.after_commit = count
    world.until(BEGIN + 1.2 * HOUR)
    assert len(world.entries(v.ExpectationBreached)) == len(names)
    assert appends <= 3


def test_of_what_came_and_went_unwatched_the_newest_are_told() -> None:
    """Nobody serves, and somebody runs the job by hand, late each time: the state does not grow without end."""
    world = World(job("asked", on_demand=True, expect=Expect(success_every_ms=1_000)))
    world.start()
    world.run(0.5)
    world.crash()
    for _ in range(ENDED_MAX + 5):
        world.clock.pass_(60)
        run_by_hand(world, "asked")
    assert world.state.expectations is not None
    assert len(world.state.expectations.ended) == ENDED_MAX
    world.start()
    world.run(0.5)
    assert len(world.entries(v.ExpectationMet)) == ENDED_MAX
    assert not list(illegal_entries(world.entries()))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"since": BEGIN + 2 * HOUR}, "would not hold from 2026-01-01 01:10:00 UTC on"),
        ({"limit_ms": 1}, "would not hold from 2026-01-01 01:10:00 UTC on"),
        ({"expectation": "finish_within"}, "nothing of b was expected then"),
        ({"expectation": "success_every"}, "success_every is not about one run"),
    ],
)
def test_a_breach_that_there_is_not_breaks_a_law(change: dict[str, object], why: str) -> None:
    """Each member of the entry follows from the entries before it."""
    world = World(job("a", "0 1 * * *"), job("b", "0 1 * * *", expect=START), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.until(BEGIN + 1.1 * HOUR)
    (run,) = (run.number for run in world.state.runs.values() if run.job == "b")
    true = v.ExpectationBreached(
        expectation="start_within",
        limit_ms=600_000,
        since=BEGIN + HOUR + 10 * MINUTE,
        scheduled_for=BEGIN + HOUR,
    )
    world.crash()
    world.say(lambda state: [v.event(msgspec.structs.replace(true, **change), v.SCHEDULER, job="b", run=run)])
    (illegal,) = illegal_entries(world.entries())
    assert why in illegal.why


def test_what_was_told_before_breaks_a_law() -> None:
    """A breach is told once, and its end once, by what ended it."""
    world = World(job("a", "0 1 * * *"), job("b", "0 1 * * *", expect=START), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.until(BEGIN + 1.5 * HOUR)
    (breached,) = world.entries(v.ExpectationBreached)
    ended = v.ExpectationMet(
        expectation="start_within",
        breach=breached.seq,
        since=v.payload(breached).since,
        until=world.clock.wall,
        by="started",
        because_of=breached.seq,
    )

    def again(payload: v.Payload) -> None:
        world.say(lambda state: [v.event(payload, v.SCHEDULER, job="b", run=breached.run)])

    again(v.payload(breached))
    again(ended)
    world.until(BEGIN + 2.5 * HOUR)
    (met,) = (each for each in world.entries(v.ExpectationMet) if v.payload(each).until == BEGIN + 2 * HOUR)
    again(v.payload(met))
    first, second, third = (each.why for each in illegal_entries(world.entries()))
    assert first == f"entry {breached.seq} told of that, and it had not ended"
    assert (
        second
        == third
        == f"entry {breached.seq} tells of no breach that had ended, or its end was told before"
    )


@pytest.mark.parametrize(
    ("change", "name", "why"),
    [
        ({}, "asked", ""),
        ({}, "plain", "entry {breach} is about something else"),
        ({"expectation": "finish_within"}, "asked", "entry {breach} is about something else"),
        ({"since": BEGIN}, "asked", "the breach of entry {breach} ended by entry {end}"),
        ({"until": BEGIN}, "asked", "the breach of entry {breach} ended by entry {end}"),
        ({"by": "changed"}, "asked", "the breach of entry {breach} ended by entry {end}"),
        ({"because_of": 1}, "asked", "the breach of entry {breach} ended by entry {end}"),
    ],
)
def test_an_end_that_was_another_one_breaks_a_law(change: dict[str, object], name: str, why: str) -> None:
    """Each member of the entry follows from the entries before it."""
    world = World(job("asked", on_demand=True, expect=every(2)), job("plain", on_demand=True))
    world.start()
    world.run(2.5 * 3_600)
    world.crash()
    run_by_hand(world, "asked")
    (breached,), end = world.entries(v.ExpectationBreached), world.entries()[-1]
    true = v.ExpectationMet(
        expectation="success_every",
        breach=breached.seq,
        since=BEGIN + 2 * HOUR,
        until=end.time,
        by="succeeded",
        because_of=end.seq,
    )
    world.say(lambda state: [v.event(msgspec.structs.replace(true, **change), v.SCHEDULER, job=name)])
    found = [each.why for each in illegal_entries(world.entries())]
    assert found == ([why.format(breach=breached.seq, end=end.seq)] if why else [])


def test_a_breach_that_was_told_and_ended_is_not_told_again() -> None:
    """Though its end is still to be told."""
    world = World(job("asked", on_demand=True, expect=every(2)))
    world.start()
    world.run(2.5 * 3_600)
    world.crash()
    run_by_hand(world, "asked")
    (breached,) = world.entries(v.ExpectationBreached)
    world.say(lambda state: [v.event(v.payload(breached), v.SCHEDULER, job="asked")])
    (illegal,) = illegal_entries(world.entries())
    assert illegal.why == "it would not hold from 2026-01-01 04:30:00 UTC on, by the definition of asked"


def test_where_nothing_is_expected_nothing_is_told() -> None:
    """Neither a breach nor its end, and what is about a run names one."""
    world = World(job("plain", on_demand=True))
    world.start()
    world.run(60)
    about = {"expectation": "success_every", "since": BEGIN}
    breached = v.ExpectationBreached(limit_ms=1, **about)  # type: ignore[arg-type]
    met = v.ExpectationMet(breach=1, until=BEGIN, by="succeeded", because_of=1, **about)  # type: ignore[arg-type]
    of_no_run = msgspec.structs.replace(breached, expectation="finish_within")
    world.say(lambda state: [v.event(met, v.SCHEDULER, job="plain")])
    world.say(lambda state: [v.event(breached, v.SCHEDULER, job="plain")])
    world.say(lambda state: [v.event(breached, v.SCHEDULER, job="unknown")])
    world.say(lambda state: [v.event(of_no_run, v.SCHEDULER, job="plain")])
    assert [each.why for each in illegal_entries(world.entries())] == [
        "entry 1 tells of no breach that had ended, or its end was told before",
        "nothing of plain was expected then that this could be",
        "nothing of unknown was expected then that this could be",
        "finish_within is about a run",
    ]
