"""The page of audits: the report of a period within the console, what is to download, and what ends it early."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Message

from cli.app.failures import Failure
from cli.audit import page as report_page
from cli.console.kept.report_desk import OnProgress, ReportDesk, ReportKey
from projections.audit.report import Report
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.support.command import call
from tests.support.console import Page, console
from tests.support.home import LiveHome
from tests.support.ledger import Writer

BEGIN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\x1b]0;x\x07\u202e\"'&"
DAY = "from=2026-03-02T10:00:00Z&to=2026-03-02T14:00:00Z"
COMMAND = "cronledger audit report"
Maker = Callable[[OnProgress], Report]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Runs, a failure, missed instants and a pause, with names and reasons that are hostile."""
    writer = Writer(tmp_path_factory.mktemp("home"), now=BEGIN)
    for name in ("alpha", HOSTILE):
        writer.define(name, JobDefinition(name=name, command="true", schedule="*/30 * * * *"))
    writer.serve()
    failed, succeeded = writer.tick("alpha"), writer.tick(HOSTILE)
    writer.start("alpha", failed)
    writer.finish("alpha", failed, "failed")
    writer.start(HOSTILE, succeeded)
    writer.finish(HOSTILE, succeeded)
    writer.wait(hours=2)
    writer.misfire("alpha", 3)
    writer.record(v.JobDisabled(reason=HOSTILE), HOSTILE, actor="user:ann@here")
    writer.record(v.SchedulerStopped(reason="signal"))
    writer.close()
    return writer.home


def test_the_report_stands_in_the_page_and_leads_to_its_entries(home: Home) -> None:
    """It says what the command says, each entry that it names is a link to a page, and names are text."""
    with console(home) as client:
        answer = client.get(f"/audit?{DAY}")
        page = Page(answer.text)
        entries = {link for link, _ in page.links if re.fullmatch(r"/ledger/entries/\d+", link)}
        assert {client.get(link).status_code for link in entries} == {200}
    assert answer.status_code == 200
    assert len(entries) > 4
    said = call("audit", "report", "--utc", "--from", "2026-03-02T10:00:00Z", "--to", "2026-03-02T14:00:00Z",
                home=home.root)  # fmt: skip
    for words in ("NOT RESOLVED", "UNEXPLAINED"):
        assert (words in page.text.upper(), words in " ".join(said.out.upper().split())) == (True, True), (
            words
        )
    assert "<script>alert" not in answer.text
    assert not {"\x1b", "\u202e"} & set(answer.text)
    assert not [each for _, each in page.elements if "style" in each], "the policy of styles forbids them"
    assert [name for name, _ in page.elements].count("h1") == 1


def test_each_download_is_what_the_command_writes(home: Home) -> None:
    """Text, HTML and JSON, in files with names of their own; all are of the report on the page, made once."""
    with console(home) as client:
        links = {text: link for link, text in Page(client.get(f"/audit?{DAY}").text).links}
        for form, media, ending in (("text", "text/plain", "txt"), ("html", "text/html", "html"),
                                    ("json", "application/json", "json")):  # fmt: skip
            answer = client.get(links[form])
            assert answer.headers["content-type"].startswith(media)
            file_name = f"audit-2026-03-02-2026-03-02.{ending}"
            assert answer.headers["content-disposition"] == f'attachment; filename="{file_name}"'
            said = call("audit", "report", "--utc", "--from", "2026-03-02T10:00:00Z", "--to",
                        "2026-03-02T14:00:00Z", "--format", form, home=home.root)  # fmt: skip
            # They were not made at the same moment.
            assert _without_moment(answer.text) == _without_moment(said.out)


