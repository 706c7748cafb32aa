"""The agent that keeps a key for somebody who is not trusted with it: what it signs, and what it remembers."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer, verify_note
from scheduler.evidence.keys.agent import NotSigned, sign_as_agent
from scheduler.evidence.keys.creation import create_key
from scheduler.evidence.keys.errors import KeyUnusable
from scheduler.evidence.keys.key_file import keep_key
from scheduler.evidence.settings import LedgerSettings, SigningKey
from scheduler.ledger.open import open_ledger
from tests.support.command import call
from tests.support.keyed_home import PERSON, KeyedHome

NAME = "db1.example/jobs"
SIGNER, OTHER = Signer(NAME, bytes(32)), Signer(NAME, bytes(range(32)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the agent has its key."""
    keep_key(tmp_path / "agent" / "key", SIGNER)
    return tmp_path / "agent" / "key"


def _text(size: int, origin: str = NAME, root: int = 0) -> str:
    return Checkpoint(origin, TreeHead(size, bytes([root]) * 32)).text


def test_it_signs_what_grows(file: Path) -> None:
    """The same one again too; and under a later name of the ledger it begins anew."""
    for text in (_text(3), _text(3), _text(7), _text(2, f"{NAME}/2")):
        note = Note(text, (sign_as_agent(file, text),))
        key = SIGNER.under(text.split("\n")[0]).verifier_key
        assert verify_note(note, [key]) == [key]
    assert sign_as_agent(file, f"{SIGNER.verifier_key.text}\n").name == NAME


def test_it_signs_nothing_else(file: Path) -> None:
    """Nothing smaller, no second one of a size, nothing of other logs, no other key, no free text."""
    sign_as_agent(file, _text(7))
    for text in (
        _text(6),
        _text(7, root=1),
        _text(9, "other"),
        _text(9, f"{NAME}/x"),
        f"{OTHER.verifier_key.text}\n",
        "free\n",
        "",
    ):
        with pytest.raises(NotSigned):
            sign_as_agent(file, text)
    assert sign_as_agent(file, f"{OTHER.verifier_key.text}\n", rotates=True).name == NAME
    file.with_name("key.signed").write_text("nonsense\n")
    with pytest.raises(KeyUnusable):
        sign_as_agent(file, _text(8))


def test_a_ledger_is_signed_by_the_agent(file: Path, tmp_path: Path) -> None:
    """As a command of the config, and as a program that says why it does not sign."""
    command = [sys.executable, "-m", "cli.main", "ledger", "key", "sign", str(file)]
    command[1:3] = ["-c", "from cli.main import main; main()"]
    settings = LedgerSettings(origin=NAME, key=SigningKey(command=command))
    home = KeyedHome(tmp_path / "home", settings)
    ledger = open_ledger(home.home, PERSON)
    with closing(ledger.store):
        create_key(ledger, home.place, settings, PERSON, None, vkey=SIGNER.verifier_key.text)
    home.sign()
    assert home.check() == [2]
    made = call("ledger", "key", "sign", str(tmp_path / "new"), "--new", NAME)
    assert (made.code, made.out.startswith(f"{NAME}+")) == (0, True)
    assert call("ledger", "key", "sign", str(tmp_path / "new"), "--new", NAME).code == 2
