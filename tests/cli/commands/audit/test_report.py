from __future__ import annotations

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.command import Answer, call
from tests.support.ledger import Writer, defined, run_finished, run_started, scheduler_started, ticked
from tests.support.simulated_home import home_of, story

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = '<script>alert("x")</script>&amp;\x1b[2J\u202e'
"""What a name, a reason or an error may hold."""
DOCS = Path(__file__).parents[4] / "docs" / "audit-report.md"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week of a nightly job, with an outage, a pause and an edit."""
    return home_of(story(), tmp_path_factory.mktemp("told")).root


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which everything that anybody can name is hostile, and one instant is not on record."""
    root = tmp_path_factory.mktemp("hostile")
    name = f"job {HOSTILE}"
    with closing(Writer(root, 65_536, now=BEGIN, step=timedelta(0))) as writer:
        job = JobDefinition(name=name, command="true", schedule="0 * * * *", description=HOSTILE)
        writer.append(defined(job), v.event(scheduler_started(), v.SCHEDULER))
        for hour in (1, 3):
            due = writer.now = BEGIN + hour * HOUR
            tick = writer.record(ticked(due), name, OWN_SEQ)
            writer.record(run_started(due=due), name, tick.seq)
            writer.record(run_finished(due, "failed", due=due, error=HOSTILE), name, tick.seq)
        writer.record(v.RunRequested(executor="self", reason=HOSTILE), name, OWN_SEQ, f"user:{HOSTILE}@h")
        writer.record(v.JobDisabled(reason=HOSTILE), name, actor=f"user:{HOSTILE}@h")
        writer.record(v.SchedulerStopped(reason=HOSTILE))
    return root


def asked(home: Path, *options: str, begin: str = "2025-03-27", end: str = "2025-04-06") -> Answer:
    """What the command answers about a range."""
    return call("audit", "report", "--utc", "--from", begin, "--to", end, *options, home=home)


def of_hostile(home: Path, *options: str) -> Answer:
    """The same of the hostile home."""
    return asked(home, *options, begin="2026-03-02", end="2026-03-02")


class Page(HTMLParser):
    """A page as a browser reads it: its elements, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Text stands between elements."""
        self.words.append(data)


def test_the_text_fits_80_columns_and_tells_the_story(told: Path) -> None:
    """Each section that has something says it, with the entries that prove it."""
    answer = asked(told)
    assert answer.code == 0
    assert max(map(len, answer.out.splitlines())) <= 80
    text = " ".join(answer.out.split())
    assert "COMPLETE Each of 10 instants that schedules implied has exactly one disposition." in text
    for words in (
        "nightly: 3 times, to 2025-04-02 00:30:00 UTC, while no scheduler was running; 1 run caught up [entry 13]",
        "disabled by user:ann@sim: the database moves; until 2025-03-29 09:00:00 UTC",
        "the scheduler had died; 3 instants missed [entries 11, 12]",
        "Unexplained: none; each instant has exactly one disposition",
    ):
        assert words in text


def test_an_unexplained_instant_fails_the_command(hostile: Path) -> None:
    """Exit code 1, and the verdict says so in each form."""
    for form in ("text", "html", "json"):
        answer = of_hostile(hostile, "--format", form)
        assert answer.code == 1, form
        assert ("NOT COMPLETE" in answer.out) == (form != "json")
    assert of_hostile(hostile, "--format", "json").document["unexplained"]["instants"] == 1


def test_hostile_names_reach_neither_terminal_nor_page(hostile: Path) -> None:
    """What stands in entries is escaped: no control character, no element, no attribute comes of it."""
    text = of_hostile(hostile).out
    assert all(char.isprintable() or char == "\n" for char in text)
    html = of_hostile(hostile, "--format", "html").out
    assert all(char.isprintable() or char == "\n" for char in html)
    page = Page(html)
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "img", "iframe", "object", "link", "a"})
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert sum('<script>alert("x")</script>' in words for words in page.words) >= 5
    assert json.loads(of_hostile(hostile, "--format", "json").out)["jobs"][0]["name"] == f"job {HOSTILE}"


def test_the_page_needs_nothing_from_elsewhere(told: Path) -> None:
    """No address, no import, a policy that forbids both, and a timeline that is drawn in the page itself."""
    html = asked(told, "--format", "html").out
    page = Page(html)
    assert not [name for _, attributes in page.elements for name in attributes if name in ("src", "href")]
    assert "@import" not in html
    assert "url(" not in html
    policies = [each.get("content") for tag, each in page.elements if tag == "meta" and "http-equiv" in each]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]
    kinds = [attributes.get("class") for tag, attributes in page.elements if tag == "rect"]
    assert {"up", "outage", "succeeded", "missed", "skipped", "disabled"} <= set(kinds)
    assert "@media print" in html
    assert "prefers-color-scheme: dark" in html


def members(document: Any) -> set[str]:
    """All names of members in a document, but for those that are names of something."""
    if isinstance(document, list):
        return set().union(*map(members, document)) if document else set()
    if not isinstance(document, dict):
        return set()
    free = {"dispositions", "reasons", "today", "versions"}
    return set(document).union(*(members(each) for name, each in document.items() if name not in free))


def test_each_member_of_the_document_is_documented(told: Path, hostile: Path) -> None:
    """The page under docs/ names every member that a report has."""
    page = DOCS.read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z_]+)`", page))
    for answer in (asked(told, "--format", "json"), of_hostile(hostile, "--format", "json")):
        assert members(answer.document) <= documented


def test_a_report_is_written_to_a_new_file(told: Path, tmp_path: Path) -> None:
    """Nothing that is there is replaced unless that is asked for."""
    target = tmp_path / "report.html"
    assert asked(told, "--format", "html", "-o", str(target)).code == 0
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert asked(told, "-o", str(target)).code == 2
    assert asked(told, "-o", str(target), "--force").code == 0
    assert target.read_text(encoding="utf-8").startswith("Audit report")


def test_what_is_typed_wrongly_is_refused(told: Path) -> None:
    """A range that ends before it begins, a job that never was, a form that is not there."""
    assert asked(told, begin="2025-04-06", end="2025-03-27").code == 2
    assert asked(told, "--job", "nightli").code == 2
    assert asked(told, "--format", "pdf").code == 2
    assert call("audit", "report", "--from", "1d", home=told / "nowhere").code == 2


def test_a_copy_of_the_ledger_is_enough(told: Path, tmp_path: Path) -> None:
    """An auditor has the ledger's folder and no home."""
    copy = copytree(told / "var" / "ledger", tmp_path / "copy")
    answer = call(
        "audit", "report", "--utc", "--from", "2025-03-27", "--to", "2025-04-06", "--json", "--ledger", str(copy),
        home=tmp_path / "nowhere",
    )  # fmt: skip
    assert {**answer.document, "made": ""} == {**asked(told, "--json").document, "made": ""}


def test_kept_states_change_nothing_but_where_reading_begins(told: Path) -> None:
    """`--derive` reads from entry 0 on; the rest of the report is the same."""
    usual, derived = (asked(told, "--format", "json", *more).document for more in ((), ("--derive",)))
    assert derived["ledger"]["first_read"] == 0
    assert {**usual, "made": ""} == {**derived, "made": ""}
