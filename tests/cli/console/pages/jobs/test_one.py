"""The other pages of one job: why it ran or did not, and what was changed of it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.generate import generate
from cli.console.pages.jobs.one import why_page
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ledger import past
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.home import entries_of, make_home, write_config
from tests.support.ledger import Writer, run_finished

HOSTILE = "<script>alert(1)</script>\"' \u202e"


def test_why_at_an_instant_with_every_entry(tmp_path: Path) -> None:
    """The sentences of `jobs why`, and a link to each entry that it names."""
    writer = Writer(tmp_path)
    writer.define("backup", JobDefinition(name="backup", command="true", schedule="* * * * *"))
    writer.wait(seconds=58)
    run = writer.tick("backup", lateness_ms=0)
    writer.start("backup", run)
    writer.finish("backup", run)
    due = next(entry for entry in entries_of(tmp_path) if entry.seq == run).time
    writer.close()
    at = due.strftime("%Y-%m-%dT%H:%M:%SZ")
    told = call("jobs", "why", "backup", "--at", at, "--json", home=tmp_path).document
    with console(writer.home) as client:
        answer = client.get("/jobs/backup/why", params={"at": at})
        page = Page(answer.text)
        (found,) = told["answers"]
        assert found["answer"] in page.text
        for fact in found["facts"]:
            assert fact["sentence"] in page.text
        for seq in found["entries"]:
            assert (f"/ledger/entries/{seq}", f"#{seq}") in page.links
        then = Page(client.get(f"/as-of/{run}/jobs/backup/why", params={"at": at}).text)
        assert f"run {run}" in then.text
        assert f"Run {run} succeeded" in page.text
        assert f"Run {run} succeeded" not in then.text


def test_a_page_folds_no_more_of_the_past_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the states of a long past are gone it says so and what to do; where they are kept it needs no time."""
    home = Home(tmp_path / "home")
    monkeypatch.setattr(past, "SEGMENT_ENTRIES", 500)
    generate(home, 3_000, jobs=7, segment_entries=500)
    at = {"at": list(entries_of(home.root))[1_700].time.strftime("%Y-%m-%dT%H:%MZ")}
    with console(home) as client:
        assert client.get("/jobs/job-003/why", params=at).status_code == 200
        shutil.rmtree(home.segment_states)
        with monkeypatch.context() as hurried:
            hurried.setattr(why_page, "PATIENCE_S", 0.0)
            stopped = client.get("/jobs/job-003/why", params={**at, "n": "1"})
        assert stopped.status_code >= 400
        assert "is not kept in states yet" in stopped.text
        assert "cronledger jobs why" in stopped.text
        assert client.get("/jobs/job-003/why", params={**at, "n": "2"}).status_code == 200


@pytest.mark.parametrize("at", ["yesterday", "25:99", HOSTILE])
def test_a_time_that_is_none_is_asked_again(tmp_path: Path, at: str) -> None:
    """The form stays, with what was typed and what is wrong with it."""
    home = make_home(tmp_path)
    call("jobs", "disable", "nightly", "--reason", "holidays", home=home.root)
    with console(home) as client:
        answer = client.get("/jobs/nightly/why", params={"at": at})
    page = Page(answer.text)
    assert answer.status_code == 400
    assert "<script>" not in answer.text
    assert any(name == "input" and "aria-invalid" in attributes for name, attributes in page.elements)


def test_a_job_that_never_was_due_says_so(tmp_path: Path) -> None:
    """And since when it is in the config."""
    writer = Writer(tmp_path)
    writer.define("later", JobDefinition(name="later", command="true", at="2099-01-01T00:00:00+00:00"))
    writer.close()
    with console(writer.home) as client:
        page = Page(client.get("/jobs/later/why").text)
    assert "has not been due yet" in page.text


