"""`jobs approve`: what it shows, whom it refuses and why, and what every other command says of what is pending."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.rules.approvals.persons import Party
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.command import COMMAND, Answer, Screen, await_fact, call
from tests.support.home import LiveHome, entries_of, make_home, write_config

CONFIG = """\
jobs:
  nightly:
    command: 'echo "token $TOKEN"'
    schedule: "0 2 * * *"
    env: {{TOKEN: {token}}}
    approval: required
  other: {{command: echo o, every: 5m}}
"""
As = Callable[[Party], None]


@pytest.fixture
def acts_as(monkeypatch: pytest.MonkeyPatch) -> As:
    """Lets commands be those of somebody."""

    def become(party: Party) -> None:
        module = "cli.commands.jobs.requests.approve"
        monkeypatch.setattr(f"{module}.acting_party", lambda home, mark: party)
        monkeypatch.setattr(f"{module}.person", lambda: f"user:{party.name}@web1")
        monkeypatch.setattr(f"{module}.claims", lambda mark: None)

    return become


@pytest.fixture
def home(tmp_path: Path, acts_as: As) -> Home:
    """A home whose job was approved with the token `one`."""
    home = make_home(tmp_path, CONFIG.format(token="one"))
    assert call("jobs", "enable", "other", home=home.root).code == 0
    acts_as(Party("bob"))
    assert approve(home, revision_of(home)).code == 0
    return home


def revision_of(home: Home) -> str:
    """By which word what is pending is approved."""
    (pending,) = call("status", "--json", home=home.root).document["approvals"]
    return str(pending["revision"] or "removal")


def printed_by_run(home: Home) -> str:
    """What the job prints when it is run by hand."""
    assert call("jobs", "run", "nightly", home=home.root).code == 0
    outputs = home.logs.glob("output/*/*.stdout")
    return max(outputs, key=lambda path: int(path.name.partition("-")[0])).read_text()


def approve(home: Home, revision: str, *more: str) -> Answer:
    """The command, told what is meant."""
    return call("jobs", "approve", "nightly", "--revision", revision, *more, home=home.root)


def test_a_first_definition_is_not_there_before_it_is_approved(tmp_path: Path, acts_as: As) -> None:
    """Every command that is asked about the job says why."""
    home = make_home(tmp_path, CONFIG.format(token="one"))
    waits = "error: job nightly is not in force: its definition waits for approval\n"
    for command in (("jobs", "run"), ("jobs", "show"), ("jobs", "why"), ("jobs", "disable")):
        answer = call(*command, "nightly", home=home.root)
        assert (answer.code, answer.out) == (2, ""), command
        assert answer.err.startswith(waits), command
        assert "`cronledger jobs approve nightly` shows it." in answer.err
    assert "a new job: every day at 02:00 (0 2 * * *) waits for approval" in call("check", home=home.root).err
    acts_as(Party("bob"))
    assert (
        approve(home, revision_of(home), "--reason", "as planned").out
        == "nightly: approved, and in force (entry 4)\n"
    )
    given = next(entry for entry in entries_of(home.root) if entry.type == v.ApprovalGiven.TYPE)
    assert v.payload(given).reason == "as planned"
    assert call("jobs", "show", "nightly", home=home.root).code == 0
    assert not list(illegal_entries(entries_of(home.root)))


def test_runs_have_the_environment_in_force(home: Home) -> None:
    """The config has another one already; what is kept is private."""
    write_config(home.root, CONFIG.format(token="two"))
    assert printed_by_run(home) == "token one\n"
    (kept,) = home.environments.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert approve(home, revision_of(home)).code == 0
    assert printed_by_run(home) == "token two\n"


def test_secrets_in_force_are_masked(home: Home) -> None:
    """Though the config, and the copy of it, have other ones: wherever output leaves the captured files."""
    write_config(home.root, CONFIG.format(token="tw0-secret"))
    assert approve(home, revision_of(home)).code == 0
    write_config(home.root, CONFIG.format(token="three"))
    assert printed_by_run(home) == "token tw0-secret\n"
    shown = call("logs", "view", "--job", "nightly", home=home.root).out
    assert "token ***" in shown
    assert "tw0-secret" not in shown
    run = max(entry.run or 0 for entry in entries_of(home.root))
    assert LiveHome(home.root).run("logs", "show", str(run)).out == "token ***\n"


def test_an_environment_that_is_not_known_any_more_starts_nothing(home: Home) -> None:
    """Neither with the new one nor without any."""
    write_config(home.root, CONFIG.format(token="two"))
    assert call("jobs", "disable", "other", home=home.root).code == 0
    shutil.rmtree(home.environments)
    answer = call("jobs", "run", "nightly", home=home.root)
    assert answer.code == 1
    assert not list(home.logs.glob("output/*/*.stdout"))
    end = v.payload(next(entry for entry in entries_of(home.root) if entry.type == v.RunFinished.TYPE))
    assert (
        end.error
        == "it could not be started: what its env was before the edit that waits for approval is not known"
    )


def test_every_view_says_what_is_pending(home: Home) -> None:
    """Who asked, what would change, and how to look at it."""
    write_config(home.root, CONFIG.format(token="one").replace("0 2 * *", "0 3 * *"))
    owner = pwd.getpwuid(os.getuid()).pw_name
    told = f"a change of schedule waits for approval by a second person, asked for by the config, a file of {owner}"
    for command in (
        ("status",),
        ("jobs", "list"),
        ("jobs", "show", "nightly"),
        ("jobs", "why", "nightly"),
        ("check",),
    ):
        answer = call(*command, home=home.root)
        assert told in answer.out + answer.err, command
    shown = call("jobs", "show", "nightly", home=home.root).out
    assert "0 2 * * * -> 0 3 * * *" in shown
    assert call("jobs", "enable", "other", home=home.root).code == 0
    assert "in force but for what waits for approval" in call("status", home=home.root).out
    assert "a change waits for approval" in call("jobs", "list", home=home.root).out
    for command in (("jobs", "show", "nightly"), ("jobs", "why", "nightly")):
        pending = call(*command, "--json", home=home.root).document["pending_change"]
        assert (pending["kind"], pending["changed"]) == ("changed", ["schedule"])
        assert pending["person"] == {"name": owner, "by": "file"}
    (pending,) = call("check", "--json", home=home.root).document["approvals"]
    assert pending["job"] == "nightly"


def test_nobody_approves_unseen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, or any standard input, the revision has to be named, and be the one that is pending."""
    write_config(home.root, CONFIG.format(token="two"))
    answer = call("jobs", "approve", "nightly", home=home.root)
    assert answer.code == 1
    assert "env.TOKEN" in answer.out
    revision = revision_of(home)
    assert f"`--revision {revision}` says that you mean what is shown above" in answer.err
    monkeypatch.setattr("sys.stdin", None)
    closed = call("jobs", "approve", "nightly", home=home.root)
    assert (closed.code, closed.out, closed.err) == (answer.code, answer.out, answer.err)
    write_config(home.root, CONFIG.format(token="three"))
    answer = approve(home, revision)
    assert answer.code == 1
    assert f"not {revision}" in answer.err
    assert call("jobs", "approve", "other", home=home.root).err.startswith(
        "error: nothing is pending for other\n"
    )


