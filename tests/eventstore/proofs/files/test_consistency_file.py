"""Files of consistency proofs: those of a published log, and every way to damage one."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.proofs.consistency import prove_consistency
from eventstore.proofs.errors import InvalidNote, InvalidProof
from eventstore.proofs.files.consistency_file import (
    CONSISTENCY_BYTES_MAX,
    ConsistencyFile,
    is_consistency_file,
    parse_consistency_file,
)
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import parse_checkpoint
from eventstore.proofs.notes.note import parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from eventstore.proofs.tiles.tiled_tree import TiledTree

LOG = json.loads((Path(__file__).parents[1] / "vectors" / "tlog-tiles-log.json").read_text(encoding="utf-8"))
FILES = {name: b64decode(raw) for name, raw in LOG["files"].items()}
KEY = parse_verifier_key(LOG["public_key"])


def proof_of(old_size: int, size: int, *, signed: bool = True) -> ConsistencyFile:
    """The proof that a published checkpoint begins with an earlier one."""
    tree = TiledTree(lambda tile: FILES[tile.path], size)
    old = parse_note(FILES[f"checkpoint.{old_size}"])
    return ConsistencyFile(
        parse_checkpoint(old.text).head,
        tuple(prove_consistency(old_size, size, tree.subtree_hash)),
        parse_note(FILES[f"checkpoint.{size}"]),
        old if signed else None,
    )


PROOF = proof_of(6, 15)
RAW = PROOF.raw


@pytest.mark.parametrize("size", range(1, 16))
def test_each_checkpoint_of_a_published_log_goes_on_from_those_before(size: int) -> None:
    """What was signed at each size begins with what was signed at each earlier one; the file is read as written."""
    for old_size in range(1, size + 1):
        proof = parse_consistency_file(proof_of(old_size, size).raw)
        assert proof == proof_of(old_size, size)
        assert proof.verify().head.size == size
        assert proof.old_note is not None
        assert verify_note(proof.note, [KEY]) == verify_note(proof.old_note, [KEY]) == [KEY]
        bare = proof_of(old_size, size, signed=False)
        assert parse_consistency_file(bare.raw) == bare
        bare.verify()


def test_hashes_sizes_and_roots_must_be_the_right_ones() -> None:
    """Each hash flipped, dropped, doubled; one added; sizes off by one; the root of another tree."""
    wrong = []
    for at, each in enumerate(PROOF.hashes):
        flipped = bytes([each[0] ^ 1]) + each[1:]
        wrong.append(PROOF._replace(hashes=(*PROOF.hashes[:at], flipped, *PROOF.hashes[at + 1 :])))
        wrong.append(PROOF._replace(hashes=PROOF.hashes[:at] + PROOF.hashes[at + 1 :]))
        wrong.append(PROOF._replace(hashes=(*PROOF.hashes[:at], each, *PROOF.hashes[at:])))
    wrong.append(PROOF._replace(hashes=(*PROOF.hashes, bytes(32))))
    for old_size in (5, 7):
        wrong.append(PROOF._replace(old=TreeHead(old_size, PROOF.old.root)))
        wrong.append(PROOF._replace(old=proof_of(old_size, 15).old, old_note=proof_of(old_size, 15).old_note))
        wrong.append(PROOF._replace(old_note=proof_of(old_size, 15).old_note))
    wrong.append(PROOF._replace(old=TreeHead(6, bytes(32)), old_note=None))
    wrong.append(PROOF._replace(note=parse_note(FILES["checkpoint.14"])))
    wrong.append(PROOF._replace(note=parse_note(FILES["checkpoint.5"])))
    for proof in wrong:
        with pytest.raises(InvalidProof):
            parse_consistency_file(proof.raw).verify()


@given(st.data())
def test_a_damaged_file_proves_nothing_else(data: st.DataObject) -> None:
    """Any byte changed, dropped, added: it is no proof, or a signature is wrong; or it says the same."""
    at = data.draw(st.integers(0, len(RAW) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    damaged = data.draw(
        st.sampled_from(
            [RAW[:at] + byte + RAW[at + 1 :], RAW[:at] + RAW[at + 1 :], RAW[:at] + byte + RAW[at:], RAW[:at]]
        )
    )
    try:
        proof = parse_consistency_file(damaged)
        verify_note(proof.note, [KEY])
        checkpoint = proof.verify()
    except (InvalidProof, InvalidNote):
        return
    assert (proof.old, proof.hashes, checkpoint.text) == (PROOF.old, PROOF.hashes, PROOF.note.text)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no checkpoint"),
        (RAW.replace(b"@v1", b"@v2"), "first line"),
        (RAW.replace(b"old 6", b"old 06"), "of which older tree"),
        (RAW.replace(b"old 6", b"old 0"), "of which older tree"),
        (RAW.replace(b"old 6", b"old -6"), "of which older tree"),
        (RAW.replace(b"note ", b"nope "), "a hash"),
        (RAW.replace(b"note ", b"note ?"), "the older checkpoint: it is no base64"),
        (RAW.replace(b"note ", b"note AAAA"), "no signed note"),
        (RAW.replace(b"old", b"\xffld"), "beyond ASCII"),
        (RAW[: RAW.rindex("—".encode())], "no signed note"),
        (b"x" * CONSISTENCY_BYTES_MAX, "no checkpoint"),
        (b"x" * (CONSISTENCY_BYTES_MAX + 1), "longer than"),
    ],
)
def test_what_is_no_proof_is_refused(raw: bytes, why: str) -> None:
    """There is one way to write it."""
    with pytest.raises(InvalidProof, match=why):
        parse_consistency_file(raw)


def test_it_is_told_from_a_proof_of_inclusion_by_its_first_line() -> None:
    """The whole line counts."""
    assert is_consistency_file(RAW)
    assert not is_consistency_file(RAW[1:])
    assert not is_consistency_file(b"c2sp.org/tlog-proof@v1\n")
