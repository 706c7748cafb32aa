"""Cosignatures: what a witness signs, and what is none."""

from __future__ import annotations

import pytest

from eventstore.proofs.errors import InvalidKey, InvalidNote
from eventstore.proofs.notes.cosignature import TIME_S_MAX, cosigned_message, parse_timed_signature
from eventstore.proofs.notes.note import COSIGNATURE, Note, key_id, parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import Cosigner, Signer, is_signed, verify_note

TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
EXAMPLE = (
    f"{TEXT}\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9"
    "nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJ"
    "sX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
"""The example of c2sp.org/tlog-cosignature; its keys are not published."""
LOG = Signer("example.com/behind-the-sofa", bytes(range(32)))
WITNESS = Cosigner("witness.example/w1", bytes(range(32, 64)))
TIME_S = 1_679_315_147


def test_the_specification_s_example_of_a_cosignature() -> None:
    """The note is written again to the byte, and its cosignature says the time that the specification says."""
    note = parse_note(EXAMPLE.encode())
    assert note.raw == EXAMPLE.encode()
    time_s, signature = parse_timed_signature(note.signatures[1].signature)
    assert (time_s, len(signature)) == (TIME_S, 64)
    assert cosigned_message(note.text, time_s).decode() == f"cosignature/v1\ntime 1679315147\n{TEXT}"


def test_a_checkpoint_is_cosigned() -> None:
    """By the message of the specification, under a key whose id and text say that it is a witness's."""
    signature = WITNESS.cosign(TEXT, TIME_S)
    key = WITNESS.verifier_key
    time_s, signed = parse_timed_signature(signature.signature)
    assert time_s == TIME_S
    assert is_signed(key.public_key, f"cosignature/v1\ntime {TIME_S}\n{TEXT}".encode(), signed)
    assert signature.key_id == key.key_id == key_id(key.name, key.public_key, COSIGNATURE)
    assert key.key_id != key._replace(algorithm=1).key_id
    assert parse_verifier_key(key.text, COSIGNATURE) == key
    note = Note(TEXT, (LOG.sign(TEXT), signature))
    assert verify_note(note, [key, LOG.verifier_key]) == [LOG.verifier_key, key]
    assert verify_note(note, [key]) == [key]


def test_no_key_passes_for_one_of_the_other_kind() -> None:
    """The key of a witness signs no log, and that of a log no cosignature."""
    with pytest.raises(InvalidKey, match="it is the key of a witness"):
        parse_verifier_key(WITNESS.verifier_key.text)
    with pytest.raises(InvalidKey, match="it is no key of a witness"):
        parse_verifier_key(LOG.verifier_key.text, COSIGNATURE)
    with pytest.raises(InvalidKey, match="it is no key of Ed25519"):
        Signer.parse(WITNESS.secret_text)
    with pytest.raises(InvalidKey, match="it is no key of a witness"):
        Cosigner.parse(LOG.secret_text)
    assert Cosigner.parse(WITNESS.secret_text).verifier_key == WITNESS.verifier_key
    assert WITNESS.secret_text not in repr(WITNESS)


@pytest.mark.parametrize("time_s", [0, TIME_S_MAX + 1])
def test_a_cosignature_says_its_time(time_s: int) -> None:
    """No time is none, nor is one beyond what the specification allows."""
    with pytest.raises(ValueError, match="is no time of a cosignature"):
        WITNESS.cosign(TEXT, time_s)
    with pytest.raises(InvalidNote, match=r"^a cosignature says at which time it was made$"):
        parse_timed_signature(time_s.to_bytes(8, "big") + bytes(64))


@pytest.mark.parametrize("time_s", [1, TIME_S_MAX])
def test_each_time_that_is_allowed_is_taken(time_s: int) -> None:
    """The first and the last one: to the byte, the highest first."""
    raw = WITNESS.cosign(TEXT, time_s).signature
    assert parse_timed_signature(raw)[0] == time_s == int(raw[:8].hex(), 16)
    for wrong in (raw[:-1], raw + b"x", b""):
        with pytest.raises(
            InvalidNote, match=r"^a cosignature has 72 bytes: the time in 8, the signature in 64$"
        ):
            parse_timed_signature(wrong)


def test_a_changed_cosignature_is_wrong() -> None:
    """With another time, another text, a bit flipped or a byte less, the note is refused."""
    signature = WITNESS.cosign(TEXT, TIME_S)
    raw = signature.signature
    damaged = [
        raw[:7] + bytes([raw[7] ^ 1]) + raw[8:],
        raw[:-1] + bytes([raw[-1] ^ 1]),
        raw[:-1],
        raw + b"\0",
    ]
    for each in damaged:
        with pytest.raises(InvalidNote):
            verify_note(Note(TEXT, (signature._replace(signature=each),)), [WITNESS.verifier_key])
    with pytest.raises(InvalidNote, match="is wrong"):
        verify_note(Note(TEXT.replace("63", "64"), (signature,)), [WITNESS.verifier_key])
