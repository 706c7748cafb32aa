"""What people do on pages is recorded as by the command, in their name, once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.console import Page, console
from tests.support.console_network import bearer, network, token
from tests.support.home import LiveHome, make_home


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with two jobs."""
    make_home(tmp_path)
    return LiveHome(tmp_path)


def test_disabling_and_enabling(home: LiveHome) -> None:
    """The entry is the command's, by the person with the token; the page says what was recorded, with a link."""
    secret = token(home, "ann", "operate")
    with network(home) as client:
        form = {"job": "nightly", "reason": "new <b>disks</b>", "until": "tomorrow"}
        sent = client.post("/actions/disable", data=form, headers=bearer(secret))
        assert sent.status_code == 303
        told = client.get(sent.headers["location"], headers=bearer(secret))
        page = Page(told.text)
        entry = home.entries("job.disabled")[-1]
        assert (entry.actor, entry.job) == ("token:ann", "nightly")
        data: v.JobDisabled = v.payload(entry)
        assert (data.reason, data.until is not None) == ("new <b>disks</b>", True)
        assert data.claims is not None
        assert data.claims.uid is not None
        assert (f"/ledger/entries/{entry.seq}", f"#{entry.seq}") in page.links
        assert "nightly disabled until" in page.text
        client.post("/actions/enable", data={"job": "nightly"}, headers=bearer(secret))
    assert home.entries("job.enabled")[-1].actor == "token:ann"
    home.check()


def test_what_the_command_refuses_the_page_refuses(home: LiveHome) -> None:
    """In the same words, and nothing is recorded; an option that somebody sends as a name is only a name."""
    secret = token(home, "ann", "operate")
    before = len(home.entries())
    with network(home) as client:
        for action, form, said in (
            ("disable", {"job": "nigtly"}, "did you mean nightly"),
            ("disable", {"job": "--all"}, "--all"),
            ("disable", {"job": "nightly", "until": "yesterday"}, "not to come"),
            ("cancel", {"run": "999"}, "there is no run 999"),
            ("cancel", {"run": "nightly"}, "no run of nightly is going"),
            ("run", {"job": "nightly"}, "no scheduler serves this home"),
            ("retry", {"run": "1"}, "no scheduler serves this home"),
            ("settle", {"job": "nightly", "until": "now"}, "say why"),
            ("nothing", {}, "there is no such action"),
        ):
            answer = client.post(f"/actions/{action}", data=form, headers=bearer(secret))
            assert answer.status_code in (400, 404), (action, form)
            assert said in Page(answer.text).text, (action, form, answer.text)
    assert len(home.entries()) == before


def test_a_second_click_records_nothing_more(home: LiveHome) -> None:
    """The same form by the same person right after the first leads to what came of the first."""
    with console(Home(home.root)) as client:
        form = {"job": "nightly", "reason": "x"}
        first = client.post("/actions/disable", data=form, follow_redirects=False)
        second = client.post("/actions/disable", data=form, follow_redirects=False)
        assert first.headers["location"] == second.headers["location"]
        assert len(home.entries("job.disabled")) == 1


def test_a_second_click_waits_for_the_first(home: LiveHome) -> None:
    """The same form eight times at once is recorded once; of two people, for each of them."""
    secret = token(home, "ann", "operate")
    with network(home) as client, ThreadPoolExecutor(8) as clicks:
        form = {"job": "nightly", "reason": "x"}

        def click(_number: int) -> str:
            return client.post("/actions/disable", data=form, headers=bearer(secret)).headers["location"]

        assert len(set(clicks.map(click, range(8)))) == 1
    assert len(home.entries("job.disabled")) == 1


def test_people_behind_a_proxy_are_told_apart(home: LiveHome) -> None:
    """They share an actor: the form of one is not taken for that of another, nor shown to another."""
    with network(home, proxies=frozenset(["192.0.2.1"]), proxy_roles=frozenset({"operate"})) as client:
        form = {"job": "nightly", "reason": "x"}
        ann, bob = {"X-Forwarded-User": "ann"}, {"X-Forwarded-User": "bob"}
        first = client.post("/actions/disable", data=form, headers=ann).headers["location"]
        second = client.post("/actions/disable", data=form, headers=bob)
        assert second.headers.get("location") != first
        assert client.get(first, headers=bob).status_code == 404
        assert client.get(first, headers=ann).status_code == 200