def test_what_was_made_is_given_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The downloads of the page that somebody reads are of its report; another period is another one."""
    made: list[object] = []
    make = ReportDesk.report

    async def counting(
        desk: ReportDesk, request: Request, key: ReportKey, maker: Maker, command: str
    ) -> Report | None:
        def counted(told: OnProgress) -> Report:
            made.append(key)
            return maker(told)

        return await make(desk, request, key, counted, command)

    monkeypatch.setattr(ReportDesk, "report", counting)
    with console(home) as client:
        for query, times in ((DAY, 1), (f"{DAY}&format=json", 1), (f"{DAY}&job=alpha", 2), (DAY, 3)):
            assert client.get(f"/audit?{query}").status_code == 200
            assert len(made) == times, query


def _without_moment(text: str) -> str:
    """A report but for the moment at which it was made."""
    return re.sub(r"20(?!26-03-02)\d\d-\d\d-\d\d.\d\d:\d\d:\d\d(\.\d+)?", "", text).strip()


def test_it_is_asked_for_by_a_form(home: Home) -> None:
    """Without a period there is a form; what was typed stays in it."""
    with console(home) as client:
        empty, asked = Page(client.get("/audit").text), Page(client.get(f"/audit?{DAY}&job=alpha").text)
    assert "/audit?from=7d" in [link for link, _ in empty.links]
    given = {each.get("name"): each.get("value") for name, each in asked.elements if name == "input"}
    assert given["from"] == "2026-03-02T10:00:00Z"
    assert given["job"] == "alpha"
    assert "Audit of alpha" in asked.text


def test_what_is_mistyped_is_said(home: Home) -> None:
    """A page that says what is wrong, and no fault."""
    with console(home) as client:
        for query, status, said in (
            ("from=yesterdy", 400, "yesterdy"),
            ("from=2026-03-02&to=2026-13-01", 400, "2026-13-01"),
            ("from=2026-03-02&to=2026-03-01", 400, "not before"),
            (f"{DAY}&format=pdf", 400, "is none of text, html, json"),
            (f"{DAY}&job=nothing-like-it", 404, "no job"),
            (f"{DAY}&job=%3Cscript%3E", 404, "no job"),
        ):
            answer = client.get(f"/audit?{query}")
            assert (answer.status_code, said in Page(answer.text).text) == (status, True), query
            assert "<script>" not in answer.text


def test_of_a_home_without_entries_it_says_so(tmp_path: Path) -> None:
    """Nothing is on record; that is no fault."""
    LiveHome(tmp_path).configure("jobs: {a: {command: 'true', schedule: '* * * * *'}}")
    with console(Home(tmp_path)) as client:
        answer = client.get(f"/audit?{DAY}")
    assert (answer.status_code, "nothing is on record yet" in Page(answer.text).text) == (400, True)


def test_of_the_past_it_takes_in_what_was_on_record_then(home: Home) -> None:
    """As of an entry there is none behind it, links stay there, and the report of the present is another one."""
    with console(home) as client:
        page = Page(client.get(f"/as-of/6/audit?{DAY}").text)
        links = {text: link for link, text in page.links}
        then, now = client.get(links["json"]).json(), client.get(f"/audit?{DAY}&format=json").json()
    entries = [int(found[1]) for link, _ in page.links if (found := re.search(r"/entries/(\d+)$", link))]
    assert links["json"].startswith("/as-of/6/audit?")
    assert max(entries) == 6
    assert '"seq": 6' in json.dumps(then)
    assert then != now


def test_its_style_reaches_the_report_alone(home: Home) -> None:
    """Every rule stands within the report's own element, and none of a printed page is among them."""
    with console(home) as client:
        answer = client.get("/audit/report.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.text.startswith(".audit {")
    assert answer.text.count("{") == answer.text.count("}")
    assert "@page" not in answer.text
    assert Path(report_page.__file__).with_name("page.css").is_file()


def request(leaves: threading.Event) -> Request:
    """A request of somebody who may leave."""

    async def receive() -> Message:
        if leaves.is_set():
            return {"type": "http.disconnect"}
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")

    return Request({"type": "http", "method": "GET", "path": "/audit", "headers": []}, receive)


def test_who_left_is_not_worked_for_and_the_next_one_is() -> None:
    """What is being made is stopped when its reader leaves; until then nobody else's is made."""
    desk, leaves, begun = ReportDesk(), threading.Event(), threading.Event()

    def endless(told: OnProgress) -> Report:
        begun.set()
        for done in range(10_000):
            told(done, 10_000)
            threading.Event().wait(0.005)
        raise AssertionError("it was not stopped")

    async def asking() -> None:
        first = asyncio.ensure_future(desk.report(request(leaves), ("first",), endless, COMMAND))
        await asyncio.to_thread(begun.wait, 30)
        with pytest.raises(Failure, match="another report is being made") as problem:
            await desk.report(request(threading.Event()), ("second",), endless, COMMAND)
        assert COMMAND in problem.value.hint
        leaves.set()
        assert await first is None

    asyncio.run(asking())
    _is_free(desk)


def test_a_request_that_is_given_up_stops_its_report() -> None:
    """So a console that stops does not wait for it."""
    desk, begun, stopped = ReportDesk(), threading.Event(), threading.Event()

    def endless(told: OnProgress) -> Report:
        begun.set()
        try:
            while True:
                told(0, 1)
                threading.Event().wait(0.005)
        finally:
            stopped.set()

    async def asking() -> None:
        first = asyncio.ensure_future(desk.report(request(threading.Event()), (), endless, COMMAND))
        await asyncio.to_thread(begun.wait, 30)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await asyncio.to_thread(stopped.wait, 30)

    asyncio.run(asking())


def test_a_report_has_its_time() -> None:
    """One that takes longer fails with what to do, and the next one is made."""
    desk = ReportDesk(limit_s=0.0)

    def long(told: OnProgress) -> Report:
        told(16_384, 10_000_000)
        raise AssertionError("it was not stopped")

    with pytest.raises(Failure, match="16,384 of 10,000,000 entries are read") as problem:
        asyncio.run(desk.report(request(threading.Event()), (), long, COMMAND))
    assert COMMAND in problem.value.hint
    _is_free(desk)


def _is_free(desk: ReportDesk) -> None:
    """It takes the next one; and what that one's maker raises is what comes out."""

    def failing(_told: OnProgress) -> Report:
        raise Failure("of its own")

    with pytest.raises(Failure, match="of its own"):
        asyncio.run(desk.report(request(threading.Event()), ("next",), failing, COMMAND))
