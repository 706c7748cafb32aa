"""What a node starts of what it was given, and what becomes of an attempt that is lost on record and went on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler import vocabulary as v
from scheduler.definition import After, Retry
from scheduler.rules.nodes.losses import given_up, losses
from scheduler.rules.nodes.nodes_state import LostAttempt
from scheduler.rules.nodes.starting import assigned_starts, must_stop, report
from scheduler.rules.state import Executor
from tests.support.node_ledger import USER, NodeLedger
from tests.support.world import job

HERE = Executor("b.example", "boot-b", 9, 90, 4_026_531_836)


def secret(run: int, attempt: int) -> str:
    """Stands for the digest of an attempt's secret."""
    return f"secret of {run}.{attempt}"


def test_a_node_starts_what_was_assigned_to_it_in_that_order() -> None:
    """With its locks, successes and waits; what is another node's, or no longer wanted, it leaves."""
    ledger = NodeLedger(
        job("first", locks=("disk",), after=After(jobs=["up"], within_ms=3_600_000)), job("up"), job("second"),
        job("third"), job("cancelled"), job("disabled"), nodes={"a": 8, "b": 8}, leader="a",
    )  # fmt: skip
    up = ledger.tick("up")
    ledger.start(up, "a")
    ended = ledger.finish(up)
    runs = {name: ledger.tick(name) for name in ("third", "second", "first", "cancelled", "disabled")}
    ledger.assign(runs["second"], "b")
    ledger.assign(runs["first"], "b", slots=[up.number])
    ledger.assign(runs["third"], "a")
    ledger.assign(runs["cancelled"], "b")
    ledger.assign(runs["disabled"], "b")
    ledger.say(v.RunCancelRequested(), USER, job="cancelled", run=runs["cancelled"].number)
    ledger.say(v.JobDisabled(), USER, job="disabled")
    events = assigned_starts(ledger.state, "b", HERE, secret)
    assert [event.job for event in events] == ["second", "first"]
    data = events[1].data
    number = runs["first"].number
    assert (data.node, data.attempt, data.locks, data.successes) == ("b", 1, {"disk": 1}, [ended.seq])
    assert (data.slots, data.waited_behind, data.secret_sha256) == (
        [up.number],
        None,
        f"secret of {number}.1",
    )
    assert (data.host, data.executor_pid, data.pid_namespace) == ("b.example", 9, 4_026_531_836)
    ledger.append(*events)
    assert assigned_starts(ledger.state, "b", HERE, secret) == []


def test_a_node_that_does_not_serve_starts_nothing() -> None:
    """None that is not known, and none that has left."""
    ledger = NodeLedger(job("one"), nodes={"a": 1, "b": 1}, leader="a")
    assert assigned_starts(ledger.state, "c", HERE, secret) == []
    ledger.say(v.NodeLeft(node="b", reason="SIGTERM"))
    assert assigned_starts(ledger.state, "b", HERE, secret) == []


def lost(**members: object) -> tuple[NodeLedger, LostAttempt]:
    """A job of which an attempt is lost with node b."""
    ledger = NodeLedger(job("hourly", **members), nodes={"a": 8, "b": 8}, leader="a")  # type: ignore[arg-type]
    ledger.start(ledger.tick("hourly"), "b")
    ledger.pass_(minutes=2)
    ledger.append(*losses(ledger.state, {"b": 60.0}.__getitem__, 60, ledger.now))
    (found,) = ledger.state.nodes["b"].lost_attempts
    return ledger, found


def test_a_node_that_was_silent_for_too_long_is_lost_with_what_it_had_started() -> None:
    """Not earlier, and never the leader; the run's end says so, and no retry follows that was not asked for."""
    ledger = NodeLedger(
        job("plain", retry=Retry(attempts=5)), job("named", retry=Retry(attempts=5, outcomes=["lost"])), job("waits"),
        nodes={"a": 8, "b": 8}, leader="a",
    )  # fmt: skip
    for name in ("plain", "named"):
        ledger.start(ledger.tick(name), "b")
    ledger.assign(ledger.tick("waits"), "b")
    ledger.pass_(minutes=1)
    assert losses(ledger.state, {"b": 59.9}.__getitem__, 60, ledger.now) == []
    events = losses(ledger.state, {"b": 60.5}.__getitem__, 60, ledger.now)
    assert events[0].data == v.NodeLost(
        node="b", silent_since=ledger.now - timedelta(seconds=60.5), silent_ms=60_500
    )
    ends = {event.job: event.data for event in events[1:]}
    assert {name: (data.outcome, data.node, data.error) for name, data in ends.items()} == {
        "plain": ("lost", "b", "node b was lost"),
        "named": ("lost", "b", "node b was lost"),
    }
    assert ends["plain"].retry_at is None
    assert ends["named"].retry_at is not None
    ledger.append(*events)
    assert losses(ledger.state, {"b": 999.0}.__getitem__, 60, ledger.now) == []


