from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Retry
from scheduler.entry_members import Outcome
from scheduler.processes.spawner import Launch
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.runs.attempts import is_retried, retry_delay, settles
from tests.support.audit import audit
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Crash, Process, World, job

MINUTE = timedelta(minutes=1)
THRICE = Retry(attempts=3, delay_ms=60_000)
LONG = Retry(attempts=3, delay_ms=4_200_000, delay_max_ms=9_000_000)


def failing(attempts: int, retry: Retry = THRICE, **members: Any) -> World:
    """A world with an hourly job, so many attempts of which fail after a second."""
    world = World(job("a", "0 * * * *", retry=retry, **members))
    world.machine.behaviour = lambda launch: Process(1.0, 0 if launch.attempt > attempts else 1)
    world.start()
    return world


def ends(world: World) -> list[v.RunFinished]:
    """How the attempts and runs ended."""
    return [v.payload(entry) for entry in world.entries(v.RunFinished)]


def starts(world: World) -> list[Entry]:
    """The attempts that began."""
    return world.entries(v.RunStarted)


def check(world: World) -> None:
    """The ledger keeps the laws, as the fold and the auditors see them."""
    assert list(illegal_entries(world.entries())) == []
    audit(world.entries(), world.clock.wall)
    audit_runs(world.entries(), 8)


def test_a_run_makes_several_attempts_under_one_number() -> None:
    """Each has its own start and end; the run ends with the last of them, and only that is the job's last run."""
    world = failing(2)
    world.run(3_600 + 300)
    assert {entry.run for entry in starts(world)} == {entry.seq for entry in world.entries(v.ScheduleTicked)}
    assert [v.payload(entry).attempt for entry in starts(world)] == [1, 2, 3]
    told = [(end.attempt, end.outcome, end.retry_at is not None) for end in ends(world)]
    assert told == [(1, "failed", True), (2, "failed", True), (3, "succeeded", False)]
    last = world.state.jobs["a"].last
    assert last is not None
    assert last.outcome == "succeeded"
    assert not world.state.runs
    check(world)


def test_when_all_attempts_failed_the_run_has_failed() -> None:
    """No attempt follows the last one, and the instant is used up."""
    world = failing(9)
    world.run(3_600 + 300)
    assert [end.retry_at is None for end in ends(world)] == [False, False, True]
    assert len(world.entries(v.ScheduleTicked)) == 1
    check(world)


def test_each_attempt_starts_at_the_moment_on_record() -> None:
    """Neither earlier nor later than `retry_at`, a tenth more or less than the delay after the end."""
    world = failing(9)
    world.run(3_600 + 300)
    finished = [entry for entry in world.entries(v.RunFinished) if v.payload(entry).retry_at]
    for end, start in zip(finished, starts(world)[1:], strict=True):
        at = v.payload(end).retry_at
        assert 0.9 * MINUTE <= at - end.time <= 1.1 * MINUTE
        assert timedelta(0) <= start.time - at < timedelta(milliseconds=10)


@pytest.mark.parametrize("down_s", [0.0, 5.0, 70.0])
def test_a_wait_outlives_the_scheduler_to_the_second(down_s: float) -> None:
    """After a restart the attempt starts when it was to start, or at once where that has passed unwatched."""
    world = failing(1, catch_up="none")
    world.run(3_600 + 10)
    at = ends(world)[0].retry_at
    assert at is not None
    world.crash()
    world.clock.pass_(down_s)
    restarted = world.clock.wall
    world.start()
    world.run(120)
    assert timedelta(0) <= starts(world)[1].time - max(at, restarted) < timedelta(milliseconds=10)
    check(world)


