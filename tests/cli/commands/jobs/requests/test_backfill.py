"""`jobs backfill` as people use it: what is asked for, listed, refused, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from tests.support.command import call
from tests.support.home import LiveHome, entries_of

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CONFIG = """\
jobs:
  often: {command: "true", schedule: "* * * * *", catch_up: none}
  asked: {command: "true", on_demand: true}
  careful: {command: "true", every: 1m, require_reason: true}
"""


@pytest.fixture
def live(tmp_path: Path) -> LiveHome:
    """A home that was defined just now, and no scheduler."""
    live = LiveHome(tmp_path)
    live.configure(CONFIG)
    assert live.ask("jobs", "disable", "--all", "--reason", "a beginning").code == 0
    assert live.ask("jobs", "enable", "--all", "--reason", "a beginning").code == 0
    return live


def _range(length: timedelta, step: timedelta) -> list[str]:
    """The options for as much time, which has just passed and begins where times of this step are."""
    step_s = int(step.total_seconds())
    end = datetime.fromtimestamp(int(datetime.now(UTC).timestamp()) // step_s * step_s, UTC)
    return ["--from", (end - length).isoformat(), "--to", end.isoformat()]


def _backfill(live: LiveHome, name: str, *options: str) -> tuple[int, str, str]:
    answer = call("jobs", "backfill", name, *options, home=live.root)
    return answer.code, answer.out, answer.err


def test_what_is_asked_for_is_listed_first_recorded_then_and_ended_by_cancel(live: LiveHome) -> None:
    """The dry run records nothing; status, next and show tell what is to come."""
    wanted = _range(3 * MINUTE, MINUTE)
    code, out, err = _backfill(live, "often", *wanted, "--dry-run")
    assert (code, out.count(" UTC"), "Nothing was recorded" in err) == (0, 3, True)
    listed = live.ask("jobs", "backfill", "often", *wanted, "--dry-run", "--json").document
    assert (len(listed["times"]), listed["entry"]) == (3, None)
    assert not live.entries("backfill")
    code, out, err = _backfill(live, "often", *wanted, "--reason", "the tape is back")
    assert code == 0
    assert out.startswith("often: 3 times to be backfilled, ")
    assert "No scheduler is running" in err
    (request,) = live.entries("backfill.requested")
    assert (v.payload(request).reason, v.payload(request).count) == ("the tape is back", 3)
    (told,) = live.ask("status", "--json").document["backfills"]
    assert told == {"job": "often", "requested_by": request.seq, "left": 3}
    for command in (["status"], ["jobs", "next"], ["jobs", "show", "often"]):
        answer = live.ask(*command)
        assert "3 times still to come, asked for by entry" in answer.out + answer.err
    code, _, err = _backfill(live, "often", *wanted)
    assert (code, "is being backfilled" in err) == (1, True)
    refusal = live.ask("jobs", "cancel", "often")
    assert (refusal.code, "--all ends the backfill" in refusal.err) == (1, True)
    ended = live.ask("jobs", "cancel", "often", "--all", "--reason", "it fails")
    assert (ended.code, ended.out) == (0, "the backfill of often is ended, with 3 times left\n")
    (end,) = live.entries("backfill.ended")
    assert (v.payload(end).request, v.payload(end).reason) == (request.seq, "it fails")
    assert live.ask("ledger", "verify").code == 0


def test_who_disables_the_job_is_told_that_this_ends_its_backfill(live: LiveHome) -> None:
    """A job that is disabled when it is asked for runs all the same."""
    assert _backfill(live, "often", *_range(3 * MINUTE, MINUTE))[0] == 0
    assert "That ends the backfill of often, with 3 times left." in live.ask("jobs", "disable", "often").err
    code, _, err = _backfill(live, "often", "--from", "5m", "--to", "2m")
    assert (code, "often is disabled: what was asked for runs all the same" in err) == (0, True)


@pytest.mark.parametrize(("options", "code", "message"), [
    (["often"], 2, "Missing option '--from'"),
    (["often", "--from", "soon"], 2, "'soon' is not a time"),
    (["nobody", "--from", "1h"], 2, 'no job "nobody"'),
    (["asked", "--from", "1h"], 2, "asked has no schedule with times"),
    (["often", "--from", "3h"], 1, "times of often would be run, and at most 100 are at once"),
    (["often", "--from", "3h", "--limit", "10001"], 2, "10001 is not from 1 to 10000"),
    (["often", "--from", "2099-01-01"], 1, "no time of often in this range passed without a run"),
    (["often", "--from", "1h", "--to", "2h"], 1, "passed without a run: --from is not before --to"),
    (["often", "--from", "1h", "--missed-only"], 1, "was missed or skipped without a run"),
    (["often", "--from", "1970-01-01"], 1, "times in this range; nothing was recorded"),
    (["careful", "--from", "10m"], 2, "careful asks for a reason"),
])  # fmt: skip
def test_what_cannot_be_done_is_refused_with_a_sentence(
    live: LiveHome, options: list[str], code: int, message: str
) -> None:
    """And nothing is recorded."""
    before = len(entries_of(live.root))
    answer = call("jobs", "backfill", *options, home=live.root)
    assert (answer.code, message in answer.err) == (code, True), answer
    assert len(entries_of(live.root)) == before


def test_a_scheduler_runs_what_was_asked_for_and_history_tells_it_apart(live: LiveHome) -> None:
    """The oldest first."""
    live.configure('jobs:\n  often: {command: "true", every: 1h}\n')
    assert _backfill(live, "often", *_range(2 * HOUR, HOUR))[0] == 0
    with live.served():
        live.await_entry("run.finished", 2)
    runs = live.ask("jobs", "history", "--trigger", "backfill", "--json").document
    assert [run["trigger"] for run in runs] == ["backfill"] * 2
    assert runs[0]["scheduled_for"] > runs[1]["scheduled_for"]
