"""The page of log entries: all of them by keys, those of the command, as text, and of the past."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from cli.console.pages.logs import page as logs_page
from scheduler.home import Home
from scheduler.logs.storage.day_files import entries_folder
from scheduler.logs.storage.entry import LogEntry, encode_lines, time_text
from tests.support.console import Page, console
from tests.support.home import LiveHome, job, sh

HOSTILE = "<script>alert(1)</script>\\033]0;x\\007\\342\\200\\256"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with a job that printed some lines, and one that printed with ill will."""
    live = LiveHome(tmp_path_factory.mktemp("home"))
    talk = "i=0; while [ $i -lt 40 ]; do echo line $i; i=$((i+1)); done; echo oops >&2"
    live.configure("jobs:\n" + job("talks", sh(talk)) + job("evil", sh(f"printf '{HOSTILE}\\n'")))
    assert live.ask("jobs", "run", "talks").code == 0
    assert live.ask("jobs", "run", "evil").code == 0
    return live


def lines_of(client: TestClient, address: str) -> list[str]:
    """The lines that jobs printed, on a page and those behind it."""
    found: list[str] = []
    while address:
        source = client.get(address).text
        found += re.findall(r'<span class="tone-plain">(line \d+)</span>', source)
        older = [link for link, text in Page(source).links if text == "Older ones"]
        address = older[0] if older else ""
    return found


def test_every_entry_is_reached_once_by_keys(home: LiveHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page, all that the command shows, the newest first."""
    monkeypatch.setattr(logs_page, "SHOWN", 7)
    told = home.ask("logs", "search", "line", "--job", "talks", "--json", "-n", "1000").document
    with console(Home(home.root)) as client:
        shown = lines_of(client, "/logs?text=line&job=talks")
    assert len(shown) == 40
    assert sorted(shown) == sorted(row["message"] for row in told)


@pytest.mark.parametrize(
    ("query", "said", "unsaid"),
    [
        ("stream=stderr", "oops", "line 3"),
        ("job=evil", "alert(1)", "oops"),
        ("text=OOPS", "oops", "line 3"),
        ("until=2020-01-01", "No such log entries", "oops"),
        ("job=tlaks", "did you mean talks", "oops"),
    ],
)
def test_what_is_asked_for(home: LiveHome, query: str, said: str, unsaid: str) -> None:
    """Filters leave what is wanted; a job that is none is said to be none."""
    with console(Home(home.root)) as client:
        answer = client.get(f"/logs?{query}")
    text = Page(answer.text).text
    assert (answer.status_code, said in text, unsaid in text) == (200, True, False)


@pytest.mark.parametrize("query", ["level=loud", "stream=x", "run=-1", "since=yesterdy", "before=soon"])
def test_what_is_mistyped_is_said(home: LiveHome, query: str) -> None:
    """A page that says what is wrong, and no fault."""
    with console(Home(home.root)) as client:
        assert client.get(f"/logs?{query}").status_code == 400


def test_what_jobs_print_is_text(home: LiveHome) -> None:
    """Elements and what terminals obey are shown, and do nothing."""
    with console(Home(home.root)) as client:
        source = client.get("/logs").text
    assert "<script>alert" not in source
    assert "\x1b" not in source
    assert "\u202e" not in source


def test_of_the_past_only_what_was_logged_by_then(home: LiveHome) -> None:
    """As of the request of the first run it had printed nothing."""
    first, second = (entry.seq for entry in home.entries("run.requested"))
    with console(Home(home.root)) as client:
        assert "line 3" not in Page(client.get(f"/as-of/{first}/logs").text).text
        then = Page(client.get(f"/as-of/{second}/logs").text).text
    assert ("line 3" in then, "alert(1)" in then) == (True, False)


def test_what_is_printed_at_the_time_of_a_request_came_after_it(tmp_path: Path) -> None:
    """Files have the time of the kernel's last tick, so output can have that of the start, and this the request's."""
    home = LiveHome(tmp_path)
    home.configure("jobs:\n" + job("quick", sh("echo quickly")))
    assert home.ask("jobs", "run", "quick").code == 0
    (request,) = home.entries("run.requested")
    home.ask("logs", "view")  # collects them
    for path in entries_folder(Home(home.root)).glob("*.jsonl"):
        lines = [msgspec.json.decode(line, type=LogEntry) for line in path.read_bytes().splitlines()]
        path.write_bytes(encode_lines([replace(line, time=time_text(request.time)) for line in lines]))
    with console(Home(home.root)) as client:
        asked = [client.get(f"/as-of/{seq}/logs?job=quick").text for seq in (request.seq, request.seq + 1)]
    assert ["quickly" in Page(text).text for text in asked] == [False, True]


def test_a_home_without_a_ledger(tmp_path: Path) -> None:
    """Nothing was logged: that is said."""
    live = LiveHome(tmp_path)
    live.configure("jobs: {}\n")
    with console(Home(live.root)) as client:
        assert "No such log entries" in client.get("/logs").text
