"""Each reason why an instant was run or was not, as people would ask about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

import pytest

from eventstore.errors import Unavailable
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.explanation import Explainer, Explanation
from scheduler.explanation import facts as f
from scheduler.ledger.past import Past
from tests.support.world import BEGIN, Crash, Machine, Process, SimulatedClock, SimulatedFiles, World, job

Kind = TypeVar("Kind", bound=f.Fact)
HOUR = timedelta(hours=1)
Ask = Callable[..., Explanation]


def at(hour: float) -> datetime:
    """So many hours after the world began."""
    return BEGIN + timedelta(hours=hour)


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Ask about an instant of a world's job; the answer rests on entries that are about it."""

    def asking(world: World, instant: datetime, name: str = "hourly", *, serving: bool = True) -> Explanation:
        past = Past(world.machine.store.peer(), tmp_path / "states", 64)
        return Explainer(past, name, world.clock.wall, serving=serving).explain(instant)

    return asking


def the(answer: Explanation, kind: type[Kind]) -> Kind:
    """The one fact of a kind in an answer."""
    (fact,) = (fact for fact in answer.facts if isinstance(fact, kind))
    return fact


def types(world: World, fact: f.Fact) -> list[str]:
    """The types of the entries that prove a fact."""
    entries = world.entries()
    return [entries[seq].type for seq in fact.entries]


def lived(hours: float, **members: object) -> World:
    """A world with an hourly job that was served for so many hours."""
    world = World(job("hourly", **members))  # type: ignore[arg-type]
    world.start()
    world.run(hours * 3_600)
    return world


def test_it_ran(ask: Ask) -> None:
    """An instant that was run has its tick, its start and its end."""
    world = lived(3.5)
    answer = ask(world, at(2))
    assert answer.verdict == "ran"
    assert types(world, the(answer, f.RunOwed)) == ["schedule.ticked"]
    assert types(world, the(answer, f.RunStart)) == ["run.started"]
    assert types(world, the(answer, f.RunEnd)) == ["run.finished"]
    assert the(answer, f.RunEnd).outcome == "succeeded"


def test_not_due_tells_the_nearest_instants(ask: Ask) -> None:
    """An instant that the schedule does not have is told with its neighbours and the definition that says so."""
    world = lived(3.5)
    answer = ask(world, at(1.5))
    scheduled = the(answer, f.ScheduleInForce)
    assert (answer.verdict, scheduled.before, scheduled.after) == ("not_due", at(1), at(2))
    assert types(world, scheduled) == ["job.defined"]


def test_disabled_by_whom_when_and_why(ask: Ask) -> None:
    """A person who disabled it is named with their reason, and so is who ended that."""
    world = lived(1.5)
    world.person(v.JobDisabled(reason="migration"), "hourly")
    world.run(2 * 3_600)
    switched = the(ask(world, at(3)), f.Disablement)
    assert (switched.actor, switched.since, switched.reason) == ("user:ann@sim", at(1.5), "migration")
    assert switched.ended is None
    world.person(v.JobEnabled(), "hourly")
    world.run(3_600)
    switched = the(ask(world, at(3)), f.Disablement)
    assert (switched.ended, switched.ended_by) == (at(3.5), "user:ann@sim")
    assert types(world, switched) == ["job.disabled", "job.enabled"]
    assert ask(world, at(4)).verdict == "ran"


def test_a_pause_ends_by_itself(ask: Ask) -> None:
    """A pause is told with its end; right after that end the schedule is in force again."""
    world = lived(1.5)
    world.person(v.JobDisabled(until=at(3.5)), "hourly")
    world.run(4 * 3_600)
    switched = the(ask(world, at(3)), f.Disablement)
    assert (switched.until, switched.ended, switched.ended_by) == (at(3.5), at(3.5), "scheduler")
    assert ask(world, at(4)).verdict == "ran"


