"""The signer: what it signs, what it refuses, and what a crash at any step leaves."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from eventstore.commit import Fsync
from eventstore.durable import REAL
from eventstore.errors import Conflict, Corrupt
from eventstore.head import durable_entries
from eventstore.journal import Journal
from eventstore.kept_sizes import checkpoint_path
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer
from scheduler import vocabulary as v
from scheduler.evidence.keys.errors import KeyMissing, KeyUnusable, NoLedgerKey
from scheduler.evidence.settings import LedgerSettings
from scheduler.evidence.signing import signer
from scheduler.evidence.signing.errors import (
    KeptUnusable,
    NotAnExtension,
    OriginDiffers,
    SigningRefused,
    StateUnusable,
)
from scheduler.evidence.signing.memory import Memory
from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.keyed_home import KeyedHome

STEPS = ("write_state", "signed_note", "keep", "_record")
"""The steps of a signing, in their order."""
EMPTY_ROOT = b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.fixture
def signed(tmp_path: Path) -> KeyedHome:
    """A home with a key, whose first entries are signed."""
    home = KeyedHome(tmp_path / "home")
    home.create_key()
    home.record(3)
    home.sign()
    return home


def test_what_is_signed_is_what_stands_on_disk(signed: KeyedHome) -> None:
    """Note, entry and lines agree; a checkpoint covers the entry of the one before, which makes none due."""
    assert signed.check() == [5]
    again = signed.sign()
    assert again is not None
    assert (again.is_new, again.kept.size) == (False, 5)
    signed.record(2)
    new = signed.sign()
    assert new is not None
    assert (new.is_new, new.kept.size) == (True, 8)
    assert signed.check() == [5, 8]
    assert list(illegal_entries(signed.entries())) == []
    assert new.kept.checkpoint.origin == f"cronledger/{v.payload(signed.entries()[0]).ledger}"


def _killed(step: str, *, before: bool, signed: KeyedHome) -> None:
    """Have a process sign that is killed right before or right behind a step."""
    pid = os.fork()
    if pid == 0:
        where = kept_checkpoints if step == "keep" else signer
        real = getattr(where, step)

        def dying(*args: object, **more: object) -> None:
            if not before:
                real(*args, **more)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(where, step, dying)
        signed.sign()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("step", STEPS)
def test_a_signer_that_is_killed_never_signs_two_trees(signed: KeyedHome, step: str, before: bool) -> None:
    """Whatever a crash leaves, the next signing goes on from it, and each checkpoint that was kept is on record."""
    signed.record()
    _killed(step, before=before, signed=signed)
    signed.record()
    found = signed.sign()
    assert found is not None
    assert found.is_new
    sizes = signed.check()
    assert [v.payload(each).size for each in signed.entries(v.CheckpointSigned.TYPE)] == sizes
    assert list(illegal_entries(signed.entries())) == []


@pytest.mark.parametrize("step", ["write_state", "signed_note", "keep"])
def test_after_a_crash_an_older_copy_is_still_refused(signed: KeyedHome, tmp_path: Path, step: str) -> None:
    """What may have been signed is remembered before it is: a ledger that goes on otherwise is not signed."""
    shutil.copytree(signed.home.ledger, tmp_path / "copy")
    signed.record(2)
    _killed(step, before=False, signed=signed)
    shutil.rmtree(signed.home.ledger)
    shutil.copytree(tmp_path / "copy", signed.home.ledger)
    with pytest.raises(NotAnExtension, match="the signer remembers 8 entries, and the ledger has 6"):
        signed.sign()
    signed.record(7)
    with pytest.raises(NotAnExtension, match="remembers other entries among the first 8"):
        signed.sign()
    assert signed.check() == [5]


def test_an_older_copy_of_the_whole_home_is_refused_by_who_remembers(
    signed: KeyedHome, tmp_path: Path
) -> None:
    """A restored signer remembers what its copy does: others remember for it."""
    shutil.copytree(signed.home.root, tmp_path / "copy")
    signed.record()
    newest = signed.sign()
    assert newest is not None
    older = KeyedHome(tmp_path / "copy")
    remembered = [Memory("the anchor file:/worm", newest.kept.checkpoint.head)]
    with pytest.raises(
        NotAnExtension, match="the anchor file:/worm remembers 7 entries, and the ledger has 6"
    ):
        signer.sign_checkpoint(older.home, older.settings, outside=lambda _: remembered)
    older.record(5)
    with pytest.raises(NotAnExtension, match="remembers other entries among the first 7"):
        signer.sign_checkpoint(older.home, older.settings, outside=lambda _: remembered)
    older.sign()
    with pytest.raises(NotAnExtension):
        signer.sign_checkpoint(older.home, older.settings, outside=lambda _: remembered)
    assert older.check() == [5, 11]


def test_without_its_state_the_signer_goes_by_what_is_kept(signed: KeyedHome) -> None:
    """The whole ledger is read back then, and held against the newest checkpoint."""
    signed.record()
    signed.sign()
    signed.place.state.unlink()
    signed.record()
    signed.sign()
    assert signed.check() == [5, 7, 9]
    signed.place.state.unlink()
    path = checkpoint_path(signed.home.ledger, 9)
    key = Signer.parse(signed.place.file.read_text().strip()) if signed.place.file else None
    assert key is not None
    text = Checkpoint(key.verifier_key.name, TreeHead(9, bytes(32))).text
    path.write_bytes(Note(text, (key.sign(text),)).raw)
    signed.record()
    with pytest.raises(NotAnExtension, match="the kept checkpoint of 9 entries"):
        signed.sign()


def test_a_kept_checkpoint_of_somebody_else_is_not_recorded(signed: KeyedHome) -> None:
    """Whoever can write the folder cannot have the ledger say that a tree was signed."""
    origin = v.payload(signed.entries(v.KeyCreated.TYPE)[0]).origin
    text = Checkpoint(origin, TreeHead(6, bytes(32))).text
    kept_checkpoints.keep(signed.home.ledger, Note(text, (Signer(origin, bytes(32)).sign(text),)).raw)
    with pytest.raises(KeptUnusable):
        signed.sign()
    assert len(signed.entries(v.CheckpointSigned.TYPE)) == 1


def test_altered_entries_are_not_signed(signed: KeyedHome) -> None:
    """What came since the last checkpoint is read back; so is the last entry that was signed."""
    signed.record(4)
    segment = signed.home.ledger / f"{0:020d}.jsonl"
    sound = segment.read_bytes()
    for seq in (4, 7):
        lines = sound.split(b"\n")
        lines[seq] = lines[seq].replace(b"test", b"tset")
        segment.write_bytes(b"\n".join(lines))
        with pytest.raises((Corrupt, SigningRefused)):
            signed.sign()
    segment.write_bytes(sound)
    signed.sign()
    assert signed.check() == [5, 10]


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", StateUnusable),
        (b"cronledger signer 1\n", StateUnusable),
        (b"cronledger signer 1\nother\n0\n" + EMPTY_ROOT + b"\n" + b"0" * 64 + b"\n", OriginDiffers),
    ],
)  # fmt: skip
def test_a_state_that_is_not_its_own_is_refused(
    signed: KeyedHome, raw: bytes, error: type[Exception]
) -> None:
    """A signer that does not know what it signed signs nothing."""
    signed.record()
    signed.place.state.write_bytes(raw)
    with pytest.raises(error):
        signed.sign()
    assert signed.check() == [5]


def test_a_damaged_state_is_refused(signed: KeyedHome) -> None:
    """Each of its lines is checked against the others."""
    signed.record()
    sound = signed.place.state.read_bytes().split(b"\n")
    for line in range(2, len(sound) - 1):
        damaged = [*sound]
        damaged[line] = bytes([damaged[line][0] ^ 1]) + damaged[line][1:]
        signed.place.state.write_bytes(b"\n".join(damaged))
        with pytest.raises((SigningRefused, Corrupt)):
            signed.sign()
    signed.place.state.write_bytes(b"\n".join(sound))
    assert signed.sign() is not None


def test_who_cannot_sign_says_why(signed: KeyedHome, tmp_path: Path) -> None:
    """No key in the ledger, none in the file, one that others can read, another one, and another name."""
    signed.record()
    keyless = KeyedHome(tmp_path / "keyless")
    with pytest.raises(NoLedgerKey):
        keyless.sign()
    file = signed.place.file
    assert file is not None
    other = KeyedHome(signed.home.root, LedgerSettings(origin="other"))
    with pytest.raises(OriginDiffers):
        other.sign()
    file.chmod(0o640)
    with pytest.raises(KeyUnusable, match="other users"):
        signed.sign()
    file.chmod(0o600)
    secret = file.read_bytes()
    file.write_text(f"{Signer('x', bytes(32)).secret_text}\n")
    with pytest.raises(KeyUnusable, match="and the ledger is signed by key"):
        signed.sign()
    file.write_text("nonsense")
    with pytest.raises(KeyUnusable):
        signed.sign()
    file.unlink()
    with pytest.raises(KeyMissing):
        signed.sign()
    file.write_bytes(secret)
    file.chmod(0o600)
    signed.sign()
    assert signed.check() == [5, 7]


def test_processes_that_sign_at_once_sign_one_after_the_other(signed: KeyedHome) -> None:
    """However they meet, every tree goes on from the one before."""
    children = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            for _ in range(3):
                with contextlib.suppress(Conflict):  # then another process has recorded something
                    signed.record()
                signed.sign()
            os._exit(0)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    sizes = signed.check()
    assert [v.payload(each).size for each in signed.entries(v.CheckpointSigned.TYPE)] == sizes
    assert list(illegal_entries(signed.entries())) == []


@pytest.mark.parametrize("fsync", ["everysec", "never"])
def test_what_is_not_flushed_is_flushed_before_it_is_signed(signed: KeyedHome, fsync: Fsync) -> None:
    """A checkpoint never covers what a power failure could take."""
    with Journal.open(signed.home.ledger, software="test", fsync=fsync) as journal:
        journal.append([v.event(v.SchedulerStopped(reason="test"), v.SCHEDULER) for _ in range(4)])
        new = signed.sign()
        assert new is not None
        assert new.kept.size == 10
        assert durable_entries(signed.home.ledger, REAL) >= 10
    assert signed.check() == [5, 10]
