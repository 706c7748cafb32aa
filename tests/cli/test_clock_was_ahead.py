"""A clock that was ahead for a while: what the commands show of it afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.words.scheduler_words import clock_was_ahead_words
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.rules.requests.upcoming import jobs_settled_ahead
from scheduler.rules.state import Enablement, Job, State
from tests.support.command import call
from tests.support.home import record, write_config
from tests.support.output import HandWritten
from tests.support.served import Served

YEARS = timedelta(days=3_650)


def _noted(root: Path) -> HandWritten:
    """A home with a run of an hour ago and one of ten years ahead, both collected."""
    hand = HandWritten(root, datetime.now(UTC) - timedelta(hours=1))
    for text in (b"of today\n", b"of the future\n"):
        run = hand.begin()
        hand.put(run, text)
        hand.end(run)
        hand.collect()
        hand.wait(days=YEARS.days)
    hand.close()
    return hand


def test_logs_view_does_not_stay_in_the_future(tmp_path: Path) -> None:
    """The newest entries are those of now; that there are others, and how they are seen, is said."""
    _noted(tmp_path)
    shown = call("logs", "view", "-n", "3", home=tmp_path)
    assert "of today" in shown.out
    assert "of the future" not in shown.out
    assert "made while the clock was ahead" in shown.err
    later = call("logs", "view", "--since", "now", home=tmp_path)
    assert "of the future" in later.out
    assert "of today" not in later.out


def test_nothing_is_said_where_the_clock_was_right(tmp_path: Path) -> None:
    """The usual case."""
    hand = HandWritten(tmp_path, datetime.now(UTC) - timedelta(hours=1))
    hand.put(hand.begin(), b"of today\n")
    hand.collect()
    hand.close()
    assert "ahead" not in call("logs", "view", home=tmp_path).err


def _state(now: datetime, cursor: datetime) -> State:
    definition = JobDefinition(name="nightly", command="true", schedule="0 2 * * *")
    enablement = Enablement(enabled=True, actor="config", seq=1, time=now)
    return State(jobs={"nightly": Job(definition, "", 1, enablement, cursor)})


def test_it_is_said_until_when_nothing_is_due() -> None:
    """By the cursors, which never go back."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    told = clock_was_ahead_words(jobs_settled_ahead(_state(now, now + YEARS), now), "UTC")
    assert told == "the times of nightly up to 2036-11-20 00:00:00 UTC were settled while the clock was ahead"
    assert jobs_settled_ahead(_state(now, now), now) == {}


@pytest.mark.real
def test_serve_says_it_at_its_start_and_when_the_clock_goes_back(tmp_path: Path) -> None:
    """A note on standard error, beside the events."""
    hand = HandWritten(tmp_path, datetime.now(UTC) + YEARS)
    definition = JobDefinition(name="nightly", command="true", schedule="0 2 * * *")
    hand.record(v.JobDefined(definition=definition, revision="", config=""), "nightly")
    hand.close()
    write_config(tmp_path, "jobs:\n  nightly: { command: 'true', schedule: '0 2 * * *' }\n")
    moment = datetime.now(UTC)
    back = v.ClockStepped(kind="step", by_ms=-1_000, before=moment, after=moment)
    with Served(tmp_path) as served:
        record(Home(tmp_path), v.event(back, v.SCHEDULER))
        served.wait_until_told("were settled while the clock was ahead", 2)
        code, _, told = served.stop()
    assert code == 0
    said = [line for line in told.splitlines() if "were settled while the clock was ahead" in line]
    assert len(said) == 2
    assert all("until then nothing of that is due" in line for line in said)
