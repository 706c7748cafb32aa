"""The page of time: what ran, was missed, was closed off, and what is to come, each leading to its why."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.console.pages.time import page as time_page
from scheduler import vocabulary as v
from scheduler.definition import Expect, JobDefinition
from scheduler.home import Home
from tests.support.console import Page, console
from tests.support.home import LiveHome
from tests.support.ledger import Writer
from tests.support.random_runs import fill

BEGIN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\x1b]0;x\x07\u202e\"'&" + "x" * 10_000
DAY = "/time?from=2026-03-02T09:00:00Z&to=2026-03-02T21:00:00Z"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A job with overlapping runs, a failure, missed instants, and a stretch in which it was disabled."""
    writer = Writer(tmp_path_factory.mktemp("home"), now=BEGIN)
    for name, tags in (("alpha", ("night",)), ("beta", ())):
        definition = JobDefinition(name=name, command="true", schedule="*/30 * * * *", tags=tags)
        writer.define(name, definition)
    writer.serve()
    first, second = writer.tick("alpha"), writer.tick("alpha")
    writer.start("alpha", first)
    writer.start("alpha", second)
    writer.wait(hours=1)
    writer.finish("alpha", first, duration_ms=3_600_000)
    writer.finish("alpha", second, "failed", duration_ms=3_600_000)
    writer.wait(hours=2)
    writer.misfire("alpha", 90)
    caught = writer.tick("alpha", trigger="catch_up")
    writer.start("alpha", caught, "catch_up")
    writer.finish("alpha", caught, trigger="catch_up")
    writer.record(v.JobDisabled(reason=HOSTILE), "alpha", actor="user:ann@here")
    writer.wait(hours=2)
    writer.record(v.JobEnabled(), "alpha", actor="user:ann@here")
    writer.record(v.SchedulerStopped(reason="signal"))
    writer.close()
    return writer.home


def test_all_that_happened_is_on_the_axis_and_in_words(home: Home) -> None:
    """Each kind of mark is drawn, and beside the picture stands how many there are."""
    with console(home) as client:
        answer = client.get(DAY)
    page = Page(answer.text)
    row = page.text[page.text.index("alpha") : page.text.index("beta")]
    assert answer.status_code == 200
    for words in ("1 failed", "2 succeeded", "missed", "1 of them caught up", "1 time disabled"):
        assert words in row, row
    assert "No scheduler watched" in page.text
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


def test_what_is_marked_leads_to_its_why(home: Home) -> None:
    """Each link out of the picture leads to a page that there is, and that of a run names the run's own instant."""
    with console(home) as client:
        page = Page(client.get(f"/as-of/16{DAY}").text)
        marks = [link for link, text in page.links if text.startswith(("failed, due", "succeeded, due"))]
        assert marks
        for link in marks:
            assert link.startswith("/as-of/16/jobs/alpha/why?at=2026-03-02T1")
            assert client.get(link).status_code == 200
        disabled = next(link for link, text in page.links if text.startswith("disabled from"))
        assert "job.disabled" in client.get(disabled).text


def test_every_place_leads_to_why_at_its_instant(home: Home) -> None:
    """From the beginning to the end of the stretch, out of the way of the keyboard; the pages of the past too."""
    with console(home) as client:
        page = Page(client.get(f"/as-of/16{DAY}&job=alpha").text)
        cells = [each["href"] for name, each in page.elements if name == "a" and each.get("tabindex") == "-1"]
        assert client.get(cells[40]).status_code == 200
    instants = [datetime.fromisoformat(parse_qs(urlsplit(cell).query)["at"][0]) for cell in cells]
    begin = datetime(2026, 3, 2, 9, tzinfo=UTC)
    places = [begin + timedelta(hours=12) / 96 * (number + 0.5) for number in range(96)]
    assert instants == [place.replace(microsecond=0) for place in places]
    assert all(cell.startswith("/as-of/16/jobs/alpha/why?at=") for cell in cells)


def test_runs_that_overlap_lie_one_below_the_other(home: Home) -> None:
    """The picture of the job with two runs at once is two lanes high, the other's one."""
    with console(home) as client:
        page = Page(client.get(DAY).text)
    heights = [
        int(each["height"]) for name, each in page.elements if name == "svg" and each.get("role") == "group"
    ]
    assert heights == [36, 18]


def test_runs_to_come_are_drawn_and_of_the_past_those_that_were(home: Home) -> None:
    """As of the entry that defined it, all later instants of the day are still to come."""
    with console(home) as client:
        text = Page(client.get(f"/as-of/2{DAY}").text).text
    # Every half hour from 10:00 to 20:30: as of that entry it is a second or two past ten.
    assert "21 to come" in text[text.index("alpha") : text.index("beta")]


def test_each_move_leads_to_a_stretch(home: Home) -> None:
    """Every link along the axis leads to a page whose stretch is of the length that the link says."""
    before = timedelta(hours=12)
    lengths = {"Earlier": before, "Later": before, "Closer": before / 2, "Wider": before * 2,
               "Hour": timedelta(hours=1), "Day": timedelta(days=1), "Week": timedelta(days=7),
               "Month": timedelta(days=30), "Year": timedelta(days=365)}  # fmt: skip
    begins = {}
    with console(home) as client:
        links = {text: link for link, text in Page(client.get(f"{DAY}&job=alpha").text).links}
        for name, length in lengths.items():
            asked = {key: values[0] for key, values in parse_qs(urlsplit(links[name]).query).items()}
            begins[name], end = (datetime.fromisoformat(asked[key]) for key in ("from", "to"))
            assert (end - begins[name], asked["job"]) == (length, "alpha")
            assert client.get(links[name]).status_code == 200
    assert begins["Later"] - begins["Earlier"] == before


