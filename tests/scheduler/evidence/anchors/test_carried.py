"""A cosignature that was carried: kept and recorded if it is right, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventstore.proofs import kept_checkpoints
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Cosigner, Signer
from scheduler import vocabulary as v
from scheduler.evidence.anchors.carried import NotKept, keep_cosigned
from tests.support.command import call
from tests.support.home import make_home
from tests.support.signed_home import ORIGIN, SignedHome

COSIGNER = Cosigner("witness.example/w1", bytes(range(32, 64)))
OTHER = Cosigner("witness.example/w2", bytes(32))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[SignedHome]:
    """A home with a signed checkpoint."""
    make_home(tmp_path, "jobs: {}\n")
    opened = SignedHome(tmp_path)
    opened.grow(3)
    opened.sign()
    yield opened
    opened.close()


def kept(home: SignedHome) -> Note:
    """The newest checkpoint."""
    found = kept_checkpoints.newest(home.home.ledger)
    assert found is not None
    return found.note


def keep(home: SignedHome, note: Note, *witnesses: Cosigner) -> list[v.Payload | None]:
    """Bring a cosigned checkpoint; what was recorded."""
    keys = [each.verifier_key for each in witnesses]
    return [v.payload(entry) for entry in keep_cosigned(home.home, home.ledger, note, keys, "user:ann@host")]


def test_a_cosignature_is_kept_once(home: SignedHome) -> None:
    """Under its checkpoint, without what others have signed, and on record; the same one again changes nothing."""
    before = kept(home)
    good = COSIGNER.cosign(before.text, 1_700_000_000)
    carried = Note(before.text, (good, OTHER.cosign(before.text, 5)))
    (recorded,) = keep(home, carried, COSIGNER)
    assert isinstance(recorded, v.CheckpointCosigned)
    assert (recorded.witness, f"{recorded.line}\n") == (good.name, good.line)
    assert kept(home).signatures == (*before.signatures, good)
    again = Note(before.text, (COSIGNER.cosign(before.text, 1_700_000_001),))
    for note in (carried, again):
        assert keep(home, note, COSIGNER) == []
        assert kept(home).signatures == (*before.signatures, good)


def test_what_is_not_right_is_not_kept(home: SignedHome) -> None:
    """No witness that is trusted; another checkpoint; another tree; a wrong signature; a time that there is not."""
    before = kept(home)
    other = before.text.replace(ORIGIN, "another")
    for note, why in (
        (Note(before.text, (OTHER.cosign(before.text, 5),)), "none of the keys"),
        (Note(before.text, (COSIGNER.cosign(other, 5),)), "is wrong"),
        (Note(other, (COSIGNER.cosign(other, 5),)), "keeps no such checkpoint"),
        (Note(before.text, (COSIGNER.cosign(before.text, 2**60),)), "no clock tells"),
        (Note("nonsense\n", (COSIGNER.cosign("nonsense\n", 5),)), "three lines"),
        (Note(before.text, (Signer("w", bytes(32)).sign(before.text),)), "none of the keys"),
    ):
        with pytest.raises(NotKept, match=why):
            keep(home, note, COSIGNER)
    assert kept(home) == before


def test_the_command(home: SignedHome, tmp_path: Path) -> None:
    """From the proof that goes to the witness to the cosignature that comes back."""
    state, root = tmp_path / "witness", home.home.root
    vkey = call("witness", "key", "generate", "--state", str(state), "--name", "w.example/1").out.strip()
    assert call("witness", "trust", home.signer.verifier_key.text, "--state", str(state)).code == 0
    note, cosigned, proof = tmp_path / "note", tmp_path / "cosigned", tmp_path / "proof"
    note.write_bytes(kept(home).raw)
    assert call("witness", "cosign", str(note), "-o", str(cosigned), "--state", str(state)).code == 0

    def bring(*options: str) -> tuple[int, str]:
        done = call("ledger", "keep-cosignature", str(cosigned), *options, home=root)
        return done.code, done.out + done.err

    assert bring()[0] == 2
    code, told = bring("--witness", OTHER.verifier_key.text)
    assert (code, "is not kept" in told) == (1, True)
    assert bring("--witness", vkey)[1].startswith("Kept and recorded, entry")
    assert bring("--witness", vkey) == (0, "Kept: it was on record\n")

    before = kept(home)
    size = int(before.text.split("\n")[1])
    home.ledger.refresh()
    home.grow(5)
    home.sign()
    proven = call("ledger", "prove", "--from", str(size), "-o", str(proof), home=root)
    assert proven.code == 0
    cosigned.unlink()
    assert call("witness", "cosign", str(proof), "-o", str(cosigned), "--state", str(state)).code == 0
    assert bring("--witness", vkey)[0] == 0
    assert len(kept(home).signatures) == 2
    cosigned.write_text("nonsense")
    assert bring("--witness", vkey)[0] == 1
