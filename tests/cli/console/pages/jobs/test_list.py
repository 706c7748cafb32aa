"""The list of jobs: searched, filtered, sorted, paged by keys."""

from __future__ import annotations

import pytest

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.console import Page, console
from tests.support.home import entries_of
from tests.support.ledger import Writer, run_finished


def _names(page: Page) -> list[str]:
    return [text for address, text in page.links if address.startswith("/jobs/")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    """230 jobs: the first failed, the second runs, the third is disabled, the fourth has a tag."""
    writer = Writer(tmp_path_factory.mktemp("jobs"))
    for number in range(230):
        name = f"job-{number:03}"
        tags = ("money", "a&b=<c>") if number == 3 else ()
        schedule = f"{number % 60} {number // 60} * * *"
        definition = JobDefinition(
            name=name, command="true", schedule=schedule, tags=tags, description=f"Does Thing {number}"
        )
        writer.define(name, definition)
    run = writer.tick("job-000")
    writer.start("job-000", run)
    writer.record(run_finished(writer.now, "failed", exit_code=7), "job-000", run)
    run = writer.tick("job-001")
    writer.start("job-001", run)
    writer.append(v.event(v.JobDisabled(reason="<b>holidays</b>"), "user:ann@web1", job="job-002"))
    writer.close()
    return writer


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=failing", ["job-000"]),
        ("state=running", ["job-001"]),
        ("state=disabled", ["job-002"]),
        ("tag=money", ["job-003"]),
        ("tag=a%26b%3D%3Cc%3E", ["job-003"]),
        ("q=thing+229", ["job-229"]),
        ("q=MONEY&state=enabled", ["job-003"]),
        ("state=waiting", []),
        ("state=late", []),
        ("state=changing", []),
        ("tag=nobody's", []),
    ],
)
def test_what_is_sought_is_found(home: Writer, query: str, found: list[str]) -> None:
    """By text, tag and state, alone or together."""
    with console(home.home) as client:
        assert _names(Page(client.get(f"/jobs?{query}").text)) == found


@pytest.mark.parametrize("order", ["name", "last", "next"])
def test_pages_go_on_where_the_last_one_ended(home: Writer, order: str) -> None:
    """In each order every job is on one page, and no page has more than a hundred."""
    found: list[str] = []
    address = f"/jobs?sort={order}"
    with console(home.home) as client:
        while address:
            page = Page(client.get(address).text)
            names = _names(page)
            assert len(names) <= 100
            found += names
            address = next((link for link, text in page.links if text == "Next page"), "")
    assert sorted(found) == [f"job-{number:03}" for number in range(230)]
    if order == "last":
        assert found[0] == "job-000"


def test_each_fact_has_the_entry_that_proves_it(home: Writer) -> None:
    """How the last run came out, who disabled a job, what defined it."""
    with console(home.home) as client:
        failed = Page(client.get("/jobs?state=failing").text)
        disabled = Page(client.get("/jobs?state=disabled").text)
    assert "failed with exit code 7" in failed.text
    assert "because <b>holidays</b>" in disabled.text
    entries = entries_of(home.home.root)
    finished = next(entry.seq for entry in entries if entry.type == "run.finished")
    disabling = next(entry.seq for entry in entries if entry.type == "job.disabled")
    assert (f"/ledger/entries/{finished}", f"#{finished}") in failed.links
    assert (f"/ledger/entries/{disabling}", f"#{disabling}") in disabled.links


@pytest.mark.parametrize("query", ["state=sleeping", "sort=size", "sort=last&after=nonsense"])
def test_what_is_no_question_is_refused(home: Writer, query: str) -> None:
    """With what was wrong; nothing is guessed."""
    with console(home.home) as client:
        assert client.get(f"/jobs?{query}").status_code == 400
