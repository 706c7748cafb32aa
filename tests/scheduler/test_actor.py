"""The actor is the real user; what a process merely says about the person stands beside it as a claim."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest

from eventstore.store import Entry
from scheduler.entry_members import Claims
from scheduler.ownership import actor
from scheduler.ownership.login import Login
from scheduler.wording.causes import claimed_actor_words
from scheduler.wording.entries import sentence

LEDGER_ID = "3f2b8c1d9e4a4b7f8a6c5d4e3f2a1b0c"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of which nothing is said."""
    for name in ("SUDO_USER", "SUDO_UID", "CRONLEDGER_RUN", "CRONLEDGER_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(actor, "login_of", lambda: None)


def test_the_name_is_that_of_the_real_uid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither sudo's variables nor a login uid change it."""
    monkeypatch.setenv("SUDO_UID", "65534")
    monkeypatch.setenv("SUDO_USER", "ann")
    monkeypatch.setattr(actor, "login_of", lambda: Login(2_000_000_123, 7))
    assert actor.person().startswith(f"user:{pwd.getpwuid(os.getuid()).pw_name}@")
    assert actor.claims(LEDGER_ID) == Claims(
        login="2000000123", sudo="ann", uid=os.getuid(), login_uid=2_000_000_123, session=7
    )


def test_what_says_nothing_new_is_no_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """The login of who logged in as themselves is not worth a word: it stands there as the kernel's numbers."""
    assert actor.claims(LEDGER_ID) == Claims(uid=os.getuid())
    uid = os.getuid()
    monkeypatch.setattr(actor, "login_of", lambda: Login(uid, 3))
    said = actor.claims(LEDGER_ID)
    assert said == Claims(uid=uid, login_uid=uid, session=3)
    assert claimed_actor_words("user:svc@web1", said) == "user:svc@web1"


def test_a_variable_of_any_bytes_is_a_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be recorded, and is not longer than a name."""
    monkeypatch.setenv("SUDO_USER", os.fsdecode(b"a\xff" + b"x" * 500))
    said = actor.claims(LEDGER_ID)
    assert said.sudo.startswith("a\\xffx")
    assert len(said.sudo.encode()) < 200


def test_a_command_typed_by_a_run_names_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of this ledger; a run of another one is none."""
    monkeypatch.setenv("CRONLEDGER_RUN", "17")
    monkeypatch.setenv("CRONLEDGER_LEDGER", "another")
    assert actor.claims(LEDGER_ID) == Claims(uid=os.getuid())
    monkeypatch.setenv("CRONLEDGER_LEDGER", LEDGER_ID)
    assert actor.claims(LEDGER_ID) == Claims(run=17, uid=os.getuid())


def test_so_does_one_that_threw_its_environment_away() -> None:
    """A parent still carries it."""
    program = (
        "import os, subprocess, sys\n"
        "inner = 'from scheduler.ownership import actor; print(actor.claims(sys.argv[1]).run)'\n"
        "done = subprocess.run([sys.executable, '-c', 'import sys; ' + inner, sys.argv[1]],"
        " env={'PYTHONPATH': os.environ['PYTHONPATH']})\n"
        "sys.exit(done.returncode)\n"
    )
    carried = {"CRONLEDGER_LEDGER": LEDGER_ID, "CRONLEDGER_RUN": "17", "CRONLEDGER_ATTEMPT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, LEDGER_ID],
        env={**os.environ, **carried, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "17\n"


def test_claims_are_shown_as_claims() -> None:
    """Beside the name, in the words of who says so."""
    assert claimed_actor_words("user:svc@web1", Claims(sudo="ann")) == "user:svc@web1, says ann through sudo"
    both = claimed_actor_words("user:svc@web1", Claims(sudo="ann", login="bob", run=17))
    assert both == "user:svc@web1, says ann through sudo, bob by login, in run 17"
    entry = Entry(
        seq=9,
        time=datetime(2026, 11, 23, tzinfo=UTC),
        type="job.disabled",
        actor="user:svc@web1",
        job="nightly",
        run=None,
        data=msgspec.Raw(b'{"claims":{"sudo":"ann"}}'),
        durable=9,
        prev="0" * 64,
        hash="0" * 64,
    )
    assert "by user:svc@web1, says ann through sudo" in sentence(entry)
