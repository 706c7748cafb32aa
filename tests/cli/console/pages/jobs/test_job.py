"""The page of one job."""

from __future__ import annotations

from pathlib import Path

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.home import entries_of, make_home
from tests.support.ledger import Writer, run_finished

HOSTILE = "<script>alert(1)</script>\"'\x1b[2J\u202e" + "x" * 1_000


def test_settings_with_where_they_come_from(tmp_path: Path) -> None:
    """As `jobs show` has them: of the job, of the defaults, cronledger's own; and which entry recorded them."""
    home = make_home(tmp_path)
    call("jobs", "disable", "nightly", "--reason", HOSTILE[:40], home=home.root)
    with console(home) as client:
        source = client.get("/jobs/nightly").text
    page = Page(source)
    assert "timeout15mjob, line" in page.text
    assert "timezoneEurope/Parisdefaults, line" in page.text
    assert "<script>" not in source
    for entry in entries_of(home.root):
        if entry.job == "nightly":
            assert (f"/ledger/entries/{entry.seq}", f"#{entry.seq}") in page.links, entry.type


def test_its_runs_and_what_comes(tmp_path: Path) -> None:
    """The last runs with their entries, those that come, and where all of them are."""
    writer = Writer(tmp_path)
    writer.define("a b&c", JobDefinition(name="a b&c", command="true", schedule="0 2 * * *"))
    run = writer.tick("a b&c")
    writer.start("a b&c", run)
    writer.record(run_finished(writer.now, "failed", error=HOSTILE), "a b&c", run)
    ended = writer.journal.head().seq
    writer.close()
    with console(writer.home) as client:
        page = Page(client.get("/jobs/a%20b%26c").text)
    assert (f"/runs/{run}", f"run {run}") in page.links
    assert (f"/ledger/entries/{ended}", f"#{ended}") in page.links
    assert ("/runs?job=a%20b%26c", "All its runs") in page.links
    assert sum(name == "time" for name, _ in page.elements) >= 6


def test_a_job_that_was_removed_has_its_past(tmp_path: Path) -> None:
    """Which entry removed it, and how its last run came out."""
    writer = Writer(tmp_path)
    writer.define("old")
    run = writer.tick("old")
    writer.start("old", run)
    writer.finish("old", run)
    writer.append(v.event(v.JobRemoved(config="d"), v.CONFIG, job="old"))
    removed = writer.journal.head().seq
    writer.close()
    with console(writer.home) as client:
        page = Page(client.get("/jobs/old").text)
        assert "old" not in [text for _, text in Page(client.get("/jobs").text).links]
    assert "no longer in the config" in page.text
    assert (f"/ledger/entries/{removed}", f"#{removed}") in page.links
    assert "enabledenabled" not in page.text


def test_an_unknown_job_is_not_found_and_the_nearest_are_named(tmp_path: Path) -> None:
    """A mistyped name leads to what was meant."""
    with console(make_home(tmp_path)) as client:
        answer = client.get("/jobs/nightli")
        assert answer.status_code == 404
        assert "did you mean nightly?" in Page(answer.text).text
        assert client.get("/jobs/%3Cscript%3E").status_code == 404