@pytest.mark.parametrize("append", range(1, 9))
def test_a_crash_at_any_step_doubles_no_attempt_and_loses_none(append: int) -> None:
    """Right before and right after each append of a run with attempts: the next scheduler goes on from there."""
    for hook in ("before_commit", "after_commit"):
        world = failing(2)
        world.run(3_599)
        left = [append]

        def crash(events: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Crash

        setattr(world.store, hook, crash)
        try:
            world.run(400)
        except Crash:
            world.crash()
            world.clock.pass_(2.0)
            world.start()
            world.run(400)
        check(world)
        attempts = [v.payload(entry).attempt for entry in starts(world)]
        assert attempts == list(range(1, len(attempts) + 1))
        assert ends(world)[-1].retry_at is None
        assert len(world.entries(v.ScheduleTicked)) == 1


@pytest.mark.parametrize(("retry", "outcome", "exit_code", "wanted"), [
    (Retry(), "failed", 1, True), (Retry(), "timed_out", None, True), (Retry(), "lost", None, False),
    (Retry(), "unknown", None, False), (Retry(), "cancelled", None, False), (Retry(), "succeeded", 0, False),
    (Retry(exit_codes=[75], outcomes=[]), "failed", 75, True),
    (Retry(exit_codes=[75], outcomes=[]), "failed", 1, False),
    (Retry(exit_codes=[75], outcomes=[]), "failed", None, False),
    (Retry(exit_codes=[75], outcomes=["timed_out"]), "timed_out", None, True),
    (Retry(exit_codes=[75], outcomes=["failed"]), "failed", 1, True),
    (Retry(outcomes=["lost", "unknown"]), "lost", None, True),
    (Retry(outcomes=["lost", "unknown"]), "failed", 1, False),
])  # fmt: skip
def test_what_is_tried_again(retry: Retry, outcome: Outcome, exit_code: int | None, wanted: bool) -> None:
    """Failures and time-outs, unless something else is named; exit codes are named one by one."""
    assert is_retried(retry, outcome, exit_code) is wanted


def test_delays_grow_up_to_their_bound_and_vary_by_a_tenth() -> None:
    """They follow from ledger, run and attempt alone, and differ from run to run."""
    retry = Retry(attempts=9, delay_ms=10_000, backoff=2.0, delay_max_ms=60_000)
    for attempt, plain_s in enumerate([10, 20, 40, 60, 60], 1):
        delays = [retry_delay(retry, "l", run, attempt).total_seconds() for run in range(300)]
        assert all(0.9 * plain_s <= delay <= 1.1 * plain_s for delay in delays)
        assert min(delays) < 0.92 * plain_s
        assert max(delays) > 1.08 * plain_s
        assert len(set(delays)) > 100
    assert retry_delay(retry, "l", 7, 2) == retry_delay(retry, "l", 7, 2) != retry_delay(retry, "m", 7, 2)


def test_a_waiting_run_is_in_the_way_of_the_next_one() -> None:
    """It counts for its job's overlap: what falls due meanwhile is skipped because of it."""
    world = failing(1, LONG)
    world.run(2 * 3_600 + 10)
    (skipped,) = world.entries(v.RunSkipped)
    assert v.payload(skipped).because_of == world.entries(v.ScheduleTicked)[0].seq


def test_queued_runs_come_after_the_attempts_of_the_one_before() -> None:
    """A younger run waits until the older one has ended for good."""
    world = failing(2, msgspec.structs.replace(THRICE, delay_ms=3_000_000), overlap="queue")
    world.run(4 * 3_600)
    first, second = (entry.seq for entry in world.entries(v.ScheduleTicked)[:2])
    assert [entry.run for entry in starts(world)][:4] == [first, first, first, second]
    assert next(entry.run for entry in world.entries(v.RunFinished) if settles(entry)) == first


def test_overlap_allow_lets_others_run_beside_a_wait() -> None:
    """Then nobody waits for anybody."""
    world = failing(1, LONG, overlap="allow")
    world.run(2 * 3_600 + 60)
    assert [v.payload(entry).attempt for entry in starts(world)] == [1, 1]


def test_a_waiting_run_holds_no_slot() -> None:
    """With one slot, another job runs while this one waits."""
    world = World(job("a", retry=THRICE), job("b", schedule="0 * * * *"), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(1.0, 1)
    world.start()
    world.run(3_600 + 20)
    assert [entry.job for entry in starts(world)] == ["a", "b"]


def closing(world: World) -> v.RunFinished:
    """The one entry that ended a wait, after the run has made one attempt."""
    finished = ends(world)
    assert [end.closes is not None for end in finished] == [False, True]
    wait = world.entries(v.RunFinished)[0]
    assert finished[1].closes == wait.seq
    assert finished[1].attempt == 1
    assert not world.state.runs
    return finished[1]


def test_a_cancelled_wait_ends_as_cancelled() -> None:
    """At once, and the entry of the request is named."""
    world = failing(9)
    world.run(3_600 + 10)
    run = starts(world)[0].run
    asked = world.person(v.RunCancelRequested(), "a", run)
    world.turn()
    assert (closing(world).outcome, closing(world).because_of) == ("cancelled", asked.seq)
    check(world)


@pytest.mark.parametrize("deed", ["disable", "pause", "remove"])
def test_a_wait_ends_when_the_job_is_not_wanted_any_more(deed: str) -> None:
    """The run ends as its last attempt did, and the entry that says why is named."""
    world = failing(9)
    world.run(3_600 + 10)
    if deed == "remove":
        world.edit(remove=["a"])
    else:
        world.person(v.JobDisabled(until=None if deed == "disable" else BEGIN + timedelta(days=1)), "a")
    world.turn()
    end = closing(world)
    said = world.entries(v.JobRemoved if deed == "remove" else v.JobDisabled)[0]
    assert (end.outcome, end.exit_code, end.because_of) == ("failed", 1, said.seq)
    check(world)


def test_a_run_by_hand_goes_on_though_its_job_is_disabled() -> None:
    """A person wanted it, whatever the schedule is."""
    world = failing(1)
    world.person(v.JobDisabled(), "a")
    world.person(v.RunRequested(executor="scheduler"), "a", run=-1)
    world.run(120)
    assert [end.outcome for end in ends(world)] == ["failed", "succeeded"]
    check(world)


def test_a_cancelled_attempt_is_not_tried_again() -> None:
    """Nor is one that fails by itself after somebody asked it to stop, or after its job was disabled."""
    world = World(job("a", retry=THRICE, kill_after_ms=60_000))
    world.machine.behaviour = lambda launch: Process(30.0, 1, withstands="term")
    world.start()
    world.run(3_601)
    world.person(v.RunCancelRequested(), "a", starts(world)[0].run)
    world.run(60)
    (end,) = ends(world)
    assert (end.outcome, end.retry_at) == ("cancelled", None)


def test_a_disabled_job_makes_no_further_attempt() -> None:
    """The attempt that was going when the job was disabled is the last one."""
    world = failing(9)
    world.run(3_600.5)
    world.person(v.JobDisabled(), "a")
    world.run(10)
    (end,) = ends(world)
    assert (end.outcome, end.retry_at) == ("failed", None)


@pytest.mark.parametrize(("within_s", "attempts"), [(30, 1), (90, 2), (600, 3)])
def test_no_attempt_is_announced_that_would_start_too_late(within_s: int, attempts: int) -> None:
    """`within` counts from the start of the first attempt."""
    world = failing(9, msgspec.structs.replace(THRICE, within_ms=within_s * 1_000))
    world.run(3_600 + 600)
    assert len(starts(world)) == attempts
    assert ends(world)[-1].retry_at is None
    assert ends(world)[-1].closes is None
    check(world)


def test_an_attempt_that_fell_due_unwatched_starts_only_within_its_time() -> None:
    """Where that time has passed, the next scheduler closes the wait."""
    world = failing(9, msgspec.structs.replace(THRICE, within_ms=300_000))
    world.run(3_600 + 10)
    world.crash()
    world.clock.pass_(600)
    world.start()
    world.turn()
    end = closing(world)
    assert (end.outcome, end.because_of) == ("failed", None)
    check(world)


def test_each_attempt_uses_the_definition_in_force() -> None:
    """An edit during the wait decides the next attempt, and whether one follows that."""
    world = failing(9)
    commands: list[object] = []

    def behave(launch: Launch) -> Process:
        commands.append(launch.argv)
        return Process(1.0, 1)

    world.machine.behaviour = behave
    world.run(3_600 + 10)
    world.edit(msgspec.structs.replace(world.jobs["a"], command=["false"], retry=None))
    world.run(120)
    assert commands == [["true"], ["false"]]
    assert [end.retry_at is None for end in ends(world)] == [False, True]


def test_what_was_lost_is_tried_again_only_where_that_is_named() -> None:
    """Nobody knows what a lost attempt has done; who says so takes that."""
    for outcomes, attempts in ((None, 1), (["lost"], 2)):
        retry = msgspec.convert({"attempts": 3, "outcomes": outcomes}, Retry)
        world = World(job("a", retry=retry))
        world.machine.behaviour = lambda launch: Process(600.0, 0)
        world.start()
        world.run(3_700)
        world.crash()
        world.machine.reboot()
        world.start()
        world.run(30)
        assert len(starts(world)) == attempts


def test_a_run_with_options_is_not_tried_again() -> None:
    """Only the process that was asked knows them."""
    world = failing(9)
    request = v.RunRequested(executor="scheduler", parameters=["--dry-run"])
    world.person(request, "a", run=-1)
    world.run(300)
    (end,) = ends(world)
    assert end.retry_at is None


def entries_of(*payloads: tuple[v.Payload, int | None]) -> list[str]:
    """What the laws say of a made-up ledger of one job, whose run is entry 1."""
    world = World()
    definition = JobDefinition(name="a", command="x", schedule="0 * * * *")
    first: list[tuple[v.Payload, int | None]] = [
        (v.JobDefined(definition=definition, revision="r", config="c"), None),
        (v.RunRequested(executor="scheduler"), -1),
    ]
    for payload, run in [*first, *payloads]:
        world.person(payload, "a", run)
    return [illegal.why for illegal in illegal_entries(world.entries())]


def began(attempt: int) -> tuple[v.Payload, int]:
    """An attempt of run 2 began."""
    started = v.RunStarted(
        attempt=attempt, trigger="manual", command_sha256="", host="h", boot_id="b", executor_pid=1,
        executor_start_ticks=1,
    )  # fmt: skip
    return started, 2


def ended(attempt: int, **facts: object) -> tuple[v.Payload, int]:
    """It ended."""
    known = {"trigger": "manual", "started": BEGIN, "outcome": "failed", "attempt": attempt, **facts}
    return msgspec.convert(known, v.RunFinished), 2


LATER: datetime = BEGIN + MINUTE


@pytest.mark.parametrize(("payloads", "why"), [
    ([began(2)], "run 2 was at attempt 0: the next one is not 2"),
    ([began(1), began(2)], "attempt 1 of run 2 had not ended"),
    ([began(1), ended(1, retry_at=LATER), began(3)], "run 2 was at attempt 1: the next one is not 3"),
    ([began(1), ended(1, retry_at=LATER), ended(1)], "attempt 1 of run 2 had ended"),
    ([began(1), ended(1, retry_at=LATER), began(1)], "attempt 1 of run 2 had started before"),
    ([began(1), ended(1, retry_at=LATER, outcome="succeeded")], "no attempt follows one that is succeeded"),
    ([began(1), ended(1, retry_at=LATER, outcome="cancelled")], "no attempt follows one that is cancelled"),
    ([began(1), ended(1, closes=3)], "run 2 did not wait for an attempt since entry 3"),
    ([began(1), ended(1, retry_at=LATER), ended(1, closes=3)],
     "run 2 did not wait for an attempt since entry 3"),
    ([began(1), ended(1, retry_at=LATER), ended(1, closes=4, outcome="lost")],
     "attempt 1, the last one of run 2, was failed"),
    ([began(1), ended(1, retry_at=LATER), ended(1, closes=4, retry_at=LATER)],
     "a wait that is closed has no next attempt"),
    ([began(1), ended(1, retry_at=LATER), ended(1, closes=4), began(2)],
     "run 2 had ended before, or was never owed"),
    ([began(1), ended(1, retry_at=LATER), (v.RunSkipped(reason="overlap", trigger="manual"), 2)],
     "run 2 had started"),
])  # fmt: skip
def test_the_laws_of_attempts(payloads: list[tuple[v.Payload, int | None]], why: str) -> None:
    """An attempt follows one that ended with a promise of it; a promise is kept or closed, once."""
    assert why in entries_of(*payloads)


def test_what_keeps_the_laws_of_attempts() -> None:
    """A wait that is closed by a cancellation, and one that leads to the last attempt."""
    waited = [began(1), ended(1, retry_at=LATER)]
    assert entries_of(*waited, ended(1, closes=4, outcome="cancelled")) == []
    assert entries_of(*waited, began(2), ended(2)) == []


def test_an_attempt_that_is_due_starts_once_the_attempt_beside_it_has_ended() -> None:
    """Also if that one's run goes on, and only waits for its own next attempt."""
    world = World(job("a", "0 * * * *", overlap="allow", retry=Retry(attempts=2, delay_ms=60_000)))
    world.machine.behaviour = lambda launch: Process(
        300.0 if launch.attempt == 1 and world.clock.wall.minute == 0 else 1.0, 1
    )
    world.clock.pass_(60)
    world.start()
    world.crash()
    world.clock.pass_(3 * 3_600 - 70)
    world.start()
    world.run(900)
    caught_up, scheduled = [entry.run for entry in world.entries(v.ScheduleTicked)]
    (end,) = [
        entry
        for entry in world.entries(v.RunFinished)
        if entry.run == scheduled and v.payload(entry).retry_at
    ]
    (second,) = [entry for entry in starts(world) if entry.run == caught_up and v.payload(entry).attempt == 2]
    assert end.time == BEGIN + timedelta(hours=3, minutes=5)
    assert second.time == end.time
    check(world)


@pytest.mark.parametrize("watched", [True, False], ids=["seen", "found at the start"])
def test_a_clock_that_is_set_back_makes_no_wait_longer(watched: bool) -> None:
    """The attempt comes after its delay of a minute, and not of an hour more, whether a scheduler saw that or not."""
    world = failing(1)
    world.until(BEGIN + timedelta(hours=1, seconds=20))
    if watched:
        world.clock.step(-3_600)
        world.run(90)
    else:
        world.crash()
        world.clock.step(-3_600)
        world.start()
        world.run(90)
    assert [(end.attempt, end.outcome) for end in ends(world)] == [(1, "failed"), (2, "succeeded")]
    world.run(2 * 3_600)
    assert [entry.run for entry in starts(world)] == [starts(world)[0].run] * 2 + [starts(world)[-1].run] * 2
    check(world)


def test_a_clock_that_is_set_back_by_less_than_a_wait_has_lasted_changes_nothing() -> None:
    """Its moment is as far away as it was by the clock."""
    world = failing(1, Retry(attempts=2, delay_ms=600_000))
    world.until(BEGIN + timedelta(hours=1, seconds=120))
    (wait,) = [run.retry for run in world.state.runs.values() if run.retry is not None]
    world.clock.step(-60)
    world.run(5)
    assert [run.retry for run in world.state.runs.values()] == [wait]
