"""What people see of expectations: status, lists, explanations and SQL."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.definition import Expect
from tests.support.command import call
from tests.support.simulated_home import home_of
from tests.support.world import BEGIN, Process, World, job

DOCS = Path(__file__).parents[4] / "docs"
HOUR = timedelta(hours=1)
EXPECT = Expect(start_within_ms=600_000, success_every_ms=7_200_000)


def life(hours: float) -> World:
    """The slot is taken until half past three, so that the run of one o'clock starts then and ends at six."""
    nightly = job("nightly", "0 1 * * *", expect=EXPECT, start_deadline_ms=10**12)
    world = World(job("a", "0 1 * * *"), nightly, max_parallel=1)
    world.machine.behaviour = lambda launch: Process(9_000.0, 0)
    world.start()
    world.until(BEGIN + hours * HOUR)
    return world


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which a run is late, and a success too."""
    return home_of(life(3), tmp_path_factory.mktemp("late")).root


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home when that is over."""
    return home_of(life(7), tmp_path_factory.mktemp("over")).root


def test_status_says_what_is_late(late: Path, over: Path) -> None:
    """Which job, which run, what is expected, since when; nothing once it is over."""
    told = call("status", home=late).out
    assert "nightly: run 6 has not started within 10 min of 2026-01-01 01:00:00 UTC, late since" in told
    assert "nightly: no success within 2 h, late since 2026-01-01 02:00:00 UTC" in told
    found = call("status", "--json", home=late).document["late"]
    assert [(each["job"], each["expectation"], each["run"]) for each in found] == [
        ("nightly", "start_within", 6),
        ("nightly", "success_every", None),
    ]
    assert call("status", "--json", home=over).document["late"] == []
    assert "\nlate:" not in call("status", home=over).out


def test_the_lists_of_jobs_say_what_is_late(late: Path, over: Path) -> None:
    """One line in the list, all of it where one job is shown."""
    assert (
        "late: no success within 2 h, since 2026-01-01 02:00:00 UTC, and 1 more"
        in call("jobs", "list", home=late).out
    )
    assert "late" not in call("jobs", "list", home=over).out
    shown = call("jobs", "show", "nightly", home=late).out
    assert "run 6 has not started within 10 min of 2026-01-01 01:00:00 UTC, late since" in shown
    assert "no success within 2 h, late since" in shown
    as_of = call("jobs", "list", "--json", "--as-of", "2026-01-01T01:30:00Z", home=over).document
    assert [each["expectation"] for each in as_of[1]["late"]] == ["start_within"]


def test_why_says_that_a_run_was_late(late: Path, over: Path) -> None:
    """While it is late and afterwards, each with the entries that say so."""
    at = ("jobs", "why", "nightly", "--at", "2026-01-01T01:00:00Z")
    assert (
        "Run 6 has not started within 10 min (`start_within`): late since 2026-01-01 01:10:00 UTC."
        in call(*at, home=late).out
    )
    told = call(*at, home=over).out
    assert (
        "Run 6 had not started within 10 min (`start_within`): late since 2026-01-01 01:10:00 UTC; " in told
    )
    assert "run 6 started, 2 h 20 min too late. [entries " in told


def test_why_says_that_the_job_was_late_at_an_instant(late: Path, over: Path) -> None:
    """By the last success, whatever is due then; from the moment on at which it is late, and no longer."""

    def told(home: Path, at: str) -> str:
        return " ".join(call("jobs", "why", "nightly", "--at", f"2026-01-01T{at}Z", home=home).out.split())

    words = "The job was late then: no success within 2 h (`success_every`), since 2026-01-01 02:00:00 UTC"
    assert f"{words}. [entry 9]" in told(late, "02:30:00")
    assert f"{words}; it succeeded, 4 h too late. [entries 9, 13, 14]" in told(over, "05:59:59")
    assert "The job was late" not in told(over, "01:59:59")
    assert "The job was late" not in told(over, "06:00:00")


def test_sql_has_each_breach_with_its_end(late: Path, over: Path) -> None:
    """A row each, from when to when, by what."""
    query = "SELECT expectation, run, ended IS NULL AS open, duration_ms, ended_by, told FROM breaches ORDER BY seq"
    rows = call("sql", query, "--json", home=over).document
    assert [(each["expectation"], each["duration_ms"], each["ended_by"]) for each in rows] == [
        ("start_within", 8_400_000, "started"),
        ("success_every", 14_400_000, "succeeded"),
    ]
    assert rows[0]["told"] == "2026-01-01T01:10:00Z"
    assert [each["open"] for each in call("sql", query, "--json", home=late).document] == [True, True]


def test_the_audit_report_lists_breaches(late: Path, over: Path) -> None:
    """What did not hold, from when to when, with the entries: in words, on the page, and in a document."""
    report = ("audit", "report", "--utc", "--from", "2026-01-01", "--to", "2026-01-01")
    told = " ".join(call(*report, home=over).out.split())
    assert "Expectations (2)" in told
    words = (
        "run 6 had not started within 10 min of 2026-01-01 01:00:00 UTC; run 6 started, 2 h 20 min too late"
    )
    assert words in told
    assert "no success within 2 h; it succeeded, 4 h too late" in told
    assert words in call(*report, "--format", "html", home=over).out
    found = call(*report, "--format", "json", home=late).document["breaches"]
    assert (found["total"], found["going"], [each["until"] for each in found["rows"]]) == (2, 2, [None, None])
    page = (DOCS / "audit-report.md").read_text(encoding="utf-8")
    assert all(f"`{member}`" in page for member in {"breaches", "going", *found["rows"][0]})
    assert "no success within 2 h; it goes on, as far as the ledger tells" in " ".join(
        call(*report, home=late).out.split()
    )


def test_the_timeline_says_what_was_late(late: Path, over: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the picture in words, and in the document, of the jobs that are drawn and the time that is."""
    window = ("--since", "2026-01-01T00:00Z", "--until", "2026-01-01T07:00Z")
    told = call("jobs", "timeline", *window, home=over).out
    words = (
        "nightly was late from 2026-01-01 01:10:00 to 2026-01-01 03:30:00 (2 h 20 min): run 6 had not started"
    )
    assert f"{words} within 10 min" in told
    assert "@ 1 late (expect)" in told
    (lane,) = (line for line in told.splitlines() if line.startswith("nightly   "))
    assert re.search(r" \.@\.+\[=+\]", lane)
    assert "@" not in call("jobs", "timeline", *window, "--job", "a", home=over).out
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    shown = call("jobs", "timeline", *window, home=over, terminal=True).out
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    (first, second) = call("jobs", "timeline", *window, "--json", home=late).document["late"]
    assert (first["expectation"], first["ended"], second["run"], second["entry"]) == (
        "start_within",
        None,
        None,
        9,
    )
    assert call("jobs", "timeline", *window, "--json", "--job", "a", home=over).document["late"] == []
    early = ("--since", "2026-01-01T00:00Z", "--until", "2026-01-01T01:00Z")
    assert call("jobs", "timeline", *early, "--json", home=over).document["late"] == []