@pytest.mark.parametrize("schedule", ["0 * * * *", "30 * * * *"])
def test_a_config_that_ends_what_it_began_is_told(ask: Ask, schedule: str) -> None:
    """`enabled: false` was taken out of the config again, perhaps with another edit."""
    world = lived(1.5)
    world.edit(job("hourly", enabled=False))
    world.run(2 * 3_600)
    ended = world.clock.wall
    world.edit(job("hourly", schedule))
    world.run(3_600)
    answer = ask(world, at(3))
    switched = the(answer, f.Disablement)
    assert (answer.verdict, switched.ended_by, types(world, switched)) == (
        "disabled",
        "config",
        ["job.disabled", "job.defined"],
    )
    assert switched.ended is not None
    assert ended <= switched.ended <= ended + timedelta(seconds=60)


def test_who_disabled_it_last_before_the_instant_counts(ask: Ask) -> None:
    """Of two people who disabled it one after the other, the one is named whose word held at the instant."""
    world = lived(1.5)
    for reason in ("first", "second"):
        world.person(v.JobDisabled(reason=reason), "hourly")
        world.run(2 * 3_600)
    assert the(ask(world, at(3)), f.Disablement).reason == "first"
    assert the(ask(world, at(5)), f.Disablement).reason == "second"


def test_a_pause_that_ended_unwatched_does_not_explain_what_came_after_it(ask: Ask) -> None:
    """What fell due between the end of a pause and the next word about the job was missed, not disabled."""
    world = lived(1.5)
    world.person(v.JobDisabled(until=at(2.5)), "hourly")
    world.crash()
    world.clock.pass_(3 * 3_600)
    world.person(v.JobDisabled(reason="again"), "hourly")
    world.start()
    world.run(3_600)
    answers = [ask(world, at(hour)) for hour in (2, 3, 4, 5)]
    assert [answer.verdict for answer in answers] == ["disabled", "missed", "missed", "disabled"]
    assert the(answers[1], f.ClosedSchedule).by == "disabled"
    assert (the(answers[0], f.Disablement).until, the(answers[3], f.Disablement).reason) == (at(2.5), "again")


def test_the_scheduler_had_died_and_the_latest_was_caught_up(ask: Ask) -> None:
    """After a crash: since when nothing was watching, how long, what was caught up, and what therefore was not."""
    world = lived(1.5)
    last = world.entries()[-1]
    world.crash()
    world.clock.pass_(3 * 3_600)
    world.start()
    world.run(60)
    missed, caught_up = ask(world, at(3)), ask(world, at(4))
    for answer in (missed, caught_up):
        down = the(answer, f.SchedulerDowntime)
        assert (down.how, down.since, down.until) == ("died", last.time, at(4.5))
        misfired = the(answer, f.Misfire)
        assert (misfired.first, misfired.last, misfired.count, misfired.will_run) == (at(2), at(4), 3, 1)
    not_wanted = the(missed, f.CatchUpRefusal)
    assert (missed.verdict, not_wanted.rule, not_wanted.ran_instead) == ("missed", "one", [at(4)])
    assert (caught_up.verdict, the(caught_up, f.RunOwed).trigger) == ("ran", "catch_up")
    assert not_wanted.runs == [the(caught_up, f.RunOwed).run]


def test_what_others_record_in_its_name_is_no_sign_of_life(ask: Ask) -> None:
    """The end of a pause is recorded by whoever comes first: a scheduler that is dead has not come back by that."""
    world = World(job("hourly"), job("paused"))
    world.start()
    world.run(1.5 * 3_600)
    last = world.entries()[-1]
    world.person(v.JobDisabled(until=at(1.75)), "paused")
    world.crash()
    world.clock.pass_(2 * 3_600)
    world.edit()  # a command records that the pause is over
    assert [entry.time for entry in world.entries(v.JobEnabled)] == [at(3.5)]
    world.start()
    assert the(ask(world, at(2)), f.SchedulerDowntime).since == last.time


def test_what_was_signed_in_the_name_of_one_that_had_died_is_no_sign_of_it(ask: Ask) -> None:
    """It died with its own last entry."""
    world = lived(1.5)
    last = world.entries()[-1]
    world.crash()
    world.clock.pass_(3_600)
    signed = v.CheckpointSigned(size=2, root="r", key_id="00000001", note="n")
    world.machine.store.peer().append([v.event(signed, v.SCHEDULER)])
    world.clock.pass_(2 * 3_600)
    world.start()
    world.run(60)
    down = the(ask(world, at(3)), f.SchedulerDowntime)
    assert (down.how, down.since, down.until) == ("died", last.time, at(4.5))


