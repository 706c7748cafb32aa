"""A home has an owner: root acts as that user, and others read at most."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.journal import Journal
from eventstore.ledger_reader import LedgerReader
from scheduler import vocabulary as v
from scheduler.entry_members import Person
from scheduler.home import Home
from tests.support.command import DEADLINE_S, Answer
from tests.support.home import make_home

OWNER, OTHER = 65_534, 65_533
ANN, BOB = 65_501, 65_502
"""Login uids."""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")

_PROGRAM = """
import json, os, sys, zoneinfo
from cli.app import home_owner
from tests.support.command import call
home_owner.unreadable_part = lambda: ""  # the interpreter may stand in a folder that is root's alone
root, warm, uid, login, *arguments = sys.argv[1:]
from pathlib import Path
import scheduler.configuration.document, unicodedata  # what is imported later cannot be read any more
call(*arguments, home=Path(warm))
if int(login):
    try:
        with open("/proc/self/loginuid", "w") as file:
            file.write(login)
    except OSError as problem:
        print(json.dumps([1, "", f"loginuid: {problem}"])); sys.exit()
    if child := os.fork():  # as PAM does: a process of root logs somebody in, and stays
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
if int(uid):
    os.setgroups([]); os.setresgid(int(uid), int(uid), int(uid)); os.setresuid(int(uid), int(uid), int(uid))
answer = call(*arguments, home=Path(root))
print(json.dumps([answer.code, answer.out, answer.err]))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o755)
        yield Path(made)


@pytest.fixture
def home(place: Path) -> Home:
    """A home of a service user, with a ledger."""
    home = make_home(place / "home")
    with Journal.open(home.ledger, software="test"):
        pass
    give(home, OWNER)
    return home


def give(home: Home, uid: int) -> None:
    """Make everything in a home that user's."""
    for path in (home.root, *home.root.rglob("*")):
        os.chown(path, uid, uid)


def called_by(uid: int, home: Home, *arguments: str, login: int = 0) -> Answer:
    """Have a user call the command, whose login uid is another one."""
    warm = make_home(Path(tempfile.mkdtemp(dir=home.root.parent)), home.config.read_text())
    command = [
        sys.executable,
        "-c",
        _PROGRAM,
        str(home.root),
        str(warm.root),
        str(uid),
        str(login),
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    assert done.returncode == 0, done.stderr
    code, out, err = json.loads(done.stdout.splitlines()[-1])
    return Answer(code, out.encode(), err.encode())


def owners(home: Home) -> set[int]:
    """Whose the files of a home are."""
    return {path.lstat().st_uid for path in home.root.rglob("*")}


@pytest.mark.parametrize(
    "arguments", [("jobs", "disable", "nightly"), ("jobs", "run", "nightly"), ("logs", "view")]
)
def test_what_root_makes_is_the_owners(home: Home, arguments: tuple[str, ...]) -> None:
    """The service can go on with it, and the ledger says that it was root."""
    answer = called_by(0, home, *arguments)
    assert answer.code == 0, answer.err
    assert owners(home) == {OWNER}
    with LedgerReader.open(home.ledger) as journal:
        actors = {entry.actor.partition("@")[0] for entry in journal.read(1)}
    assert "user:nobody" not in actors
    assert arguments[0] == "logs" or "user:root" in actors


def test_a_command_of_the_owner_is_not_run_as_root(home: Home) -> None:
    """A job runs as the owner, whoever asked for it."""
    home.config.write_text("jobs:\n  nightly:\n    command: id -u\n    every: 1h\n    timezone: UTC\n")
    answer = called_by(0, home, "jobs", "run", "nightly")
    (written,) = home.logs.glob("output/*/*.stdout")
    assert (answer.code, written.read_text()) == (0, f"{OWNER}\n")


def test_a_link_of_the_owner_does_not_lead_root_elsewhere(home: Home, place: Path) -> None:
    """Where the owner may not write, root as the owner may not either."""
    (place / "roots").mkdir()
    home.logs.symlink_to(place / "roots")
    called_by(0, home, "jobs", "run", "nightly")
    assert list((place / "roots").iterdir()) == []


def test_another_user_reads_and_leaves_no_trace(home: Home) -> None:
    """Who may read the files gets answers."""
    for path in (home.root, *home.root.rglob("*")):
        path.chmod(path.stat().st_mode | 0o044 | (0o011 if path.is_dir() else 0))
    before = sorted(home.root.rglob("*"))
    for arguments in (
        ("jobs", "list"),
        ("status",),
        ("sql", "SELECT count(*) FROM events"),
        ("ledger", "verify"),
    ):
        answer = called_by(OTHER, home, *arguments)
        assert answer.code == 0, answer.err
    assert sorted(home.root.rglob("*")) == before


def test_another_user_who_would_write_is_told_what_is_right(home: Home) -> None:
    """Nothing is tried; the command can be pasted."""
    home.root.chmod(0o777)
    answer = called_by(OTHER, home, "jobs", "disable", "nightly")
    assert answer.code == 2
    assert "belongs to" in answer.err
    assert f"sudo -u nobody cronledger --home {home.root} jobs disable nightly" in " ".join(
        answer.err.split()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("jobs", "disable", "nightly"),
        ("console", "--listen", "unix:/no/folder"),
        ("console", "token", "list"),
    ],
)
def test_an_owner_who_cannot_read_the_program_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """Root does not go on as root; what is in the way is said."""
    from cli.app import home_owner
    from tests.support.command import call

    monkeypatch.setattr(home_owner, "unreadable_part", lambda: "/root/python")
    monkeypatch.setattr(os, "initgroups", lambda name, group: None)
    monkeypatch.setattr(os, "setegid", lambda group: None)
    answer = call(*arguments, home=home.root)
    assert answer.code == 2
    assert "cannot read /root/python" in " ".join(answer.err.split())
    assert owners(home) == {OWNER}