def test_at_a_terminal_it_shows_and_asks(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes is shown key by key; no is no, and yes means what was shown."""
    write_config(home.root, CONFIG.format(token="one").replace("0 2 * *", "0 3 * *"))
    for word, code in (("n", 1), ("y", 0)):
        typed = Screen(f"{word}\n")
        monkeypatch.setattr("sys.stdin", typed)
        answer = call("jobs", "approve", "nightly", home=home.root)
        assert answer.code == code, answer.err
        (row,) = [line.split() for line in answer.out.splitlines() if line.startswith("schedule ")]
        assert " ".join(row) == "schedule 0 2 * * * 0 3 * * *"
        assert "Approve this? [y/N]: " in answer.out
    assert answer.out.endswith("nightly: approved, and in force (entry 8)\n")


def test_what_changes_while_it_asks_is_not_approved(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another edit comes in between, or another person."""
    write_config(home.root, CONFIG.format(token="two"))
    revision = revision_of(home)
    monkeypatch.setattr("sys.stdin", Screen())

    def meanwhile(question: str, default: bool) -> bool:
        assert approve(home, revision).code == 0
        return True

    monkeypatch.setattr("click.confirm", meanwhile)
    answer = call("jobs", "approve", "nightly", home=home.root)
    assert answer.code == 1
    assert "what was pending for nightly has changed meanwhile" in answer.err
    assert len([entry for entry in entries_of(home.root) if entry.type == v.ApprovalGiven.TYPE]) == 2


@pytest.mark.parametrize(
    ("party", "why"),
    [
        (Party("root", is_root=True), "root approves nothing, for root can be anybody"),
        (Party("bob", in_job=True), "a job's process can neither ask for a change nor approve one"),
        (
            Party("bob", claimed=["OWNER"]),
            "OWNER asked for the change, and as far as can be told that is you",
        ),
        (
            Party("OWNER"),
            "the config is a file of OWNER, and you act as OWNER: who edited it may have been you",
        ),
        (Party("OWNER", "bob"), "the config is a file of OWNER, and you act as OWNER"),
    ],
)
def test_who_may_not_is_told_why(
    home: Home, acts_as: As, monkeypatch: pytest.MonkeyPatch, party: Party, why: str
) -> None:
    """And nothing is recorded but that the edit waits."""
    monkeypatch.setattr("scheduler.configuration.trust.user_name", lambda uid: "svc")
    write_config(home.root, CONFIG.format(token="two"))
    revision = revision_of(home)
    named = [each.replace("OWNER", "svc") for each in (party.name, why)]
    acts_as(party._replace(name=named[0], claimed=[each.replace("OWNER", "svc") for each in party.claimed]))
    answer = approve(home, revision)
    assert answer.code == 2
    assert named[1] in " ".join(answer.err.split())
    assert entries_of(home.root)[-1].type == v.ConfigAccepted.TYPE


@pytest.mark.parametrize(
    ("owner", "checked", "helps"),
    [
        (0, "This home is root's: nobody else acts in it", "This home is root's: nobody else acts in it"),
        (
            4711,
            "`cronledger jobs approve nightly` shows it.",
            "`sudo -u '#4711' cronledger --home HOME jobs approve nightly`",
        ),
    ],
)
def test_who_could_approve_is_told(
    home: Home, acts_as: As, monkeypatch: pytest.MonkeyPatch, owner: int, checked: str, helps: str
) -> None:
    """By `check`, and to root: the home's owner by name; where that is root, nobody."""
    for module in ("cli.words.approval_words", "cli.commands.jobs.requests.approve"):
        monkeypatch.setattr(f"{module}.owner_or_self", lambda home: owner)
    write_config(home.root, CONFIG.format(token="two"))
    assert checked in call("check", home=home.root).err
    acts_as(Party("root", is_root=True))
    assert helps.replace("HOME", str(home.root)) in " ".join(approve(home, revision_of(home)).err.split())


def test_two_logins_of_one_account(home: Home, acts_as: As, monkeypatch: pytest.MonkeyPatch) -> None:
    """One asks, the other approves; neither can do both."""
    monkeypatch.setattr("scheduler.configuration.trust.user_name", lambda uid: "svc")
    write_config(home.root, CONFIG.format(token="two"))
    revision = revision_of(home)
    acts_as(Party("svc", "ann"))
    refused = approve(home, revision)
    assert "`cronledger jobs approve NAME --request`" in refused.err
    asked = approve(home, revision, "--request")
    assert asked.out.startswith("nightly: asked for; another person can approve it now")
    assert "asked for by user:svc@web1, who is ann by login" in call("status", home=home.root).out
    assert "ann asked for the change" in approve(home, revision).err
    acts_as(Party("svc"))
    assert "two people cannot be told apart by that" in " ".join(approve(home, revision).err.split())
    acts_as(Party("svc", "bob"))
    assert approve(home, revision).code == 0
    assert not list(illegal_entries(entries_of(home.root)))


def test_a_rejection_stays_until_a_person_asks_again(home: Home) -> None:
    """What is in force stays so."""
    write_config(home.root, CONFIG.format(token="two"))
    revision = revision_of(home)
    answer = approve(home, revision, "--reject", "--reason", "not now")
    assert answer.out.startswith("nightly: rejected; what is in force stays so")
    for command in ("status", "check"):
        told = call(command, "--json", home=home.root).document
        (rejected,) = told["rejected"]
        assert (told["approvals"], rejected["job"], rejected["rejected_by"]) == (
            [],
            "nightly",
            "user:bob@web1",
        )
    assert "was rejected by user:bob@web1" in call("jobs", "show", "nightly", home=home.root).out
    status, listed, checked = (
        call(*words, home=home.root) for words in (["status"], ["jobs", "list"], ["check"])
    )
    assert ", in force but for what was rejected" in status.out
    for told in (status.out, listed.err, checked.err):
        assert "was rejected by user:bob@web1" in " ".join(told.split())
    planned = call("plan", home=home.root).out
    assert "on record already. 1 was rejected." in " ".join(planned.split())
    assert "second person." not in planned
    refused = approve(home, revision)
    assert "was rejected by entry" in refused.err
    assert "`cronledger jobs approve nightly --request`" in refused.err
    assert "exclude each other" in approve(home, revision, "--request", "--reject").err


def test_a_removal_waits(home: Home) -> None:
    """Its revision is a word."""
    write_config(home.root, "jobs:\n  other: {command: echo o, every: 5m}\n")
    assert printed_by_run(home) == "token one\n"
    assert approve(home, "removal").code == 0
    assert "no longer in the config" in call("jobs", "show", "nightly", home=home.root).err


@pytest.mark.long
def test_a_scheduler_starts_what_is_in_force(home: Home, acts_as: As) -> None:
    """It sees the edit, lets it wait, and takes it up when it is approved, each with its environment."""
    live = LiveHome(home.root)
    with live.served():
        write_config(home.root, CONFIG.format(token="two"))
        live.await_entry(v.ApprovalRequested.TYPE, 2)
        assert printed_by_run(home) == "token one\n"
        acts_as(Party("bob"))
        assert approve(home, revision_of(home)).code == 0
        assert printed_by_run(home) == "token two\n"
        write_config(home.root, CONFIG.format(token="three"))
        live.await_entry(v.ApprovalRequested.TYPE, 3)
        assert printed_by_run(home) == "token two\n"
    assert not list(illegal_entries(entries_of(home.root)))


@pytest.mark.long
@pytest.mark.parametrize("leave", ["", "env -i PATH=$PATH setsid "], ids=["as it is", "leaving its run"])
def test_no_job_approves_anything(home: Home, leave: str) -> None:
    """Neither as it is started, nor after it threw away what it carries and left its session."""
    sly = home.root / "sly.sh"
    sly.write_text(
        f"{leave}{COMMAND} --home {home.root} jobs approve nightly --revision removal > said 2>&1 &\n"
    )
    job = f"  sly: {{command: [/bin/sh, {sly}], on_demand: true}}\n"
    write_config(home.root, CONFIG.format(token="one") + job)
    live = LiveHome(home.root)
    with live.served():
        write_config(home.root, "jobs:\n" + job)
        live.await_entry(v.ApprovalRequested.TYPE, 2)
        assert call("jobs", "run", "sly", home=home.root).code == 0
        said = home.root / "said"
        await_fact(lambda: said.exists() and "error" in said.read_text())
    assert said.read_text() == (
        "error: a job's process can neither ask for a change nor approve one: nightly\n"
    )
    assert len(live.entries(v.ApprovalGiven.TYPE)) == 1
