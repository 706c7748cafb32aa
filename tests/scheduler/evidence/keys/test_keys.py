"""Keys: made, kept for their owner alone, behind a command, rotated; and a ledger that goes on after a restore."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from pathlib import Path

import pytest

from eventstore.durable import REAL
from eventstore.proofs.errors import InvalidKey, InvalidNote
from eventstore.proofs.notes.note import VerifierKey, parse_note
from eventstore.proofs.notes.signing import Signer
from scheduler import vocabulary as v
from scheduler.evidence.keys.creation import HasKey, create_key
from scheduler.evidence.keys.errors import KeyUnusable
from scheduler.evidence.keys.exposure import exposure
from scheduler.evidence.keys.key_command import signature_by_command
from scheduler.evidence.keys.key_file import read_key
from scheduler.evidence.keys.origin import next_origin
from scheduler.evidence.settings import LedgerSettings, SigningKey
from scheduler.evidence.signing import rotation
from scheduler.evidence.signing.errors import NotAnExtension, OriginDiffers
from scheduler.evidence.signing.restore import continue_ledger
from scheduler.ledger.open import open_ledger
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.keyed_home import PERSON, KeyedHome

GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of golang.org/x/mod/sumdb/note, whose private key is published too."""


def _rotate(home: KeyedHome, vkey: str = "") -> VerifierKey:
    ledger = open_ledger(home.home, PERSON)
    with closing(ledger.store):
        return rotation.rotate_key(home.home, ledger, home.place, PERSON, None, vkey=vkey)


def _continue(home: KeyedHome, *witnessed: bytes) -> VerifierKey:
    ledger = open_ledger(home.home, PERSON)
    with closing(ledger.store):
        return continue_ledger(home.home, ledger, home.place, "restored", PERSON, None, witnessed)


def _agent(folder: Path, signer: Signer) -> tuple[str, ...]:
    """A command that signs, as an agent of another user would."""
    secret = folder / "agent-key"
    secret.write_text(signer.secret_text)
    script = (
        "import sys; from eventstore.proofs.notes.signing import Signer; "
        "sys.stdout.buffer.write(Signer.parse(open(sys.argv[1]).read()).sign(sys.stdin.read()).line.encode())"
    )
    return (sys.executable, "-c", script, str(secret))


def test_a_key_is_kept_for_its_owner_alone_and_never_replaced(tmp_path: Path) -> None:
    """The file is 0600 in a folder that is 0700; whatever stands in its place stays."""
    home = KeyedHome(tmp_path / "home")
    key = home.create_key()
    file = home.place.file
    assert file is not None
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert read_key(file).verifier_key == key
    assert exposure(home.place) == "jobs"
    with pytest.raises(HasKey):
        home.create_key()
    other = KeyedHome(tmp_path / "other")
    assert other.place.file is not None
    other.place.file.parent.mkdir()
    other.place.file.symlink_to(file)
    with pytest.raises(FileExistsError):
        other.create_key()
    assert other.entries(v.KeyCreated.TYPE) == []


def test_no_key_lies_in_the_folder_of_the_ledger(tmp_path: Path) -> None:
    """Whoever gets a copy of the ledger must not get its key."""
    home = KeyedHome(tmp_path / "home", LedgerSettings(key=SigningKey(file="var/../var/ledger/key")))
    with pytest.raises(KeyUnusable, match="every copy"):
        home.create_key()
    assert not (home.home.ledger / "key").exists()


def test_a_key_that_is_there_can_be_taken(tmp_path: Path) -> None:
    """A key that another tool has made signs under the name of the ledger."""
    home = KeyedHome(tmp_path / "home", LedgerSettings(origin="db1.example/jobs"))
    assert home.place.file is not None
    home.place.file.parent.mkdir()
    home.place.file.write_text(f"{GO_SECRET}\n")
    home.place.file.chmod(0o600)
    ledger = open_ledger(home.home, PERSON)
    with closing(ledger.store):
        key = create_key(ledger, home.place, home.settings, PERSON, None, existing=True)
    assert key.name == "db1.example/jobs"
    assert key.public_key == Signer.parse(GO_SECRET).verifier_key.public_key
    home.sign()
    assert home.check() == [2]


def test_a_command_signs_the_published_example(tmp_path: Path) -> None:
    """What a command is given and what it answers are text and signature line of the specification."""
    signed = signature_by_command(_agent(tmp_path, Signer.parse(GO_SECRET)), GO_TEXT)
    assert signed.line == GO_SIGNATURE


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 3", "exit code 3"),
        ("kill -9 $$", "by signal 9"),
        ("cat", "no signature line"),
        ("true", "no signature line"),
        ("yes", "more than"),
        ("sleep 60", "did not end"),
        ("exec >&-; sleep 60", "did not end"),
    ],
)
def test_a_command_that_does_not_sign_is_told(script: str, why: str) -> None:
    """Each way in which it fails ends in a time that is bounded, and in words."""
    with pytest.raises(KeyUnusable, match=why):
        signature_by_command(("/bin/sh", "-c", script), GO_TEXT, patience_s=0.3)
    with pytest.raises(KeyUnusable, match="cannot be started"):
        signature_by_command(("/nonexistent",), GO_TEXT)


