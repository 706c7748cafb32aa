"""A witness: what it cosigns, what it refuses, and that it never cosigns two stories, whatever happens between."""

from __future__ import annotations

import errno
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from eventstore.durable import Disk
from eventstore.proofs.notes.checkpoint import origin_hash, parse_checkpoint
from eventstore.proofs.notes.note import Note, parse_note
from eventstore.proofs.notes.signing import Cosigner, Signer, verify_note
from eventstore.proofs.witnessing.request import AddCheckpoint
from eventstore.proofs.witnessing.rules import (
    Malformed,
    NotConsistent,
    NotSigned,
    OtherSize,
    Refused,
    UnknownLog,
)
from scheduler.evidence.witness.folder import DamagedWitness, WitnessFolder
from scheduler.evidence.witness.witness import Witness
from tests.support.disks import FastDisk, FaultyDisk, PowerDisk, PowerFailure
from tests.support.tree_log import ORIGIN, TreeLog

LOG, FORK = TreeLog(), TreeLog("another story ")
COSIGNER = Cosigner("witness.example/w1", bytes(range(32, 64)))
TIME_S = 1_700_000_000


def opened(path: Path, disk: Disk | None = None) -> Witness:
    """A witness that knows the log, as any process opens it."""
    folder = WitnessFolder(path, disk or FastDisk())
    if not folder.logs():
        folder.trust(ORIGIN, LOG.signer.verifier_key)
    return Witness(folder, COSIGNER, lambda: TIME_S)


def test_a_log_that_grows_is_cosigned(tmp_path: Path) -> None:
    """Each answer is the checkpoint with the log's signature and the cosignature, and is what is kept."""
    witness = opened(tmp_path)
    for old, size in ((0, 3), (3, 3), (3, 20), (20, 64)):
        cosigned = witness.add_checkpoint(LOG.request(old, size).raw)
        assert cosigned.text == LOG.note(size).text
        signers = [LOG.signer.verifier_key, COSIGNER.verifier_key]
        assert verify_note(cosigned, signers) == signers
        kept = WitnessFolder(tmp_path).last_raw(origin_hash(ORIGIN))
        assert kept == cosigned.raw


def test_two_stories_are_not_cosigned(tmp_path: Path) -> None:
    """Another tree of the same log is refused at every size, with any proof; an older one is told the newer size."""
    witness = opened(tmp_path)
    witness.cosign(LOG.request(0, 20))
    for size in (20, 21, 64):
        for hashes in (FORK.proof(20, size), LOG.proof(20, size), ()):
            with pytest.raises(NotConsistent):
                witness.cosign(AddCheckpoint(20, hashes, FORK.note(size)))
    for log in (LOG, FORK):
        for old in range(20):
            with pytest.raises(OtherSize) as refused:
                witness.cosign(log.request(old, 19))
            assert refused.value.size == 20
    witness.cosign(LOG.request(20, 20))


def test_who_is_not_known_is_refused(tmp_path: Path) -> None:
    """An origin that is not known; a log's name with another key; no signature; a signature of another text."""
    witness = opened(tmp_path)
    with pytest.raises(UnknownLog):
        witness.cosign(TreeLog(origin="another.example").request(0, 3))
    with pytest.raises(NotSigned):
        witness.cosign(TreeLog(seed=bytes(32)).request(0, 3))
    note = LOG.note(3)
    other = Note(note.text, (Signer("x", bytes(32)).sign(note.text),))
    with pytest.raises(NotSigned):
        witness.cosign(AddCheckpoint(0, (), other))
    with pytest.raises(NotSigned, match="is wrong"):
        witness.cosign(AddCheckpoint(0, (), note._replace(text=LOG.note(4).text)))
    with pytest.raises(Malformed):
        witness.add_checkpoint(b"old 0\n\nno note")
    text = "no checkpoint\n"
    with pytest.raises(Malformed):
        witness.cosign(AddCheckpoint(0, (), Note(text, (LOG.signer.sign(text),))))


def test_signatures_of_others_are_passed_over(tmp_path: Path) -> None:
    """What was not verified is neither kept nor given out, be it from an unknown key or another witness."""
    witness, note = opened(tmp_path), LOG.note(5)
    more = (
        *note.signatures,
        Signer("x", bytes(32)).sign(note.text),
        Cosigner("w2", bytes(32)).cosign(note.text, 1),
    )
    cosigned = witness.cosign(AddCheckpoint(0, (), Note(note.text, more)))
    assert [each.name for each in cosigned.signatures] == [ORIGIN, COSIGNER.verifier_key.name]


def test_a_log_with_two_keys_and_another_origin(tmp_path: Path) -> None:
    """After a rotation either key counts; after a restore the log goes on under another origin, from nothing."""
    folder = WitnessFolder(tmp_path, FastDisk())
    rotated = TreeLog(seed=bytes(32))
    continued = TreeLog(origin=f"{ORIGIN}/2", seed=bytes(32))
    for log in (LOG, rotated, continued):
        assert folder.trust(log.origin, log.signer.verifier_key)
    assert not folder.trust(ORIGIN, LOG.signer.verifier_key)
    witness = opened(tmp_path)
    witness.cosign(LOG.request(0, 9))
    witness.cosign(rotated.request(9, 11))
    witness.cosign(continued.request(0, 8))