def test_it_slept_and_died_before_it_had_settled_what_it_slept_through(ask: Ask) -> None:
    """A scheduler that lived at the instant is not told as down then: the suspend is, and that it died later."""
    world = lived(1.5)
    store = world.store

    def die(events: Sequence[Event]) -> None:
        if any(isinstance(event.data, v.ClockStepped) for event in events):
            raise Crash

    store.after_commit = die
    world.clock.sleep(2 * 3_600)
    with pytest.raises(Crash):
        world.run(60)
    world.crash()
    world.clock.pass_(3_600)
    world.start()
    slept, down = ask(world, at(2)), ask(world, at(4))
    assert the(slept, f.ClockStep).cause == "suspend"
    assert (the(slept, f.SchedulerDowntime).later, the(slept, f.SchedulerDowntime).since) == (True, at(3.5))
    assert (the(down, f.SchedulerDowntime).later, the(down, f.SchedulerDowntime).since) == (False, at(3.5))
    assert not [fact for fact in down.facts if isinstance(fact, f.ClockStep)]


def test_the_scheduler_had_stopped(ask: Ask) -> None:
    """An orderly stop is told with its entry and its reason."""
    world = lived(1.5)
    world.say(lambda state: [v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER)])
    world.crash()
    world.clock.pass_(2 * 3_600)
    world.start()
    down = the(ask(world, at(2)), f.SchedulerDowntime)
    assert (down.how, down.since, down.reason, down.until) == ("stopped", at(1.5), "SIGTERM", at(3.5))
    assert types(world, down) == ["scheduler.stopped", "scheduler.started"]


def test_no_scheduler_had_ever_run(ask: Ask) -> None:
    """A job that a command made known before any scheduler ran: nothing had ever watched."""
    world = World(job("hourly"))
    world.edit()
    world.clock.pass_(2.5 * 3_600)
    assert the(ask(world, at(1), serving=False), f.SchedulerDowntime).how == "never"
    world.start()
    down = the(ask(world, at(1)), f.SchedulerDowntime)
    assert (down.how, down.since, down.until) == ("never", None, at(2.5))


def test_a_scheduler_that_died_before_it_had_looked_does_not_hide_the_outage(ask: Ask) -> None:
    """The outage is the one that the instant fell into, even if another scheduler started and died since."""
    world = lived(1.5)
    world.crash()
    world.clock.pass_(2 * 3_600)
    world.say(
        lambda state: [v.event(v.SchedulerStarted(pid=2, host="sim", boot_id="b", versions={}), v.SCHEDULER)]
    )
    world.clock.pass_(3_600)
    world.start()
    down = the(ask(world, at(2)), f.SchedulerDowntime)
    assert (down.how, down.until) == ("died", at(3.5))


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"catch_up": "none"}, "none"),
        ({"catch_up": "all", "catch_up_limit": 2}, "limit"),
        ({"catch_up": "all", "catch_up_window_ms": 3_600_000}, "window"),
        ({"catch_up": "one"}, "one"),
    ],
)
def test_why_catch_up_did_not_want_it(ask: Ask, members: dict[str, object], rule: str) -> None:
    """The policy, its limit or its window is named, with the definition that has it."""
    world = lived(1.5, **members)
    world.crash()
    world.clock.pass_(4 * 3_600)
    world.start()
    world.run(60)
    answer = ask(world, at(2))
    not_wanted = the(answer, f.CatchUpRefusal)
    assert (answer.verdict, not_wanted.rule) == ("missed", rule)
    assert types(world, not_wanted)[0] == "job.defined"


def test_skipped_because_another_run_held_it(ask: Ask) -> None:
    """The run that was in the way is told: its number, when it began and how it ended."""
    world = World(job("hourly"))
    world.machine.behaviour = lambda launch: Process(5_000.0, 1)
    world.start()
    world.run(3.5 * 3_600)
    answer = ask(world, at(2))
    way = the(answer, f.BlockingRun)
    assert (answer.verdict, the(answer, f.RunSkip).reason) == ("skipped", "overlap")
    assert (way.run, way.started, way.scheduled_for) == (the(ask(world, at(1)), f.RunOwed).run, at(1), at(1))
    assert (way.ended, way.outcome) == (at(1) + timedelta(seconds=5_000), "failed")


