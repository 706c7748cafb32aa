"""Files of inclusion proofs: proofs of a published log, and every way to damage one."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.proofs.errors import InvalidNote, InvalidProof
from eventstore.proofs.files.proof_file import ProofFile, parse_proof_file
from eventstore.proofs.inclusion import prove_inclusion
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.note import Note, Signature, parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from eventstore.proofs.tiles.entry_bundle import bundled
from eventstore.proofs.tiles.tiled_tree import TiledTree

LOG = json.loads((Path(__file__).parents[1] / "vectors" / "tlog-tiles-log.json").read_text(encoding="utf-8"))
FILES = {name: b64decode(raw) for name, raw in LOG["files"].items()}
LEAVES = bundled(FILES["tile/entries/000.p/15"])
KEY = parse_verifier_key(LOG["public_key"])


def proof_of(index: int, size: int, extra: bytes | None = None) -> ProofFile:
    """The proof of a leaf of the published log, from its published tiles and checkpoint."""
    tree = TiledTree(lambda tile: FILES[tile.path], size)
    hashes = prove_inclusion(index, size, tree.subtree_hash)
    return ProofFile(index, tuple(hashes), parse_note(FILES[f"checkpoint.{size}"]), extra)


PROOF = proof_of(6, 15, LEAVES[6])
RAW = PROOF.raw


@pytest.mark.parametrize("size", range(1, 16))
def test_the_entries_of_a_published_log_are_proven(size: int) -> None:
    """Each entry at each size: the file is read as it was written, and leads to what the log has signed."""
    for index in range(size):
        proof = parse_proof_file(proof_of(index, size, LEAVES[index]).raw)
        assert proof == proof_of(index, size, LEAVES[index])
        assert verify_note(proof.note, [KEY]) == [KEY]
        assert proof.extra is not None
        assert proof.verify(proof.extra).head.size == size
        with pytest.raises(InvalidProof):
            proof.verify(b"another entry")


def test_the_form_is_that_of_the_specification() -> None:
    """The lines stand in their order; without `extra` there is no such line; the checkpoint stands there verbatim."""
    lines = RAW.split(b"\n")
    assert lines[:3] == [b"c2sp.org/tlog-proof@v1", b"extra c2V2ZW4=", b"index 6"]
    assert [len(line) for line in lines[3:8]] == [44, 44, 44, 44, 0]
    assert RAW.endswith(b"\n\n" + FILES["checkpoint.15"])
    bare = PROOF._replace(extra=None)
    assert bare.raw.split(b"\n")[1] == b"index 6"
    assert parse_proof_file(bare.raw) == bare
    assert parse_proof_file(PROOF._replace(extra=b"").raw).extra == b""


def test_the_only_entry_needs_no_hash() -> None:
    """Of a tree of one leaf the proof is empty: the empty line follows the index."""
    assert b"index 0\n\nexample.com/" in proof_of(0, 1).raw


@given(st.data())
def test_a_damaged_file_proves_nothing(data: st.DataObject) -> None:
    """Any byte changed, dropped, added: it is no proof, or its entry, its root or its signature is wrong."""
    at = data.draw(st.integers(0, len(RAW) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    damaged = data.draw(
        st.sampled_from(
            [RAW[:at] + byte + RAW[at + 1 :], RAW[:at] + RAW[at + 1 :], RAW[:at] + byte + RAW[at:], RAW[:at]]
        )
    )
    try:
        proof = parse_proof_file(damaged)
        verify_note(proof.note, [KEY])
        checkpoint = proof.verify(LEAVES[6])
    except (InvalidProof, InvalidNote):
        return
    # What can still change is what nothing vouches for, and what means the same.
    assert (proof.position, proof.hashes, checkpoint.text) == (6, PROOF.hashes, PROOF.note.text)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no checkpoint"),
        (RAW.replace(b"@v1", b"@v2"), "first line"),
        (RAW.replace(b"index 6", b"index 06"), "at which index"),
        (RAW.replace(b"index 6", b"index -6"), "at which index"),
        (RAW.replace(b"index 6\n", b""), "at which index"),
        (RAW.replace(b"index 6", b"index 6 "), "at which index"),
        (RAW.replace(b"index 6", b"index %d" % 10**19), "at which index"),
        (RAW.replace(b"extra c2V2ZW4=", b"extra c2V2ZW4"), "extra: it is no base64"),
        (RAW.replace(b"extra c2V2ZW4=", b"extra "), None),
        (RAW.replace(b"extra c2V2ZW4=", b"extra c2V2ZW4=\nextra c2V2ZW4="), "at which index"),
        (RAW.replace(b"index 6\n", b"index 6\nAAAA\n"), "32 bytes"),
        (RAW.replace(b"index 6\n", b"index 6\n?\n"), "a hash: it is no base64"),
        (RAW.replace(b"index 6\n", b"index 6\n" + b"AAAA\n" * 60), "too many hashes"),
        (RAW.replace(b"index 6\n", b"index 6\n\n"), "three lines"),
        (RAW.replace(b"\n", b"\r\n"), "no checkpoint"),
        (RAW.replace(b"index", b"\xffndex"), "beyond ASCII"),
        (RAW[: RAW.index("—".encode())], "no signed note"),
        (b"x" * 2_000_000, "longer than"),
    ],
)
def test_what_is_no_proof_is_refused(raw: bytes, why: str | None) -> None:
    """There is one way to write a proof; anything else says what is wrong with it."""
    if why is None:
        assert parse_proof_file(raw).extra == b""
        return
    with pytest.raises((InvalidProof, InvalidNote), match=why):
        parse_proof_file(raw).verify(LEAVES[6])


def test_a_note_that_is_no_checkpoint_proves_nothing() -> None:
    """The note must be the head of a tree."""
    note = Note("something else\n", (Signature("n", b"\0\0\0\0", b"s"),))
    with pytest.raises(InvalidNote, match="three lines"):
        PROOF._replace(note=note).verify(LEAVES[6])
    assert PROOF.verify(LEAVES[6]).head == TreeHead(15, b64decode(FILES["checkpoint"].split(b"\n")[2]))