def test_the_file_of_logs_is_a_person_s(tmp_path: Path) -> None:
    """Comments, empty lines, an origin before a key; a line that is none is named, and nothing is cosigned."""
    key = LOG.signer.verifier_key
    logs = tmp_path / "logs"
    logs.write_text(f"# ours\n\n{key.text}  # the database\nanother.example {key.text}\n")
    assert WitnessFolder(tmp_path).logs() == {ORIGIN: [key], "another.example": [key]}
    logs.write_text(f"{key.text}")
    WitnessFolder(tmp_path, FastDisk()).trust("x", key)
    assert logs.read_text() == f"{key.text}\nx {key.text}\n"
    for line in ("nonsense", f"a b {key.text}", COSIGNER.verifier_key.text, "\udcff"):
        logs.write_text(f"{key.text}\n{line}\n", errors="surrogateescape")
        with pytest.raises(DamagedWitness, match="logs"):
            opened(tmp_path).cosign(LOG.request(0, 3))


def test_nothing_is_cosigned_on_a_damaged_memory(tmp_path: Path) -> None:
    """What was cosigned last is no checkpoint any more, that of another log, a link: never taken for none."""
    witness = opened(tmp_path)
    witness.cosign(LOG.request(0, 9))
    kept = tmp_path / "checkpoints" / origin_hash(ORIGIN)
    other = TreeLog(origin="another.example").note(9).raw
    for raw in (b"", kept.read_bytes()[:-3], other, b"\xff"):
        kept.write_bytes(raw)
        with pytest.raises(DamagedWitness):
            witness.cosign(LOG.request(0, 10))
    kept.unlink()
    kept.symlink_to("/dev/null")
    with pytest.raises(OSError, match="symbolic link"):
        witness.cosign(LOG.request(0, 10))


def test_of_requests_at_once_all_that_is_cosigned_is_one_story(tmp_path: Path) -> None:
    """Two stories are sent by many threads, each from the size that it is told: what comes out fits together."""
    witness = opened(tmp_path)
    cosigned: list[Note] = []

    def send(seed: int) -> None:
        chance, log = random.Random(seed), (LOG, FORK)[seed % 2]
        old = 0
        for _ in range(8):
            size = min(64, old + chance.randrange(0, 9))
            try:
                cosigned.append(witness.cosign(log.request(old, size)))
                old = size
            except OtherSize as refused:
                old = refused.size
            except NotConsistent:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(8)))
    heads = {parse_checkpoint(note.text).head for note in cosigned}
    grown = {head for head in heads if head.size}
    assert grown <= {LOG.head(head.size) for head in grown} or grown <= {
        FORK.head(head.size) for head in grown
    }


def test_the_power_goes_between_any_two_steps(tmp_path: Path) -> None:
    """What was answered is kept, and what is kept is the old checkpoint or the new one: never none, never another."""
    before = PowerDisk()
    opened(tmp_path / "0", before).cosign(LOG.request(0, 9))
    for moment in count(1):
        folder, disk = tmp_path / str(moment), PowerDisk(before.total + moment)
        opened(folder, disk).cosign(LOG.request(0, 9))
        answered = True
        try:
            opened(folder, disk).cosign(LOG.request(9, 20))
        except PowerFailure:
            answered = False
        disk.fail(folder, random.Random(moment))
        kept = WitnessFolder(folder, FastDisk()).last(ORIGIN)
        assert kept is not None
        assert kept[1].head in ((LOG.head(20),) if answered else (LOG.head(9), LOG.head(20)))
        size = kept[1].head.size
        assert _refuses(folder, FORK.request(size, 30))
        opened(folder).cosign(LOG.request(size, 30))
        if answered:
            assert moment > 10
            return


_CALLS = ("open", "mkdir", "pwrite", "fdatasync", "fsync", "rename", "flock")
_FAULTS = [("pwrite", "short"), *[(call, when) for call in _CALLS for when in ("before", "after")]]


@pytest.mark.parametrize(("call", "when"), _FAULTS)
def test_each_call_of_the_disk_fails_once(tmp_path: Path, call: str, when: str) -> None:
    """Then nothing is cosigned, or it is kept; the witness that is asked again never tells two stories."""
    for occurrence in count(1):
        folder = tmp_path / str(occurrence)
        opened(folder).cosign(LOG.request(0, 9))
        disk = FaultyDisk(call, occurrence, when, errno.ENOSPC)
        answered = True
        try:
            opened(folder, disk).cosign(LOG.request(9, 20))
        except OSError:
            answered = False
        kept = WitnessFolder(folder, FastDisk()).last(ORIGIN)
        assert kept is not None
        assert kept[1].head in ((LOG.head(20),) if answered else (LOG.head(9), LOG.head(20)))
        assert _refuses(folder, FORK.request(kept[1].head.size, 30))
        opened(folder).cosign(LOG.request(kept[1].head.size, 30))
        if not disk.struck:
            return


def _refuses(folder: Path, request: AddCheckpoint) -> bool:
    try:
        opened(folder).cosign(request)
    except Refused:
        return True
    return False


def test_the_key_is_its_owner_s_alone(tmp_path: Path) -> None:
    """It is made once, 0600 in a folder that is 0700, and never replaced."""
    folder = WitnessFolder(tmp_path / "w", FastDisk())
    folder.write_key(COSIGNER.secret_text)
    assert folder.key_file.stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert not folder.others_can_read_the_key()
    with pytest.raises(FileExistsError):
        folder.write_key("another")
    assert folder.read_key() == COSIGNER.secret_text
    assert parse_note(LOG.note(1).raw) == LOG.note(1)