@pytest.mark.parametrize("overlap", ["queue", "replace"])
def test_what_a_run_waited_for_is_told_with_its_start_and_end(
    ask: Ask, overlap: Literal["queue", "replace"]
) -> None:
    """It had ended by the time at which the run that waited began."""
    world = World(job("hourly", overlap=overlap))
    world.machine.behaviour = lambda launch: Process(5_000.0, 0)
    world.start()
    world.run(3.5 * 3_600)
    way = the(ask(world, at(2)), f.BlockingRun)
    assert (way.run, way.started) == (the(ask(world, at(1)), f.RunOwed).run, at(1))
    assert way.ended is not None


def test_the_queue_was_full(ask: Ask) -> None:
    """Where too many wait, that is the reason, and the oldest of them is named."""
    world = World(job("hourly", overlap="queue", queue_limit=1))
    world.machine.behaviour = lambda launch: Process(50_000.0, 0)
    world.start()
    world.run(3.5 * 3_600)
    assert [ask(world, at(hour)).verdict for hour in (1, 2, 3)] == ["running", "waiting", "skipped"]
    assert the(ask(world, at(2)), f.UnfinishedRun).behind == the(ask(world, at(1)), f.RunOwed).run
    assert the(ask(world, at(3)), f.RunSkip).reason == "queue_full"


def test_a_waiting_run_was_cancelled(ask: Ask) -> None:
    """Who cancelled it before it began is named with their reason."""
    world = World(job("hourly", overlap="queue"))
    world.machine.behaviour = lambda launch: Process(5_000.0, 0)
    world.start()
    world.run(2.1 * 3_600)
    run = the(ask(world, at(2)), f.RunOwed).run
    world.person(v.RunCancelRequested(reason="not today"), "hourly", run=run)
    world.run(60)
    skipped = the(ask(world, at(2)), f.RunSkip)
    assert (skipped.reason, skipped.actor, skipped.actor_reason) == ("cancelled", "user:ann@sim", "not today")
    assert types(world, skipped) == ["run.skipped", "run.cancel_requested"]


def test_a_run_was_lost(ask: Ask) -> None:
    """A run whose process died unwatched did run, and was lost."""
    world = World(job("hourly"))
    world.machine.behaviour = lambda launch: Process(5_000.0, 0)
    world.start()
    world.run(1.1 * 3_600)
    world.machine.reboot()
    world.restart()
    world.run(60)
    assert the(ask(world, at(1)), f.RunEnd).outcome == "lost"


def test_a_run_outlived_its_scheduler(ask: Ask) -> None:
    """A run that the next scheduler took over is told as such."""
    world = World(job("hourly"))
    world.machine.behaviour = lambda launch: Process(5_000.0, 0)
    world.start()
    world.run(1.1 * 3_600)
    world.restart()
    world.run(3_600)
    began = the(ask(world, at(1)), f.RunStart)
    assert began.adopted
    assert types(world, began) == ["run.started", "run.adopted"]


def test_not_defined_yet_removed_and_back(ask: Ask) -> None:
    """Before the config had it, while it was gone, and after it came back."""
    world = World()
    world.start()
    world.run(1.5 * 3_600)
    world.edit(job("hourly"))
    world.run(2 * 3_600)
    world.edit(remove=["hourly"])
    world.run(2 * 3_600)
    gone = the(ask(world, at(5)), f.JobAbsence)
    assert (gone.removed, gone.back) == (at(3.5), None)
    world.edit(job("hourly"))
    world.run(3_600)
    verdicts = [ask(world, at(hour)).verdict for hour in (1, 2, 4, 6)]
    assert verdicts == ["not_defined", "ran", "removed", "ran"]
    gone = the(ask(world, at(4)), f.JobAbsence)
    assert (gone.removed, gone.back) == (at(3.5), at(5.5))
    assert types(world, gone) == ["job.removed", "job.defined"]


