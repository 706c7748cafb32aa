"""The other pages of one job: why it ran or did not, and what was changed of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.definition import JobDefinition
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.home import entries_of, make_home, write_config
from tests.support.ledger import Writer

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
