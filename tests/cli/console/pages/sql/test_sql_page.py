"""The page of SQL: answers as tables and files within their bounds, mistakes in words, and nothing but reading."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from cli.console.pages import answer_files
from cli.console.pages.sql import answers
from scheduler.home import Home
from tests.support.console import Page, console
from tests.support.home import LiveHome
from tests.support.random_runs import fill


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with some runs."""
    live = LiveHome(tmp_path_factory.mktemp("home"))
    fill(live, 60, seed=7)
    return live


@pytest.fixture(scope="module")
def client(home: LiveHome) -> Iterator[TestClient]:
    """Its console."""
    with console(Home(home.root)) as opened:
        yield opened


def address(query: str, path: str = "/sql") -> str:
    """The address of a query."""
    return f"{path}?{urlencode({'q': query})}"


def test_without_a_query_all_views_are_shown(client: TestClient) -> None:
    """With the form, and examples that can be answered."""
    shown = Page(client.get("/sql").text)
    assert all(f"Columns of the view {name}" in shown.text for name in ("events", "runs", "log_entries"))
    examples = [link for link, _ in shown.links if link.startswith("/sql?q=")]
    assert [client.get(link).status_code for link in examples] == [200, 200, 200]


def test_an_answer_leads_to_its_evidence(client: TestClient, home: LiveHome) -> None:
    """Numbers of runs and entries are links; the past has its own answer."""
    last = len(home.entries()) - 1
    shown = Page(client.get(address("SELECT max(seq) AS seq FROM events")).text)
    assert (f"/ledger/entries/{last}", str(last)) in shown.links
    past = Page(client.get(f"/as-of/7{address('SELECT max(seq) AS seq FROM events')}").text)
    assert ("/as-of/7/ledger/entries/7", "7") in past.links


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT jbo FROM runs", "did you mean the column job"),
        ("SELECT\n  nope( FROM runs", "In line 2"),
        ("DROP VIEW runs", "only statements that read"),
        ("COPY (SELECT 1) TO '/tmp/x'", "only statements that read"),
        ("SELECT * FROM '/etc/passwd'", "only the views can be read"),
        ("SELECT 1; SELECT 2", "these are 2 statements"),
        ("SELECT '" + "x" * 5_000 + "'", "longer than 4,000 characters"),
    ],
)
def test_what_cannot_be_answered_is_said_beside_the_query(client: TestClient, query: str, said: str) -> None:
    """In words, with status 400; the next query is answered; so for files."""
    answer = client.get(address(query))
    text = Page(answer.text).text
    assert (answer.status_code, said in text) == (400, True), text[:1_500]
    assert client.get(address(query, "/sql/answer.csv")).status_code in (400, 503)
    assert client.get(address("SELECT 1")).status_code == 200


def test_a_place_is_said_in_words(client: TestClient) -> None:
    """The caret is for the eye; the word that it marks is in the text."""
    assert "In line 1, at “jbo”." in Page(client.get(address("SELECT jbo FROM runs")).text).text


def test_rows_and_bytes_are_bounded(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of an endless answer stops, and says so; a file as well, in its own form."""
    many = Page(client.get(address("SELECT * FROM range(5000)")).text)
    assert "There are more than 1,000 rows" in many.text
    assert sum(name == "tr" for name, _ in many.elements) < 1_300
    wide = client.get(address("SELECT repeat('x', 300000) FROM range(50)"))
    assert "it was cut after 3 rows" in Page(wide.text).text
    monkeypatch.setattr(answer_files, "ROWS_MAX", 3)
    lines = list(
        csv.reader(io.StringIO(client.get(address("SELECT * FROM range(9)", "/sql/answer.csv")).text))
    )
    assert [line[0][:6] for line in lines] == ["range", "0", "1", "2", "# Ther"]
    rows = client.get(address("SELECT * FROM range(9)", "/sql/answer.json")).json()
    assert [row.get("range") for row in rows] == [0, 1, 2, None]
    assert "more than 3 rows" in rows[-1]["stopped"]
    assert client.get(address("SELECT 1 AS a", "/sql/answer.json")).json() == [{"a": 1}]


def test_a_query_that_takes_too_long_is_stopped(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time it is interrupted; the next one is answered."""
    monkeypatch.setattr(answers, "DEADLINE_S", 0.2)
    answer = client.get(
        address("SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range <> b.range")
    )
    assert (answer.status_code, "took longer than 0.2 seconds" in answer.text) == (400, True)
    monkeypatch.setattr(answers, "DEADLINE_S", 10.0)
    assert client.get(address("SELECT 1")).status_code == 200


def test_names_and_values_are_text(client: TestClient) -> None:
    """What a query says and what it finds is shown, and does nothing."""
    hostile = "<script>alert(1)</script>"
    source = client.get(address(f"SELECT '{hostile}' || chr(27) || chr(10) || 'b' AS \"{hostile}\"")).text
    assert ("<script>alert" in source, "\x1b" in source) == (False, False)
    assert "alert(1)" in Page(source).text
    table = client.get(address("SELECT '=1+1' AS a", "/sql/answer.csv")).text
    assert table.splitlines()[1] == "'=1+1"


def test_a_home_without_a_ledger(tmp_path: Path) -> None:
    """Views without rows."""
    live = LiveHome(tmp_path)
    live.configure("jobs: {}\n")
    with console(Home(live.root)) as opened:
        assert "0 rows" in Page(opened.get(address("SELECT * FROM runs")).text).text