def test_the_schedule_was_another_one_then(ask: Ask) -> None:
    """The definition of then decides, and that it is another one now is told with both."""
    world = lived(2.5)
    world.edit(job("hourly", "30 12 * * *", timezone="Europe/Paris"))
    world.run(3 * 3_600)
    answer = ask(world, at(2))
    assert (answer.verdict, answer.timezone) == ("ran", "UTC")
    assert the(answer, f.ScheduleInForce).source == "0 * * * *"
    now = the(answer, f.ScheduleChange)
    assert (now.source, now.timezone, now.since) == ("30 12 * * *", "Europe/Paris", at(2.5))
    assert ask(world, at(4)).verdict == "not_due"


def test_edits_after_the_instant_do_not_count(ask: Ask) -> None:
    """The revision that is told is the one that held at the instant, whatever was edited before it was settled."""
    world = lived(1.5)
    revision = the(ask(world, at(1.25)), f.ScheduleInForce).revision
    world.edit(job("hourly", timeout_ms=1_000))
    world.run(3_600)
    assert the(ask(world, at(1.25)), f.ScheduleInForce).revision == revision
    assert the(ask(world, at(2)), f.ScheduleInForce).revision != revision


@pytest.mark.parametrize(
    ("meddle", "by"),
    [
        (lambda world: world.edit(job("hourly", "15 * * * *")), "replaced"),
        (lambda world: world.person(v.JobDisabled(reason="enough"), "hourly"), "disabled"),
        (lambda world: world.edit(remove=["hourly"]), "removed"),
    ],
)
def test_it_was_closed_before_anything_had_acted_on_it(
    ask: Ask, meddle: Callable[[World], object], by: str
) -> None:
    """What passed unwatched under a schedule that then ceased to be in force is not run, and that is said."""
    world = lived(1.5)
    world.crash()
    world.clock.pass_(3_600)
    meddle(world)
    before = the(ask(world, at(2), serving=False), f.ClosedSchedule)
    assert (before.by, before.time, before.settled) == (by, at(2.5), False)
    world.clock.pass_(3_600)
    world.start()
    answer = ask(world, at(2))
    closed = the(answer, f.ClosedSchedule)
    assert (answer.verdict, closed.by, closed.settled) == ("missed", by, True)
    assert types(world, closed)[1] == "schedule.misfired"
    assert the(answer, f.SchedulerDowntime).until == at(3.5)


def test_the_machine_slept(ask: Ask) -> None:
    """A suspend is told with the time that it took."""
    world = lived(1.5)
    world.clock.sleep(2 * 3_600)
    world.run(60)
    stepped = the(ask(world, at(2)), f.ClockStep)
    assert (stepped.cause, stepped.by_ms, stepped.after) == ("suspend", 7_200_000, at(3.5))


def test_the_clock_stepped_over_it(ask: Ask) -> None:
    """A clock that was set ahead over an instant is told."""
    world = lived(1.5)
    world.clock.step(7_200)
    world.run(60)
    stepped = the(ask(world, at(2)), f.ClockStep)
    assert (stepped.cause, stepped.by_ms, stepped.before) == ("step", 7_200_000, at(1.5))


def test_the_clock_was_set_back_over_it(ask: Ask) -> None:
    """An instant that clocks showed twice ran once, and the step back is told."""
    world = lived(2.5)
    world.clock.step(-3_600)
    world.run(2 * 3_600)
    answer = ask(world, at(2))
    assert answer.verdict == "ran"
    assert the(answer, f.ClockStep).by_ms == -3_600_000