def test_a_ledger_is_signed_by_a_command(tmp_path: Path) -> None:
    """The key is recorded after the command has shown that it has it; another signature is not taken."""
    signer = Signer("db1.example/jobs", bytes(32))
    settings = LedgerSettings(
        origin="db1.example/jobs", key=SigningKey(command=list(_agent(tmp_path, signer)))
    )
    home = KeyedHome(tmp_path / "home", settings)
    ledger = open_ledger(home.home, PERSON)
    with closing(ledger.store):
        for vkey in (Signer("db1.example/jobs", bytes(range(32))).verifier_key.text, ""):
            with pytest.raises(KeyUnusable):
                create_key(ledger, home.place, settings, PERSON, None, vkey=vkey)
        with pytest.raises(InvalidKey):
            create_key(
                ledger, home.place, settings, PERSON, None, vkey=Signer("x", bytes(32)).verifier_key.text
            )
        create_key(ledger, home.place, settings, PERSON, None, vkey=signer.verifier_key.text)
    home.sign()
    assert home.check() == [2]
    assert exposure(home.place) == "command"
    assert home.place.state.is_file()


def test_a_key_is_rotated_midway(tmp_path: Path) -> None:
    """Before and after are signed by different keys, of which the second is vouched for by the first."""
    home = KeyedHome(tmp_path / "home")
    first = home.create_key()
    home.sign()
    second = _rotate(home)
    home.sign()
    third = _rotate(home)
    home.record()
    home.sign()
    assert len({first, second, third}) == 3
    assert home.check() == [2, 4, 7]
    assert list(illegal_entries(home.entries())) == []
    assert not home.place.successor.exists()


def test_a_rotation_that_is_cut_off_is_brought_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the entry the next key is taken by the next rotation; behind it, by the next signing."""
    home = KeyedHome(tmp_path / "home")
    home.create_key()

    def cut_off(*_: object, **__: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "signed_note", cut_off)
        with pytest.raises(InterruptedError):
            _rotate(home)
    left = read_key(home.place.successor).verifier_key
    home.sign()
    with monkeypatch.context() as patch:
        patch.setattr(REAL, "rename", cut_off)
        with pytest.raises(InterruptedError):
            _rotate(home)
    assert v.payload(home.entries(v.KeyRotated.TYPE)[0]).vkey == left.text
    home.sign()
    assert home.place.file is not None
    assert read_key(home.place.file).verifier_key == left
    assert home.check() == [2, 4]


def test_a_restored_ledger_goes_on_under_another_name(tmp_path: Path) -> None:
    """The signer refuses it until a person says so; the entry holds the last checkpoint that others have."""
    home = KeyedHome(tmp_path / "home")
    first = home.create_key()
    home.sign()
    shutil.copytree(home.home.ledger, tmp_path / "backup")
    home.record(4)
    last = home.sign()
    assert last is not None
    shutil.rmtree(home.home.ledger)
    shutil.copytree(tmp_path / "backup", home.home.ledger)
    home.record()
    with pytest.raises(NotAnExtension):
        home.sign()
    with pytest.raises(InvalidNote):
        _continue(home, parse_note(last.kept.note.raw)._replace(text="other\n7\nAA==\n").raw)
    key = _continue(home, last.kept.note.raw)
    assert (key.name, key.public_key) == (f"{first.name}/2", first.public_key)
    home.sign()
    (entry,) = home.entries(v.LedgerContinued.TYPE)
    assert v.payload(entry).checkpoint == last.kept.note.raw.decode()
    assert home.check() == [2, 5]
    assert list(illegal_entries(home.entries())) == []
    again = KeyedHome(home.home.root, LedgerSettings(origin=first.name))
    again.record()
    again.sign()
    assert home.check() == [2, 5, 7]
    with pytest.raises(OriginDiffers):
        KeyedHome(home.home.root, LedgerSettings(origin=f"{first.name}/3")).sign()


def test_a_copy_from_before_it_went_on_is_refused(tmp_path: Path) -> None:
    """A signer that remembers the later name does not sign under the one before."""
    home = KeyedHome(tmp_path / "home")
    home.create_key()
    home.sign()
    shutil.copytree(home.home.ledger, tmp_path / "backup")
    _continue(home)
    home.sign()
    shutil.rmtree(home.home.ledger)
    shutil.copytree(tmp_path / "backup", home.home.ledger)
    home.record()
    with pytest.raises(OriginDiffers):
        home.sign()


def test_a_ledger_may_go_on_again_before_it_is_signed(tmp_path: Path) -> None:
    """And after a restore to a time before its key was rotated, by the key that there is."""
    home = KeyedHome(tmp_path / "home")
    first = home.create_key()
    home.sign()
    shutil.copytree(home.home.ledger, tmp_path / "backup")
    rotated = _rotate(home)
    newest = home.sign()
    assert newest is not None
    shutil.rmtree(home.home.ledger)
    shutil.copytree(tmp_path / "backup", home.home.ledger)
    home.record()
    with pytest.raises(NotAnExtension):
        home.sign()
    assert _continue(home, newest.kept.note.raw).public_key == rotated.public_key
    assert _continue(home).name == f"{first.name}/3"
    home.sign()
    assert home.check() == [2, 6]
    assert list(illegal_entries(home.entries())) == []


def test_names_are_counted() -> None:
    """A name goes on as its second, third and so on; the digits of an id are no such number."""
    assert [next_origin(each) for each in ("a", "a/2", "a/9", "a/19", f"cronledger/{'1' * 32}", "a/1")] == [
        "a/2", "a/3", "a/10", "a/20", f"cronledger/{'1' * 32}/2", "a/1/2",
    ]  # fmt: skip
