"""The pages of the ledger: entries by key, one entry with its line, its proof, and what was signed."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.console import Page, console
from tests.support.home import LiveHome, flip_a_bit, make_home
from tests.support.random_runs import fill

HOSTILE = "<script>alert(1)</script>\x1b]0;x\x07\u202e\"'&" + "x" * 300


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    """A home with some hundred runs, and a reason that somebody wrote with ill will."""
    live = LiveHome(tmp_path_factory.mktemp("home"))
    fill(live, 150, seed=3)
    live.ask("jobs", "disable", "alpha", "--reason", HOSTILE)
    return live


def test_all_entries_are_reached_by_keys(home: LiveHome) -> None:
    """From the newest page on, each link leads to older ones, until entry 0; none is left out or shown twice."""
    seen: list[int] = []
    with console(Home(home.root)) as client:
        address = "/ledger"
        while address:
            page = Page(client.get(address).text)
            seen += [int(text[1:]) for _, text in page.links if re.fullmatch(r"#\d+", text)][:-1]
            older = [link for link, text in page.links if text.startswith("Before entry")]
            address = older[0] if older else ""
    assert seen == list(range(len(home.entries()) - 1, -1, -1))


@pytest.mark.parametrize(
    ("query", "admits"),
    [
        ("type=run.skipped", lambda entry: entry.type == "run.skipped"),
        ("type=run.*&job=beta", lambda entry: entry.type.startswith("run.") and entry.job == "beta"),
        ("actor=ann", lambda entry: "ann" in entry.actor),
        ("run=20", lambda entry: entry.run == 20),
    ],
)
def test_entries_by_what_they_are_about(home: LiveHome, query: str, admits: object) -> None:
    """Filters leave exactly the entries that have this type, job, actor or run."""
    assert callable(admits)
    with console(Home(home.root)) as client:
        page = Page(client.get(f"/ledger?{query}").text)
    shown = [int(text[1:]) for _, text in page.links if re.fullmatch(r"#\d+", text)][:-1]
    assert shown == [entry.seq for entry in reversed(home.entries()) if admits(entry)][:50]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("type=run.fnished", "did you mean run.finished"),
        ("run=1_000", "is no number"),
        ("before=99999999999999999999", "is no number"),
        ("until=yesterdy", "yesterdy"),
    ],
)
def test_what_is_mistyped_is_said(home: LiveHome, query: str, said: str) -> None:
    """A page that says what is wrong, and no fault."""
    with console(Home(home.root)) as client:
        answer = client.get(f"/ledger?{query}")
    assert (answer.status_code, said in Page(answer.text).text) == (400, True)


def test_an_entry_shows_what_its_hash_is_over(home: LiveHome) -> None:
    """What is marked on the page has the hash that stands behind it; the line to download is the ledger's own."""
    entry = home.entries()[-1]
    with console(Home(home.root)) as client:
        page = client.get(f"/ledger/entries/{entry.seq}").text
        line = client.get(f"/ledger/entries/{entry.seq}/line")
        missing = client.get(f"/ledger/entries/{entry.seq + 1}")
    marked = Page(page[page.index("<mark>") : page.index("</mark>") + 7]).text
    assert hashlib.sha256(marked.encode()).hexdigest() == entry.hash
    assert json.loads(line.content)["hash"] == entry.hash
    assert "attachment" in line.headers["content-disposition"]
    assert "matches its bytes" in Page(page).text
    assert "<script>" not in page
    assert (missing.status_code, f"there is no entry {entry.seq + 1}" in missing.text) == (404, True)


def test_an_entry_of_the_future_of_a_past_is_not_shown(home: LiveHome) -> None:
    """As of entry 5 there is no entry 6, and no checkpoint of more than 6 entries."""
    with console(Home(home.root)) as client:
        assert client.get("/as-of/5/ledger/entries/5").status_code == 200
        assert client.get("/as-of/5/ledger/entries/6").status_code == 404
        newest = Page(client.get("/as-of/5/ledger").text)
    assert ("/as-of/5/ledger/entries/5", "#5") in newest.links
    assert not any("entries/6" in link for link, _ in newest.links)


def test_a_proof_to_download(tmp_path: Path) -> None:
    """It is the file that `ledger prove` writes; without a checkpoint it is said what makes one."""
    home = make_home(tmp_path)
    live = LiveHome(tmp_path)
    live.ask("jobs", "disable", "nightly", "--reason", "x")
    with console(home) as client:
        refused = client.get("/ledger/entries/1/proof")
        assert (refused.status_code, "ledger checkpoint" in refused.text) == (400, True)
        assert live.ask("ledger", "key", "generate").code == 0
        assert live.ask("ledger", "checkpoint").code == 0
        proof = client.get("/ledger/entries/1/proof")
        assert proof.status_code == 200
        assert proof.content == live.ask("ledger", "prove", "1").raw_out
        page = Page(client.get("/ledger/checkpoints").text)
        kept = [link for link, _ in page.links if re.fullmatch(r"/ledger/checkpoints/\d+", link)]
        assert len(kept) == 1
        assert client.get(kept[0]).text.startswith("cronledger/")
        assert client.get("/ledger/checkpoints/99").status_code == 404


def test_damage_is_shown_and_said(tmp_path: Path) -> None:
    """An entry that was altered is shown as it stands, with what is wrong."""
    home = make_home(tmp_path)
    live = LiveHome(tmp_path)
    with console(home) as client:
        for _ in range(4):
            live.ask("jobs", "disable", "nightly", "--reason", "x")
            live.ask("jobs", "enable", "nightly")
        last = len(live.entries()) - 1
        client.get("/")
        flip_a_bit(home)
        said = [client.get(f"/ledger/entries/{seq}") for seq in range(last + 1)]
    assert all(answer.status_code in (200, 503) for answer in said)
    assert any("The ledger is damaged" in answer.text for answer in said)


def test_a_time_of_the_past_counts_from_the_moment_looked_at(home: LiveHome) -> None:
    """`10m` on a page of the past is ten minutes before that moment, whatever the time is now."""
    entries = home.entries()
    moment = entries[len(entries) * 2 // 3]
    wanted = [each.seq for each in entries if each.time < moment.time - timedelta(minutes=10)]
    assert 0 < len(wanted) < moment.seq
    with console(Home(home.root)) as client:
        page = Page(client.get(f"/as-of/{moment.seq}/ledger?until=10m").text)
    shown = [int(text[1:]) for _, text in page.links if re.fullmatch(r"#\d+", text)][:-1]
    assert shown == wanted[:-51:-1]