@pytest.mark.parametrize("died", [True, False])
def test_the_clock_was_set_back_while_no_scheduler_ran(ask: Ask, died: bool) -> None:
    """An instant that was missed, and to which the clock came again: it was settled by then, and that is told."""
    world = World(job("hourly", schedule="0,30 * * * *"))
    world.start()
    world.run(600)
    world.crash()
    world.clock.pass_(2 * 3_600)
    world.start()  # the instants up to here are settled: one is run, the others are missed
    world.run(3 * 3_600)
    world.edit(job("hourly", schedule="*/15 * * * *"))
    world.run(600)
    stopped = world.clock.wall
    if died:
        world.crash()
    else:
        world.say(lambda state: [v.event(v.SchedulerStopped(reason="SIGTERM"), v.SCHEDULER)])
        world.crash()
    world.clock.step(-4.5 * 3_600)
    world.start()
    started = world.clock.wall
    world.run(2 * 3_600)

    missed = ask(world, at(1))
    assert missed.verdict == "missed"
    assert the(missed, f.SchedulerDowntime).until is not None
    step, again = the(missed, f.ClockStep), the(missed, f.SecondPass)
    assert (step.cause, step.after) == ("unwatched", started)
    assert step.before <= stopped
    assert types(world, step)[-1] == "scheduler.started"
    assert (again.source, again.until > at(5)) == ("*/15 * * * *", True)

    edited = ask(world, at(1.25))
    assert (edited.verdict, the(edited, f.ScheduleInForce).source) == ("not_due", "0,30 * * * *")
    assert the(edited, f.SecondPass).source == "*/15 * * * *"
    ran = ask(world, at(2.5))
    assert (ran.verdict, the(ran, f.ClockStep).after) == ("ran", started)
    assert not [fact for fact in ran.facts if isinstance(fact, f.SecondPass)]
    # What the clock came to once only has nothing of this.
    before = ask(world, at(0.5))
    assert not [fact for fact in before.facts if isinstance(fact, f.ClockStep | f.SecondPass)]


def test_a_schedule_of_the_second_pass_is_asked_about_to_the_second(tmp_path: Path) -> None:
    """Instants that only the schedule of the second pass has are found in the minute that was asked about."""
    world = lived(2.2)
    world.edit(job("hourly", every="50s"))
    world.run(60)
    world.crash()
    world.clock.step(-3_600)
    world.start()
    world.run(1_800)
    past = Past(world.machine.store.peer(), tmp_path / "states", 64)
    answers, more = Explainer(past, "hourly", world.clock.wall, serving=True).about(
        at(1.5), at(1.5) + timedelta(minutes=1)
    )
    assert (len(answers), more) in ((1, 0), (2, 0))
    assert all((answer.instant - at(0)).total_seconds() % 50 == 0 for answer in answers)
    assert all(the(answer, f.SecondPass).source == "every 50s" for answer in answers)


def test_the_scheduler_was_held_up(ask: Ask) -> None:
    """A stall leaves no entry but the misfire, which says so."""
    world = lived(1.5)
    world.run(0)
    world.clock.pass_(2 * 3_600)
    world.turn()
    assert the(ask(world, at(2)), f.Misfire).reason == "stall"


def test_the_ledger_could_not_be_written(ask: Ask) -> None:
    """A full disk: since when, until when, and why."""
    world = lived(1.5)
    store = world.store

    def full(events: Sequence[Event]) -> None:
        if not any(isinstance(event.data, v.SchedulerPaused) for event in events):
            raise Unavailable("no space left")

    store.before_commit = full
    store.files = SimulatedFiles(lambda: store.before_commit is None)
    world.run(0.6 * 3_600)
    paused = the(ask(world, at(2)), f.SchedulerPause)
    assert (paused.since, paused.reason) == (at(2), "no space left")
    store.before_commit = None
    world.run(3_600)
    answer = ask(world, at(2))
    paused = the(answer, f.SchedulerPause)
    assert (paused.since, paused.until is not None) == (at(2), True)
    assert the(answer, f.Misfire).reason == "ledger_unavailable"


def test_still_to_come_and_just_passed(ask: Ask) -> None:
    """An instant ahead is upcoming; one that has passed with nothing on record is pending, and told why."""
    world = lived(1.5)
    ahead = ask(world, at(2))
    assert (ahead.verdict, the(ahead, f.UpcomingInstant).serving) == ("upcoming", True)
    world.crash()
    world.clock.pass_(2 * 3_600)
    verdicts = {}
    for hour in (2, 3):
        answer = ask(world, at(hour), serving=False)
        assert (answer.verdict, the(answer, f.SchedulerDowntime).until) == ("pending", None)
        verdicts[hour] = the(answer, f.UpcomingInstant).caught_up
    assert verdicts == {2: False, 3: True}