def test_the_kernel_tells_the_configs_owner_from_who_approves(home: Home) -> None:
    """The config is root's: so root asked for what it says, and the home's owner can approve it; root cannot."""
    jobs = "jobs:\n  a: {{every: 1h, command: echo {}, approval: required}}\n  b: {{every: 1h, command: echo b}}\n"
    home.config.write_text(jobs.format(1))
    os.chown(home.config, 0, 0)
    approve = ("jobs", "approve", "a", "--revision", _requested(home, Person(name="root", by="file")))
    refused = called_by(0, home, *approve)
    assert refused.code == 2
    assert "root approves nothing" in refused.err
    answer = called_by(OWNER, home, *approve)
    assert answer.code == 0, answer.err
    home.config.write_text(jobs.format(2))
    os.chown(home.config, OWNER, OWNER)
    refused = called_by(OWNER, home, *approve[:-1], _requested(home, Person(name="nobody", by="file")))
    assert refused.code == 2
    assert "who edited it may have been you" in " ".join(refused.err.split())


def test_two_logins_of_the_owner_are_two_people(home: Home) -> None:
    """One asks, the other approves, both as the home's owner; who asked cannot, nor a process of no login."""
    home.config.write_text(
        "jobs:\n  a: {every: 1h, command: echo a, approval: required}\n  b: {every: 1h, command: echo b}\n"
    )
    os.chown(home.config, OWNER, OWNER)
    approve = ("jobs", "approve", "a", "--revision", _requested(home, Person(name="nobody", by="file")))
    asked = called_by(OWNER, home, *approve, "--request", login=ANN)
    if "loginuid" in asked.err:
        pytest.skip(f"this kernel lets nobody log in: {asked.err}")
    assert asked.code == 0, asked.err
    for login, why in ((ANN, f"{ANN} asked for the change"), (0, "two people cannot be told apart")):
        refused = called_by(OWNER, home, *approve, login=login)
        assert refused.code == 2
        assert why in " ".join(refused.err.split())
    done = called_by(OWNER, home, *approve, login=BOB)
    assert done.code == 0, done.err
    with LedgerReader.open(home.ledger) as journal:
        (given,) = [entry for entry in journal.read(0) if entry.type == v.ApprovalGiven.TYPE]
    assert v.payload(given).person == Person(name=str(BOB), by="login")
    said = v.payload(given).claims
    assert (said.login, said.uid, said.login_uid) == (str(BOB), OWNER, BOB)


def _requested(home: Home, person: Person) -> str:
    """The revision that waits, once some command has recorded it, as asked for by this person."""
    assert called_by(OWNER, home, "jobs", "disable", "b").code == 0
    with LedgerReader.open(home.ledger) as journal:
        found = [v.payload(entry) for entry in journal.read(0) if entry.type == v.ApprovalRequested.TYPE]
    assert found[-1].person == person
    return str(found[-1].revision)