def test_what_cannot_be_shown_is_said(home: Home) -> None:
    """A page that says what is wrong, and no fault."""
    with console(home) as client:
        for query, status, said in (
            ("from=2026-03-02&to=2026-03-01", 400, "not before"),
            ("from=1990-01-01&to=2026-01-01", 400, "at most 400 days"),
            ("from=yesterdy", 400, "yesterdy"),
            ("job=nothing-like-it", 404, "no job is called"),
            ("tag=nothing-like-it", 404, "has the tag"),
            ("job=%3Cscript%3E", 404, "no job is called"),
        ):
            answer = client.get(f"/time?{query}")
            assert (answer.status_code, said in Page(answer.text).text) == (status, True), query
            assert "<script>" not in answer.text


def test_jobs_by_name_and_tag(home: Home) -> None:
    """A part of a name and a tag choose among the jobs."""
    with console(home) as client:
        tagged, named = Page(client.get("/time?tag=night").text), Page(client.get("/time?job=BET").text)
    assert [text for link, text in tagged.links if re.fullmatch("/jobs/[a-z]+", link)] == ["alpha"]
    assert [text for link, text in named.links if re.fullmatch("/jobs/[a-z]+", link)] == ["beta"]


def test_many_jobs_come_in_pages(tmp_path: Path) -> None:
    """Each of 230 jobs is on one of three pages."""
    writer = Writer(tmp_path, now=BEGIN)
    names = [f"job-{number:03d}" for number in range(230)]
    for name in names:
        writer.define(name)
    writer.close()
    seen: list[str] = []
    address, pages = "/time", 0
    with console(Home(tmp_path)) as client:
        while address:
            page = Page(client.get(address).text)
            seen += [text for link, text in page.links if re.fullmatch(r"/jobs/job-\d+", link)]
            address = next((link for link, text in page.links if text == "Next jobs"), "")
            pages += 1
    assert (seen, pages) == (names, 3)


def test_the_clock_changes_of_the_zone_are_told(tmp_path: Path) -> None:
    """In Paris clocks went forward on 29 March 2026; nothing like it is told of the week before."""
    live = LiveHome(tmp_path)
    fill(live, 3)
    with console(Home(live.root)) as client:
        around = Page(client.get("/time?from=2026-03-28&to=2026-03-30").text).text
        before = Page(client.get("/time?from=2026-03-20&to=2026-03-22").text).text
    assert "2026-03-29 03:00:00 +02:00: clocks go forward 1 h" in around
    assert "clocks go" not in before


def test_where_nothing_is_on_record(tmp_path: Path) -> None:
    """A home with a config and no ledger shows its jobs' runs to come, or says that there is nothing."""
    LiveHome(tmp_path).configure("jobs: {a: {command: 'true', schedule: '* * * * *'}}")
    with console(Home(tmp_path)) as client:
        answer = client.get("/time")
    assert (answer.status_code, "Nothing is on record yet" in answer.text) == (200, True)


def test_what_was_late_and_outages_lead_to_their_entries(tmp_path: Path) -> None:
    """Below the picture: of what was late the entry that says so, of an outage those that begin and end it."""
    writer = Writer(tmp_path, now=BEGIN)
    writer.define("alpha", JobDefinition(name="alpha", command="true", schedule="*/30 * * * *",
                                         expect=Expect(finish_within_ms=60_000)))  # fmt: skip
    writer.serve()
    run = writer.tick("alpha")
    writer.start("alpha", run)
    due = writer.now
    writer.wait(minutes=5)
    late = v.ExpectationBreached(
        expectation="finish_within", limit_ms=60_000, since=due + timedelta(minutes=1), scheduled_for=due
    )
    breach = writer.record(late, "alpha", run).seq
    writer.finish("alpha", run)
    stopped = writer.record(v.SchedulerStopped(reason="signal")).seq
    writer.wait(hours=1)
    writer.serve()
    served = writer.journal.head().seq
    writer.history("alpha", 1)
    died = writer.journal.head().seq
    writer.close()
    with console(writer.home) as client:
        page = Page(client.get(DAY).text)
    assert (f"/ledger/entries/{breach}", "late (expect)◷") in page.links
    proofs = [int(text[1:]) for _, text in page.links if re.fullmatch(r"#\d+", text)]
    assert proofs[:4] == [stopped, served, died, breach]


def test_a_page_of_many_marks_has_fewer_jobs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a row fills the page, the next job comes on the next one, which the first says and leads to."""
    monkeypatch.setattr(time_page, "MARKS_MAX", 1)
    with console(home) as client:
        first = Page(client.get(DAY).text)
        following = next(link for link, text in first.links if text == "Next jobs")
        second = Page(client.get(following).text)
    assert "2 jobs, 1 of them here" in first.text
    assert [
        [text for link, text in page.links if re.fullmatch("/jobs/[a-z]+", link)] for page in (first, second)
    ] == [["alpha"], ["beta"]]