def test_a_run_by_hand_is_found_beside_the_schedule(tmp_path: Path) -> None:
    """A person's run at that moment is told too, though the schedule had nothing."""
    world = lived(1.5)
    world.person(v.RunRequested(executor="scheduler", reason="to see"), "hourly", run=-1)
    world.run(60)
    past = Past(world.machine.store.peer(), tmp_path, 64)
    explainer = Explainer(past, "hourly", world.clock.wall, serving=True)
    (answer,) = explainer.requests(at(1.5), at(1.5) + timedelta(minutes=1))
    assert (answer.verdict, the(answer, f.ManualRun).reason) == ("ran", "to see")
    assert explainer.requests(at(1.4), at(1.5)) == []


def world_at(begin: datetime, schedule: str, zone: str) -> World:
    """A world that begins elsewhere in the year, with one job."""
    world = World(job("hourly", schedule, timezone=zone), machine=Machine(SimulatedClock(begin)))
    world.start()
    world.run(48 * 3_600)
    return world


SPRING, AUTUMN = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)


def test_a_time_that_daylight_saving_skips_is_made_up(ask: Ask) -> None:
    """02:30 does not exist on that night: the run was made right after the gap, and that is said."""
    world = world_at(SPRING, "30 2 * * *", "Europe/Paris")
    answer = ask(world, datetime(2026, 3, 29, 1, tzinfo=UTC))
    saving = the(answer, f.DaylightSaving)
    assert (answer.verdict, saving.effect) == ("ran", "made_up")
    assert (saving.wall_from, saving.wall_to) == ("2026-03-29T02:00", "2026-03-29T03:00")


def test_an_interval_that_daylight_saving_skips_is_not_made_up(ask: Ask) -> None:
    """A job with a star in its minutes follows elapsed time: what was skipped is not made up for."""
    world = world_at(SPRING, "*/30 2 * * *", "Europe/Paris")
    answer = ask(world, datetime(2026, 3, 29, 1, tzinfo=UTC))
    assert (answer.verdict, the(answer, f.DaylightSaving).effect) == ("not_due", "skipped")


@pytest.mark.parametrize(
    ("schedule", "verdicts", "effects"),
    [
        ("30 2 * * *", ["ran", "not_due"], ["first_of_two", "second_of_two"]),
        ("30 * * * *", ["ran", "ran"], ["both", "both"]),
        ("*/30 2 * * *", ["ran", "ran"], ["both", "both"]),
    ],
)
def test_a_time_that_comes_twice(ask: Ask, schedule: str, verdicts: list[str], effects: list[str]) -> None:
    """02:30 comes twice on that night: a fixed time is run the first time, an interval both times."""
    world = world_at(AUTUMN, schedule, "Europe/Paris")
    instants = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    answers = [ask(world, instant) for instant in instants]
    assert [answer.verdict for answer in answers] == verdicts
    assert [the(answer, f.DaylightSaving).effect for answer in answers] == effects
    assert [the(answer, f.DaylightSaving).other for answer in answers] == instants[::-1]


@pytest.mark.parametrize("edited", [False, True])
def test_a_catch_up_that_a_crash_cut_off_is_told(ask: Ask, edited: bool) -> None:
    """The tick comes after the restart, with other entries before it; none comes if the schedule was replaced."""
    world = World(job("hourly", catch_up="one"), job("other", "@reboot"))
    world.start()
    world.run(1_800)
    world.crash()
    world.clock.pass_(4 * 3_600)

    def cut(events: Sequence[Event]) -> None:
        kinds = [type(event.data) for event in events]
        if v.ScheduleMisfired in kinds:
            world.machine.tear(len(events), kinds.index(v.ScheduleMisfired) + 1)
            raise Crash

    world.machine.store.after_commit = cut
    with pytest.raises(Crash):
        world.start()
    world.crash()
    world.machine.store.after_commit = None
    if edited:
        world.edit(job("hourly", "30 * * * *", catch_up="one"))
    world.start()
    world.run(60)
    assert ask(world, at(4)).verdict == ("missed" if edited else "ran")
    refused = [fact for fact in ask(world, at(3)).facts if isinstance(fact, f.CatchUpRefusal)]
    assert len(refused) == (0 if edited else 1)