def test_changes_by_whom_why_and_from_what_to_what(tmp_path: Path) -> None:
    """An edit of the config, what a person disabled, and each has its entry; older ones are a page further."""
    home = make_home(tmp_path, "jobs: {a: {every: 1h, command: 'true', timeout: 5m}}\n")
    call("jobs", "disable", "a", "--reason", HOSTILE, home=home.root)
    write_config(tmp_path, "jobs: {a: {every: 2h, command: 'true', description: '<b>new</b>'}}\n")
    for _ in range(26):
        call("jobs", "enable", "a", "--reason", "back", home=home.root)
        call("jobs", "disable", "a", "--reason", "away", home=home.root)
    with console(home) as client:
        source = client.get("/jobs/a/changes").text
        newest = Page(source)
        older = Page(client.get(next(link for link, text in newest.links if text == "Older ones")).text)
    assert "<b>new" not in source
    assert "<script>" not in source
    told = newest.text + older.text
    assert "every1h → 2h" in told
    assert "timeout5m → never" in told
    assert "<script>alert(1)</script>" in told
    links = [*newest.links, *older.links]
    for entry in entries_of(home.root):
        if entry.job == "a":
            assert (f"/ledger/entries/{entry.seq}", f"#{entry.seq}") in links, entry.type


def test_what_is_no_entry_is_refused(tmp_path: Path) -> None:
    """As a mistake of whoever asked."""
    with console(make_home(tmp_path)) as client:
        assert client.get("/jobs/nightly/changes?before=x").status_code == 400
        assert client.get("/jobs/nobody/changes").status_code == 404
        assert client.get("/jobs/nobody/why").status_code == 404


def test_a_day_leads_to_its_runs_as_the_clocks_of_the_job_show_it(tmp_path: Path) -> None:
    """Half past midnight in Tokyo is a day earlier in UTC, in which the other pages show times."""
    writer = Writer(tmp_path)
    writer.define(
        "late", JobDefinition(name="late", command="true", schedule="30 0 * * *", timezone="Asia/Tokyo")
    )
    writer.now = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
    run = writer.tick("late")
    writer.start("late", run)
    writer.record(run_finished(writer.now, "succeeded"), "late", run)
    writer.close()
    with console(writer.home) as client:
        page = Page(client.get("/jobs/late/history?month=2026-03").text)
        (link,) = [
            address for address, text in page.links if text == "1 run" and address.startswith("/runs?")
        ]
        runs = Page(client.get(link).text)
    assert f"/runs/{run}" in [address for address, _ in runs.links]


def test_how_it_went_by_days_hours_and_durations(tmp_path: Path) -> None:
    """The pictures are named and stand beside tables that say the same, each run with its entry."""
    writer = Writer(tmp_path)
    name = "a<b>"
    writer.define(name, JobDefinition(name=name, command="true", schedule="0 2 * * *"))
    for outcome in ("succeeded", "failed", "succeeded"):
        run = writer.tick(name)
        writer.start(name, run)
        writer.record(run_finished(writer.now, outcome, duration_ms=61_000), name, run)
    ended = writer.journal.head().seq
    writer.close()
    with console(writer.home) as client:
        answer = client.get("/jobs/a%3Cb%3E/history?month=2026-03")
        page = Page(answer.text)
        then = Page(client.get(f"/as-of/{ended}/jobs/a%3Cb%3E/history").text)
        assert client.get("/jobs/a%3Cb%3E/history?month=2026-13").status_code == 400
        assert client.get("/jobs/nobody/history").status_code == 404
    assert "a<b>" in page.text
    assert "<b>" not in answer.text
    assert "March 2026" in page.text
    assert "13 runs✗ 1 failed" in page.text
    assert "Of the last 3 runs: 1 min 1 s in the middle" in page.text
    assert (f"/ledger/entries/{ended}", f"#{ended}") in page.links
    pictures = [attributes for element, attributes in then.elements if element == "svg"]
    assert [each["role"] for each in pictures] == ["img", "img"]
    assert all(each["aria-label"] for each in pictures)
    assert sum(element == "rect" for element, _ in then.elements) == 1 + 3