def test_what_came_of_it_is_for_who_did_it(home: LiveHome) -> None:
    """Another person does not see the page, and in the past nothing is done."""
    ann, bob = token(home, "ann", "operate"), token(home, "bob", "view")
    with network(home) as client:
        sent = client.post("/actions/disable", data={"job": "nightly"}, headers=bearer(ann))
        assert client.get(sent.headers["location"], headers=bearer(bob)).status_code == 404
        past = client.post("/as-of/3/actions/enable", data={"job": "nightly"}, headers=bearer(ann))
        assert past.status_code == 409


def test_runs_are_asked_for_cancelled_and_made_again_by_a_scheduler(tmp_path: Path) -> None:
    """The console starts nothing itself: the scheduler that serves does, and the request is the person's."""
    home = LiveHome(tmp_path)
    home.configure(
        "jobs:\n  slow: {command: sleep 600, on_demand: true}\n  bad: {command: 'false', on_demand: true}\n"
    )
    with home.served():
        secret = token(home, "ann", "operate")
        with network(home) as client:
            assert (
                client.post("/actions/run", data={"job": "slow"}, headers=bearer(secret)).status_code == 303
            )
            run = home.await_entry("run.started").run
            page = client.get(f"/runs/{run}", headers=bearer(secret)).text
            assert "Stop this run" in page
            stop = {"run": str(run), "reason": "enough"}
            assert client.post("/actions/cancel", data=stop, headers=bearer(secret)).status_code == 303
            home.await_entry("run.finished")
            assert client.post("/actions/run", data={"job": "bad"}, headers=bearer(secret)).status_code == 303
            failed = home.await_entry("run.finished", 2).run
            assert "Make this run again" in client.get(f"/runs/{failed}", headers=bearer(secret)).text
            again = client.post("/actions/retry", data={"run": str(failed)}, headers=bearer(secret))
            assert again.status_code == 303
            home.await_entry("run.finished", 3)
    assert {entry.actor for entry in home.entries("run.requested")} == {"token:ann"}
    assert home.entries("run.cancel_requested")[0].actor == "token:ann"
    home.check()


def test_buttons_show_what_one_may(home: LiveHome) -> None:
    """Who may only look sees no form that does something; a hidden one that is sent all the same is refused."""
    view, operate = token(home, "ann", "view"), token(home, "bob", "operate")
    with network(home) as client:
        looked = client.get("/jobs/nightly", headers=bearer(view)).text
        operated = client.get("/jobs/nightly", headers=bearer(operate)).text
        past = client.get("/as-of/5/jobs/nightly", headers=bearer(operate)).text
        assert client.post("/actions/run", data={"job": "nightly"}, headers=bearer(view)).status_code == 403
    forms = [set(re.findall(r'action="/actions/(\w+)"', source)) for source in (looked, operated, past)]
    assert forms == [set(), {"run", "disable", "backfill"}, set()]


def test_two_tokens_are_two_persons(tmp_path: Path) -> None:
    """A change of a job that needs two people: another token approves it, and not who asked for it by a token."""
    home = LiveHome(tmp_path)
    job = "jobs:\n  paid: {{command: 'echo {0}', on_demand: true, approval: required}}\n"
    home.configure(job.format("one"))
    home.ask("jobs", "disable", "paid")  # it waits for approval, and that is on record now
    ann, bob = token(home, "ann", "approve"), token(home, "bob", "view", "operate")
    first = home.ask("status", "--json").document["approvals"][0]["revision"]
    with network(home) as client:
        form = {"job": "paid", "revision": first}
        assert client.post("/actions/approve", data=form, headers=bearer(ann)).status_code == 303
        home.configure(job.format("two"))
        home.ask("jobs", "enable", "paid")
        page = client.get("/jobs/paid", headers=bearer(ann)).text
        revision = re.search(r'name="revision" value="([^"]+)"', page)
        assert revision is not None
        form = {"job": "paid", "revision": revision[1]}
        assert client.post("/actions/approve", data=form, headers=bearer(bob)).status_code == 403
        wrong = client.post("/actions/approve", data={**form, "revision": "0"}, headers=bearer(ann))
        assert wrong.status_code == 400
        assert client.post("/actions/approve", data=form, headers=bearer(ann)).status_code == 303
    given: v.ApprovalGiven = v.payload(home.entries("approval.given")[0])
    assert (given.person.name, given.person.by) == ("token:ann", "token")
    home.check()