def test_what_a_node_records_of_a_lost_attempt_is_a_report() -> None:
    """With all that its end would have said; once, and only of what is lost on record."""
    ledger, found = lost()
    ended = v.RunFinished(
        trigger="schedule", started=ledger.now, outcome="failed", attempt=1, exit_code=3, error="no disk",
        duration_ms=7, node="b", metrics={"rows": 4.0}, retry_at=ledger.now,
    )  # fmt: skip
    event = v.event(ended, v.SCHEDULER, job="hourly", run=found.run)
    assert report(ledger.state, "a", event) is None
    assert report(ledger.state, "c", event) is None
    said = report(ledger.state, "b", event)
    assert said is not None
    assert said.data == v.RunReported(
        node="b", trigger="schedule", started=ledger.now, outcome="failed", attempt=1, exit_code=3, error="no disk",
        duration_ms=7, metrics={"rows": 4.0},
    )  # fmt: skip
    assert (said.job, said.run) == ("hourly", found.run)
    ledger.append(said)
    assert report(ledger.state, "b", event) is None


def test_a_lost_attempt_goes_on_until_the_next_one_of_its_run_or_job_begins() -> None:
    """Then its process is stopped, unless runs of the job go side by side."""
    for overlap, stops in (("skip", True), ("queue", True), ("replace", True), ("allow", False)):
        ledger, found = lost(overlap=overlap)
        assert must_stop(ledger.state, found) is None
        later = ledger.tick("hourly")
        assert must_stop(ledger.state, found) is None
        ledger.assign(later, "a")
        why = must_stop(ledger.state, found)
        assert (why is not None) is stops
        if why is not None:
            assert f"run {later.number} of hourly has begun" in why
        ledger.start(later)
        ledger.pass_(minutes=1)
        ledger.finish(later)
        assert (must_stop(ledger.state, found) is not None) is stops


def test_a_lost_attempt_is_stopped_once_its_run_makes_another() -> None:
    """While that one only waits for its time, the first may go on."""
    ledger, found = lost(retry=Retry(attempts=2, outcomes=["lost"]))
    assert must_stop(ledger.state, found) is None
    run = ledger.state.runs[found.run]
    ledger.start(run, "a")
    why = must_stop(ledger.state, found)
    assert why is not None
    assert "attempt 2 of it has begun" in why


@pytest.mark.parametrize("removed", [False, True])
def test_nothing_is_stopped_for_a_job_of_which_nothing_else_ran(removed: bool) -> None:
    """Nor if it was removed from the config."""
    ledger, found = lost()
    if removed:
        ledger.say(v.JobRemoved(config="c"), v.CONFIG, job="hourly")
    assert must_stop(ledger.state, found) is None


def test_a_person_gives_up_a_node_that_stopped_and_left_runs_going() -> None:
    """No time does; its runs are lost by that, with the person as the actor, and it may serve again later."""
    ledger = NodeLedger(job("hourly"), job("other"), nodes={"a": 8, "b": 8}, leader="a")
    run = ledger.tick("hourly")
    ledger.start(run, "b")
    assert given_up(ledger.state, "b", "gone", ledger.now, USER) == []
    assert given_up(ledger.state, "nobody", "gone", ledger.now, USER) == []
    gone = v.NodeLost(node="b", silent_since=ledger.now, silent_ms=0, reason="gone")
    assert "only a node that has stopped or is lost" in ledger.refused(v.event(gone, USER))
    left = ledger.say(v.NodeLeft(node="b", reason="SIGTERM", runs_left=1))
    ledger.pass_(days=3)
    assert losses(ledger.state, {"b": 9e9}.__getitem__, 60, ledger.now) == []
    events = given_up(ledger.state, "b", "sold", ledger.now, USER)
    ledger.append(*events)
    assert [(event.type, event.actor) for event in events] == [("node.lost", USER), ("run.finished", USER)]
    assert events[0].data == v.NodeLost(
        node="b", silent_since=left.time, silent_ms=3 * 86_400_000, reason="sold"
    )
    assert run.number not in ledger.state.runs
    assert ledger.state.nodes["b"].standing == "lost"
    assert [each.run for each in ledger.state.nodes["b"].lost_attempts] == [run.number]
    ledger.join("b")
    assert ledger.state.nodes["b"].takes_new


def test_what_a_node_that_serves_finds_lost_itself_is_not_to_be_reported() -> None:
    """It restarted, and its process was gone: its end says all that there is."""
    ledger = NodeLedger(job("hourly"), nodes={"a": 8, "b": 8}, leader="a")
    run = ledger.tick("hourly")
    ledger.start(run, "b")
    ledger.join("b", incarnation="b-2")
    ledger.finish(run, outcome="lost")
    assert ledger.state.nodes["b"].lost_attempts == []
