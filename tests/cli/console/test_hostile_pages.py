"""Names, reasons, tags and output are anybody's text: on no page, file or header are they a part of it, or obeyed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

import pytest
from starlette.testclient import TestClient

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from tests.support.console import Page, console
from tests.support.ledger import defined
from tests.support.output import HandWritten

OBEYED = "\x1b\x07\x9b\u202e\u2066\u200f"
TEXT = f"\"'><img src=x onerror=alert(1)><script>alert(1)</script>{{{{1331*1117}}}}{OBEYED}&lt;\r\nSet-Cookie: a=b"
FORMULA = f"=HYPERLINK(A1){TEXT}"
ADDRESS = "javascript:alert(1)//"
NAMED = FORMULA.replace("/", "|")
"""A job of that name has pages: the address of a page holds no slash but its own."""
LONG = "w" * 5_000
_PAGES_MAX = 60


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The console of a home with such texts wherever ledger and logs hold text, and in the name of its folder."""
    written = HandWritten(tmp_path_factory.mktemp("hostile") / TEXT.replace("/", "|"))
    for name in (FORMULA, ADDRESS, NAMED):
        written.append(
            defined(
                JobDefinition(
                    name=name, command=TEXT, schedule="0 3 * * *", description=TEXT, tags=(TEXT, ADDRESS),
                    locks=(TEXT,), env={TEXT: TEXT}, working_directory=TEXT, fail_on_output=(TEXT,),
                    timezone="Etc/UTC", runs_on=TEXT, require_reason=True,
                )
            )
        )  # fmt: skip
        run = written.begin(name)
        written.put(
            run, f'{{"level": "error", "msg": "{ADDRESS}", "{ADDRESS}": 1}}\n{TEXT}\n{LONG}\n'.encode()
        )
        written.put(run, TEXT.encode(), "stderr")
        written.end(run, "failed", 1)
    waiting = written.begin(FORMULA)
    written.record(v.RunCancelRequested(reason=TEXT), FORMULA, waiting)
    written.record(v.JobDisabled(reason=ADDRESS), FORMULA)
    written.record(v.JobEnabled(reason=LONG), FORMULA)
    written.record(v.JobDisabled(reason=FORMULA), FORMULA)
    written.record(v.SchedulerPaused(reason=TEXT))
    written.collect()
    written.close()
    with console(written.home) as asked:
        yield asked


def crawled(client: TestClient, first: str) -> dict[str, int]:
    """Every page that links lead to, one of each kind and subject: checked; and with which status each answered."""
    wanted, seen = [first], {first: 0}
    while wanted:
        assert len(seen) < _PAGES_MAX, seen
        address = wanted.pop(0)
        answer = client.get(address, headers={"Accept": "text/html"})
        seen[address] = answer.status_code
        assert "set-cookie" not in answer.headers, address
        assert all(value.isprintable() for value in answer.headers.values()), address
        if not answer.headers["content-type"].startswith("text/html"):
            assert answer.headers["content-type"].startswith("text/event-stream") or (
                answer.headers["x-content-type-options"] == "nosniff"
            ), address
            continue
        for link in check_page(address, answer.text):
            found = urljoin(address, link)
            if found not in seen and kind_of(found) not in {kind_of(each) for each in seen}:
                seen[found] = 0
                wanted.append(found)
    return seen


def kind_of(address: str) -> tuple[str, ...]:
    """What makes a page another one than those that were seen: not its numbers, nor what stands behind the `?`."""
    path = urlsplit(address).path
    return tuple("#" if part.isdigit() else part for part in path.split("/"))


def check_page(address: str, source: str) -> list[str]:
    """Hold a page to its own elements; the links on it that lead to pages."""
    assert not set(OBEYED) & set(source), address
    page = Page(source)
    links = []
    for name, attributes in page.elements:
        assert name not in ("img", "iframe", "object", "base"), (address, name)
        assert not [each for each in attributes if each.startswith("on") or each == "style"], (
            address,
            attributes,
        )
        if name == "script":
            assert attributes.get("src", "").startswith("/static/") or "json" in attributes.get("type", ""), (
                address
            )
        for leading in ("href", "src", "action", "formaction"):
            assert attributes.get(leading, "/").startswith(("/", "#", "?")), (address, attributes)
            assert not attributes.get(leading, "/").startswith("//"), (address, attributes)
        if name == "a" and not attributes.get("href", "#").startswith("#"):
            links.append(attributes["href"])
    assert str(1331 * 1117) not in page.text, address
    return [link for link in links if "/live" not in link]


def test_no_page_is_made_by_what_it_shows(client: TestClient) -> None:
    """Every kind of page that a link leads to; as of the past too; and those that tell what was asked for."""
    name, asked = quote(NAMED, safe=""), quote(TEXT)
    seen = crawled(client, "/")
    assert len(seen) > 25, seen
    refused = {address for address, status in seen.items() if status != 200}
    assert all(address.endswith("/proof") or "%2F" in address for address in refused), refused
    assert {200} == {status for address, status in seen.items() if name in address}
    for address in (
        f"/as-of/9/jobs/{name}", f"/as-of/{asked}/jobs", f"/jobs/{name}/why?at={asked}", f"/jobs/{asked}",
        f"/jobs?q={asked}&tag={asked}", f"/logs?q={asked}&job={asked}", f"/runs?job={asked}&from={asked}",
        f"/time?job={asked}", f"/ledger?type={asked}", f"/sql?q={asked}",
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code < 500, address
        check_page(address, answer.text)


def test_json_holds_texts_as_they_are(client: TestClient) -> None:
    """A file of JSON is read as what the ledger holds, to the last character."""
    query = quote("SELECT DISTINCT job FROM runs")
    runs, answer = (client.get(each) for each in ("/runs.json", f"/sql/answer.json?q={query}"))
    for found in (runs, answer):
        assert found.headers["content-type"].startswith("application/json")
        assert {row["job"] for row in json.loads(found.content)} == {FORMULA, ADDRESS, NAMED}


def test_no_file_is_a_formula(client: TestClient) -> None:
    """In what a spreadsheet opens, every text that it would execute has a quote in front."""
    files = [
        "/sql/answer.csv?q=" + quote("SELECT job, error FROM runs UNION ALL SELECT '@x', '=1+1'"),
        "/runs.csv",
    ]
    for address in files:
        answer = client.get(address)
        assert answer.status_code == 200, address
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        assert any(cell.startswith("'") for cell in cells), address
        assert not [cell for cell in cells if cell.startswith(("=", "@", "\t"))], address
