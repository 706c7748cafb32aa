"""Runs by what they have in common: page after page, near and far, open ones too, and as files."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cli.console.pages.runs import files
from cli.runs import search
from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.ledger import Writer, run_finished

FORMULA = "=HYPERLINK(A1) <script>Disk FULL</script>"


def listed(client: TestClient, address: str) -> list[int]:
    """The runs that a page and those after it list."""
    found: list[int] = []
    while address:
        page = Page(client.get(address).text)
        found += [int(link.rpartition("/")[2]) for link, _ in page.links if re.fullmatch(r"/runs/\d+", link)]
        address = next((link for link, text in page.links if text == "Older ones"), "")
    return found


class Recorded:
    """A home with runs of all kinds; `runs` are their numbers by what they are called."""

    def __init__(self, folder: Path) -> None:
        writer = Writer(folder)
        for name, tags in (("quick", ("night", "db")), ("slow", ("night",)), ("other", ())):
            writer.define(name, JobDefinition(name=name, command="true", schedule="0 2 * * *", tags=tags))
        self.runs: dict[str, int] = {}
        for called, job, facts in (
            ("short", "quick", {"duration_ms": 500, "node": "n1"}),
            ("long", "slow", {"duration_ms": 7_200_000, "node": "n2"}),
            ("exact", "slow", {"duration_ms": 60_000}),
            (
                "broken",
                "other",
                {"outcome": "failed", "exit_code": 3, "error": FORMULA, "duration_ms": 90_000},
            ),
        ):
            run = self.runs[called] = writer.tick(job)
            writer.start(job, run)
            writer.record(run_finished(writer.now, **facts), job, run)
        self.runs["going"] = writer.tick("slow")
        writer.start("slow", self.runs["going"])
        self.runs["owed"] = writer.tick("other")
        self.home = writer.home
        writer.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Six runs."""
    return Recorded(tmp_path_factory.mktemp("home"))


FILTERS = [
    ("tag=night", ["going", "exact", "long", "short"]),
    ("tag=db", ["short"]),
    ("node=n2", ["long"]),
    ("longer=1m", ["going", "broken", "long"]),
    ("longer=1h&status=succeeded", ["long"]),
    ("error=disk+full", ["broken"]),
    ("error=nothing", []),
    ("error=hyperlink(&tag=night", []),
    ("status=running", ["going"]),
    ("job=other", ["owed", "broken"]),
    ("", ["owed", "going", "broken", "exact", "long", "short"]),
]


def test_filters_are_the_same_near_and_far(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a run is read from the end of the ledger or found by SQL, page after page."""
    with console(recorded.home) as client:
        for near in (5_000, 2):
            monkeypatch.setattr(search, "NEAR_ENTRIES", near)
            for query, called in FILTERS:
                assert listed(client, f"/runs?{query}") == [recorded.runs[each] for each in called], query


def test_files_have_what_the_pages_list(recorded: Recorded) -> None:
    """In the same order, with the same filter."""
    with console(recorded.home) as client:
        for query, called in FILTERS[1:5]:
            wanted = [recorded.runs[each] for each in called]
            assert [row["run"] for row in client.get(f"/runs.json?{query}").json()] == wanted, query
        lines = csv.DictReader(io.StringIO(client.get("/runs.csv?longer=1m").text))
        assert [int(line["run"]) for line in lines] == [
            recorded.runs[each] for each in ("going", "broken", "long")
        ]


def test_what_is_no_filter_is_said(recorded: Recorded) -> None:
    """A duration without a unit, and a tag that no job has, with what was meant."""
    with console(recorded.home) as client:
        for query, said in (
            ("longer=90", "has no unit"),
            ("longer=90", "90s"),
            ("tag=nigth", "did you mean night"),
            ("status=fialed", "is none of"),
        ):
            answers = [client.get(f"/runs{form}?{query}") for form in ("", ".csv", ".json")]
            assert [(each.status_code, said in Page(each.text).text) for each in answers] == [(400, True)] * 3


def test_files_are_rows_of_the_view_and_harmless(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spreadsheet executes nothing, the page has links to them with its filter, and they stop, saying so."""
    everything = "SELECT * FROM runs ORDER BY settled_seq DESC NULLS FIRST, run DESC"
    with console(recorded.home) as client:
        text = client.get("/runs.csv?status=failed").text
        assert f",'{FORMULA}," in text
        shown = Page(client.get("/runs?longer=1m&tag=night").text)
        assert ("/runs.csv?tag=night&longer=1m", "as CSV") in shown.links
        rows = client.get("/runs.json").json()
        assert rows == json.loads(call("sql", "--format", "json", everything, home=recorded.home.root).out)
        then = recorded.runs["exact"]
        past = client.get(f"/as-of/{then}/runs.json").json()
        assert [row["run"] for row in past] == [then, recorded.runs["long"], recorded.runs["short"]]
        monkeypatch.setattr(files, "ROWS_MAX", 2)
        assert "more than 2 rows" in client.get("/runs.json").json()[-1]["stopped"]
        assert client.get("/runs.csv").text.splitlines()[-1].startswith("# There are more than 2 rows")


def test_many_runs_that_have_not_ended_hide_none(tmp_path: Path) -> None:
    """More than a page of them: each is listed once, and so are those that have ended."""
    writer = Writer(tmp_path)
    writer.define("backup")
    ended = [writer.request("backup") for _ in range(3)]
    for run in ended:
        writer.start("backup", run, "manual")
        writer.finish("backup", run, trigger="manual")
    waiting = [writer.request("backup") for _ in range(120)]
    writer.close()
    with console(Home(tmp_path)) as client:
        assert listed(client, "/runs") == [*waiting[::-1], *ended[::-1]]
        assert listed(client, "/runs?status=owed") == waiting[::-1]
        last = Page(client.get(f"/runs?status=owed&below={waiting[50]}").text)
        assert "Older ones" not in [text for _, text in last.links]
        assert ("/runs?status=owed", "The newest") in last.links
