"""What people and programs are told of runs that make several attempts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler import vocabulary as v
from scheduler.definition import Retry
from scheduler.home import Home
from scheduler.ledger.view import past_view
from tests.support.command import Answer, call
from tests.support.simulated_home import home_of
from tests.support.world import BEGIN, Process, World, job

RETRY = Retry(attempts=4, delay_ms=60_000)


def lived(until_s: float, failures: int, retry: Retry = RETRY) -> World:
    """A world whose hourly job is due once, with so many attempts that fail."""
    world = World(job("nightly", "0 1 * * *", retry=retry))
    world.machine.behaviour = lambda launch: Process(2.0, 0 if launch.attempt > failures else 75)
    world.start()
    world.run(until_s)
    return world


@pytest.fixture(scope="module")
def thrice(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which the third attempt succeeded."""
    return home_of(lived(3_600 + 600, 2), tmp_path_factory.mktemp("thrice"))


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which a run waits for its third attempt, for years by now."""
    world = lived(3_600 + 90, 9)
    assert world.entries()[-1].type == v.RunFinished.TYPE
    return home_of(world, tmp_path_factory.mktemp("waiting"))


def ask(home: Home, *arguments: str) -> Answer:
    """What a command answers."""
    answer = call(*arguments, home=home.root)
    assert answer.code == 0, answer.err
    return answer


def test_the_history_has_one_row_a_run_or_one_an_attempt(thrice: Home) -> None:
    """With --attempts the earlier ones stand below, each with what it came to."""
    (row,) = ask(thrice, "jobs", "history", "--json").document
    assert (row["attempt"], row["outcome"]) == (3, "succeeded")
    rows = ask(thrice, "jobs", "history", "--attempts", "--json").document
    assert [(each["attempt"], each["outcome"]) for each in rows] == [
        (3, "succeeded"), (2, "failed"), (1, "failed"),
    ]  # fmt: skip
    assert len({each["run"] for each in rows}) == 1
    text = ask(thrice, "jobs", "history", "--attempts").out
    assert "succeeded (attempt 3)" in text
    assert "attempt 1 failed with exit code 75" in text


def test_a_run_that_waits_is_shown_as_such(waiting: Home) -> None:
    """In the list, in the history, with the number of the next attempt and its moment."""
    (row,) = ask(waiting, "jobs", "history", "--status", "waiting", "--json").document
    assert (row["status"], row["attempt"], row["outcome"]) == ("waiting", 2, None)
    assert "waiting for attempt 3 at 2026-01-01 01:01:57" in ask(waiting, "jobs", "history").out
    overdue = "waiting for a scheduler to make attempt 3, which was due at 2026-01-01 01:01:57"
    assert overdue in ask(waiting, "jobs", "list").out
    (listed,) = ask(waiting, "jobs", "list", "--json").document
    assert listed["running"][0]["retry_at"].startswith("2026-01-01T01:01:57")
    assert overdue in ask(waiting, "jobs", "show", "nightly").out
    assert "waiting for a scheduler to make attempt 3" in ask(waiting, "status").out


def facts(home: Home, *options: str) -> tuple[str, list[dict[str, Any]]]:
    """The verdict about the instant, and the facts."""
    (answer,) = ask(home, "jobs", "why", "nightly", "--at", "2026-01-01 01:00", "--json", *options).document[
        "answers"
    ]
    return answer["verdict"], answer["facts"]


def test_why_tells_each_attempt(thrice: Home, waiting: Home) -> None:
    """Its end, and when the next one was to follow and did, with the entries that prove it."""
    verdict, told = facts(thrice)
    kinds = [fact["kind"] for fact in told]
    assert (verdict, kinds) == (
        "ran", ["scheduled", "ticked", "run_began", "attempt_ended", "attempt_ended", "run_ended"],
    )  # fmt: skip
    assert [fact["attempt"] for fact in told[3:]] == [1, 2, 3]
    assert all(len(fact["entries"]) == 2 and fact["next_started"] for fact in told[3:5])
    text = ask(thrice, "jobs", "why", "nightly", "--at", "2026-01-01 01:00").out
    assert "Attempt 1 failed with exit code 75 at" in text
    assert "attempt 2 was to follow at" in text
    assert "in attempt 3" in text
    verdict, told = facts(waiting)
    assert (verdict, told[-1]["kind"], told[-1]["attempt"]) == ("waiting", "run_open", 3)
    assert "makes another attempt" in ask(waiting, "jobs", "why", "nightly", "--at", "2026-01-01 01:00").out


@pytest.mark.parametrize(("deed", "why", "words"), [
    (v.JobDisabled(reason="enough"), "disabled", "its job was disabled by user:ann@sim: enough"),
    (v.RunCancelRequested(reason="no"), "cancelled", "it was cancelled by user:ann@sim: no"),
    (None, "within", "(`retry.within`) was over"),
])  # fmt: skip
def test_why_tells_how_a_wait_ended(deed: v.Payload | None, why: str, words: str, tmp_path: Path) -> None:
    """Who ended it and why, or that its time was over."""
    world = lived(3_600 + 10, 9, Retry(attempts=4, delay_ms=60_000, within_ms=120_000))
    if deed is None:
        world.crash()
        world.clock.pass_(600)
        world.start()
    else:
        world.person(deed, "nightly", world.entries(v.RunStarted)[0].run)
    world.run(1)
    home = home_of(world, tmp_path)
    verdict, told = facts(home)
    assert (verdict, told[-1]["kind"], told[-1]["why"]) == ("ran", "wait_ended", why)
    assert words in ask(home, "jobs", "why", "nightly", "--at", "2026-01-01 01:00").out
    (row,) = ask(home, "jobs", "history", "--json").document
    assert (row["attempt"], row["outcome"]) == (1, "cancelled" if why == "cancelled" else "failed")
    (attempt,) = ask(home, "jobs", "history", "--attempts", "--json").document
    assert (attempt["outcome"], attempt["closes"]) == ("failed", None)


def test_the_timeline_marks_attempts_that_others_followed(thrice: Home) -> None:
    """They have a sign of their own, and count as no run."""
    asked = [
        "jobs",
        "timeline",
        "--utc",
        "--since",
        "2026-01-01T00:30:00Z",
        "--until",
        "2026-01-01T02:00:00Z",
    ]
    text = ask(thrice, *asked).out
    assert "2 tried again" in text
    assert "1 succeeded" in text


def test_the_past_knows_the_wait(waiting: Home) -> None:
    """As of a moment between two attempts, the run waits; a moment later it goes on."""
    view = past_view(waiting, BEGIN + timedelta(seconds=3_600 + 30))
    (run,) = view.state.runs.values()
    assert run.waits_for_retry
    assert view.ledger is not None
    view.ledger.store.close()
