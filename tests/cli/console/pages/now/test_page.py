"""The page of what goes on now."""

from __future__ import annotations

from pathlib import Path

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.home import make_home
from tests.support.ledger import Writer, run_finished

HOSTILE = "<script>alert(1)</script>\"'\x1b[2J\u202e" + "x" * 10_000


def test_what_runs_waits_failed_and_comes_next(tmp_path: Path) -> None:
    """Each of them has its row, with the entry that proves it."""
    writer = Writer(tmp_path)
    for name in ("backup", "import", "report"):
        writer.define(name, JobDefinition(name=name, command="true", schedule="0 2 * * *"))
    failed = writer.tick("backup")
    writer.start("backup", failed)
    writer.record(run_finished(writer.now, "failed", exit_code=3, error=HOSTILE), "backup", failed)
    ended = writer.journal.head().seq
    going = writer.tick("import")
    writer.start("import", going)
    started = writer.journal.head().seq
    waiting = writer.tick("import")
    writer.close()
    with console(writer.home) as client:
        source = client.get("/").text
    page = Page(source)
    for seq in (ended, started, waiting):
        assert (f"/ledger/entries/{seq}", f"#{seq}") in page.links, seq
    for run in (failed, going, waiting):
        assert (f"/runs/{run}", f"run {run}") in page.links
    assert "failed with exit code 3" in page.text
    assert f"waiting for run {going} to end" in page.text
    assert ("/jobs/report", "report") in page.links
    assert "<script>" not in source.replace('<script src="', "")
    assert "\x1b" not in source
    assert "\u202e" not in source
    assert len(source) < 30_000


def test_a_healthy_home_is_told_in_a_line_and_troubles_come_first(tmp_path: Path) -> None:
    """Without a scheduler that is what wants attention; what is in order stands behind it, folded."""
    home = make_home(tmp_path)
    call("jobs", "disable", "nightly", "--reason", "holidays", home=home.root)
    with console(home) as client:
        page = Page(client.get("/").text)
    assert "scheduler needs attention" in page.text
    assert (
        page.text.index("it never ran here")
        < page.text.index("Everything else")
        < page.text.index("in force")
    )


def test_a_new_entry_is_on_the_next_page(tmp_path: Path) -> None:
    """However soon somebody asks again."""
    writer = Writer(tmp_path)
    writer.define("backup")
    run = writer.tick("backup")
    with console(writer.home) as client:
        assert f"run {run}" in client.get("/").text
        for _ in range(3):
            run = writer.request("backup")
            assert f"/runs/{run}" in client.get("/").text
    writer.close()


def test_as_it_was(tmp_path: Path) -> None:
    """A page of the past tells of then, and what it links to stays there."""
    writer = Writer(tmp_path)
    writer.define("backup")
    run = writer.tick("backup")
    writer.start("backup", run)
    then = writer.journal.head().seq
    writer.finish("backup", run)
    writer.append(v.event(v.JobRemoved(config="d"), v.CONFIG, job="backup"))
    writer.close()
    with console(writer.home) as client:
        assert "Nothing runs." in Page(client.get("/").text).text
        page = Page(client.get(f"/as-of/{then}/").text)
    assert (f"/as-of/{then}/runs/{run}", f"run {run}") in page.links
    assert "1 run, the longest first" in page.text


def test_it_is_bounded(tmp_path: Path) -> None:
    """Of many runs that wait, some are shown, and how many more there are."""
    writer = Writer(tmp_path)
    writer.define("backup")
    events = [
        v.event(v.RunRequested(reason=HOSTILE[:900], executor="scheduler"), "user:a@b", job="backup")
    ] * 300
    writer.append(*events)
    writer.close()
    with console(writer.home) as client:
        answer = client.get("/")
    assert "250 runs more" in Page(answer.text).text
    assert len(answer.text) < 100_000
