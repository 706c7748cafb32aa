"""What waits, where people look: runs are stopped in their rows, changes approved, asked for and withdrawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from scheduler import vocabulary as v
from tests.support.console import Page, console
from tests.support.console_network import bearer, network, token
from tests.support.home import LiveHome
from tests.support.ledger import Writer

PAID = "jobs:\n  paid: {{command: 'echo {0}', schedule: '0 6 28 * *', approval: required}}\n"


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A job whose first definition waits for approval."""
    home = LiveHome(tmp_path)
    home.configure(PAID.format("<b>one</b>"))
    home.ask("jobs", "disable", "paid")  # that it waits is on record now
    return home


def actions_on(client: TestClient, address: str, secret: str) -> set[str]:
    """The actions whose forms stand on a page."""
    return set(re.findall(r'action="/actions/(\w+)"', client.get(address, headers=bearer(secret)).text))


def revision_on(client: TestClient, secret: str) -> str:
    """The revision in the forms of the job's page."""
    found = re.search(
        r'name="revision" value="([^"]+)"', client.get("/jobs/paid", headers=bearer(secret)).text
    )
    assert found is not None
    return found[1]


def test_a_job_of_which_nothing_is_in_force_has_a_page(home: LiveHome) -> None:
    """It says what it would be and who asked, lets somebody approve it who may, and is the job's page afterwards."""
    view, ann = token(home, "joe", "view"), token(home, "ann", "approve")
    asked = home.entries("approval.requested")[0].seq
    with network(home) as client:
        source = client.get("/jobs/paid", headers=bearer(view)).text
        page = Page(source)
        assert "waits for approval: nothing of it is in force" in page.text
        assert "echo <b>one</b>" in page.text
        assert "<b>one" not in source
        assert (f"/ledger/entries/{asked}", f"#{asked}") in page.links
        assert ("/jobs/paid", "paid") in Page(client.get("/jobs", headers=bearer(view)).text).links
        assert client.get("/jobs/piad", headers=bearer(view)).status_code == 404
        assert actions_on(client, "/jobs/paid", view) == set()
        for address in ("/jobs/paid", "/"):
            assert actions_on(client, address, ann) == {"approve", "reject"}
        form = {"job": "paid", "revision": revision_on(client, ann)}
        assert client.post("/actions/approve", data=form, headers=bearer(ann)).status_code == 303
        assert "Settings in force" in client.get("/jobs/paid", headers=bearer(view)).text
        past = client.get(f"/as-of/{asked}/jobs/paid", headers=bearer(ann)).text
        assert ("nothing of it is in force" in past, "/actions/" in past) == (True, False)
    home.check()


def test_who_asked_may_withdraw_and_not_approve(home: LiveHome) -> None:
    """Somebody says to want what an edit asks for: that person withdraws it, another one approves it."""
    secret = {name: token(home, name, "operate", "approve") for name in ("ann", "bob")}
    only = token(home, "carl", "operate")
    with network(home) as client:
        form = {"job": "paid", "revision": revision_on(client, only)}
        assert actions_on(client, "/jobs/paid", only) == {"ask"}
        refused = client.post("/actions/withdraw", data=form, headers=bearer(only))
        assert (refused.status_code, "it was not you who asked" in refused.text) == (400, True)
        assert client.post("/actions/ask", data=form, headers=bearer(only)).status_code == 303
        assert actions_on(client, "/jobs/paid", only) == {"withdraw"}
        assert actions_on(client, "/jobs/paid", secret["ann"]) == {"approve", "reject"}
        assert client.post("/actions/withdraw", data=form, headers=bearer(only)).status_code == 303
        assert home.entries("approval.withdrawn")[-1].actor == "token:carl"
        # What was rejected is pending again when somebody says so.
        assert actions_on(client, "/jobs/paid", secret["ann"]) == {"ask"}
        assert client.post("/actions/ask", data=form, headers=bearer(secret["ann"])).status_code == 303
        page = client.get("/", headers=bearer(secret["ann"])).text
        assert "token:ann asked for the change" in Page(page).text
        assert actions_on(client, "/", secret["ann"]) == {"withdraw"}
        assert actions_on(client, "/", secret["bob"]) == {"approve", "reject"}
        assert client.post("/actions/approve", data=form, headers=bearer(secret["bob"])).status_code == 303
    given: v.ApprovalGiven = v.payload(home.entries("approval.given")[0])
    assert given.person.name == "token:bob"
    home.check()


def test_people_behind_a_proxy_withdraw_nothing_of_each_other(home: LiveHome) -> None:
    """They share a user: who of them asked is not known."""
    with network(home, proxies=frozenset(["192.0.2.1"]), proxy_roles=frozenset({"operate"})) as client:
        ann, bob = {"X-Forwarded-User": "ann"}, {"X-Forwarded-User": "bob"}
        revision = re.search(r'name="revision" value="([^"]+)"', client.get("/jobs/paid", headers=ann).text)
        assert revision is not None
        form = {"job": "paid", "revision": revision[1]}
        assert client.post("/actions/ask", data=form, headers=ann).status_code == 303
        assert client.post("/actions/withdraw", data=form, headers=bob).status_code == 400
    assert home.entries("approval.withdrawn") == []


def test_runs_are_stopped_in_their_rows(tmp_path: Path) -> None:
    """Each run that has not ended has its form on the pages of now and of runs; once it was asked to stop, none."""
    writer = Writer(tmp_path)
    writer.define("backup")
    going, waiting, stopped, ended = (writer.tick("backup") for _ in range(4))
    writer.start("backup", going)
    writer.record(v.RunCancelRequested(), "backup", stopped, "user:ann@here")
    writer.start("backup", ended)
    writer.finish("backup", ended)
    writer.close()
    with console(writer.home) as client:
        for address in ("/runs", "/"):
            source = client.get(address).text
            forms = re.findall(r'action="/actions/cancel".*?name="run" value="(\d+)"', source, re.DOTALL)
            assert {int(run) for run in forms} == {going, waiting}, address
            ids = re.findall(r' id="([^"]+)"', source)
            assert len(ids) == len(set(ids)), address
            assert "/actions/" not in client.get(f"/as-of/{ended}{address}").text
        answer = client.post("/actions/cancel", data={"run": str(waiting), "reason": "enough"})
        assert f"run {waiting}" in Page(answer.text).text
