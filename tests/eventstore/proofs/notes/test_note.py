"""Signed notes and checkpoints: the published examples, and what is none."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.errors import InvalidKey, InvalidNote
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint, parse_checkpoint
from eventstore.proofs.notes.note import Note, Signature, VerifierKey, parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import Signer, is_signed, verify_note

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
"""The example of c2sp.org/signed-note, section "Verifier keys"."""
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example of golang.org/x/mod/sumdb/note, where the format comes from; its private key is published too."""
LOG = json.loads((Path(__file__).parents[1] / "vectors" / "tlog-tiles-log.json").read_text(encoding="utf-8"))
CHECKPOINTS = {name: b64decode(raw) for name, raw in LOG["files"].items() if name.startswith("checkpoint")}
SIGNER = Signer("example.com/log", bytes(range(32)))
TEXT = "example.com/log\n3\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=\n"


@pytest.mark.parametrize(("key", "raw"), [(EXAMPLE_KEY, EXAMPLE), (GO_KEY, GO_NOTE)])
def test_a_published_note_is_read_and_verified(key: str, raw: str) -> None:
    """Key and note are written again to the byte, and the signature is that key's."""
    trusted = parse_verifier_key(key)
    note = parse_note(raw.encode())
    assert (trusted.text, note.raw) == (key, raw.encode())
    assert verify_note(note, [trusted]) == [trusted]
    with pytest.raises(InvalidNote, match=r"the signature of .* is wrong"):
        verify_note(note._replace(text=note.text.upper()), [trusted])


def test_a_published_note_is_signed_again() -> None:
    """Ed25519 has one signature for a text: with the published private key it is the published one, to the byte."""
    signer = Signer.parse(GO_SECRET)
    text = parse_note(GO_NOTE.encode()).text
    assert (signer.secret_text, signer.verifier_key.text) == (GO_SECRET, GO_KEY)
    assert Note(text, (signer.sign(text),)).raw == GO_NOTE.encode()
    assert "AYEK" not in repr(signer)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_published_checkpoint_is_read_and_verified(name: str) -> None:
    """Those of the tiled log, of the sizes 0 to 15: signed by its key, and written again to the byte."""
    trusted = parse_verifier_key(LOG["public_key"])
    note = parse_note(CHECKPOINTS[name])
    assert verify_note(note, [trusted]) == [trusted]
    checkpoint = parse_checkpoint(note.text)
    assert checkpoint.origin == "example.com/log/testdata"
    assert checkpoint.head.size == int(name.removeprefix("checkpoint").removeprefix(".") or 15)
    assert (checkpoint.text, note.raw) == (note.text, CHECKPOINTS[name])


def test_the_specification_s_example_of_a_checkpoint() -> None:
    """Of tlog-checkpoint: the origin, a size of 20,852,163, a root."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    root = from_base64("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert parse_checkpoint(text) == Checkpoint("example.com/behind-the-sofa", TreeHead(20_852_163, root))


_LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n", min_codepoint=32))
_NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Z"], exclude_characters="+\x85", min_codepoint=33), min_size=1
)


@given(st.lists(_LINES), st.lists(_NAMES, min_size=1, max_size=4), st.binary(min_size=1, max_size=80))
def test_every_note_is_read_as_it_was_written(lines: list[str], names: list[str], signature: bytes) -> None:
    """Whatever the text holds, empty lines and dashes too, it comes back, and so do all signatures."""
    note = Note(
        "".join(f"{line}\n" for line in lines) or "\n",
        tuple(Signature(name, b"\x00\x01\x02\x03", signature) for name in names),
    )
    assert parse_note(note.raw) == note


@given(_NAMES, st.binary(min_size=32, max_size=32))
def test_every_key_is_read_as_it_was_written(name: str, seed: bytes) -> None:
    """The public key and the private one; what one signs the other verifies."""
    signer = Signer(name, seed)
    public = parse_verifier_key(signer.verifier_key.text)
    assert public == signer.verifier_key == Signer.parse(signer.secret_text).verifier_key
    assert verify_note(Note(TEXT, (signer.sign(TEXT),)), [public]) == [public]


def test_a_new_key_is_another_one() -> None:
    """Two keys of one name are told apart by their ids."""
    first, second = Signer.generate("log"), Signer.generate("log")
    assert first.verifier_key != second.verifier_key
    note = Note(TEXT, (first.sign(TEXT),))
    with pytest.raises(InvalidNote, match="none of the keys has signed it"):
        verify_note(note, [second.verifier_key])


def test_signatures_of_strangers_are_passed_over() -> None:
    """Who shares the name or the id with a known key, but not both, is a stranger; who shares both must be right."""
    key, own = SIGNER.verifier_key, SIGNER.sign(TEXT)
    strangers = (
        own._replace(name="example.com/other"),
        own._replace(key_id=b"\x00\x00\x00\x00"),
        Signature("witness.example", b"\x01\x02\x03\x04", b"of a kind that is not known"),
    )
    assert verify_note(Note(TEXT, (*strangers, own, own)), [key]) == [key]
    with pytest.raises(InvalidNote, match="none of the keys"):
        verify_note(Note(TEXT, strangers), [key])
    with pytest.raises(InvalidNote, match="none of the keys"):
        verify_note(Note(TEXT, (own,)), [])
    for forged in (own.signature[:-1], own.signature + b"\x00", bytes(64), b"\x01"):
        with pytest.raises(InvalidNote, match=r"the signature of example\.com/log is wrong"):
            verify_note(Note(TEXT, (own, own._replace(signature=forged))), [key])


def test_each_byte_of_a_signed_text_counts() -> None:
    """A note with any one bit of its text flipped is refused, whatever it says then."""
    raw = Note(TEXT, (SIGNER.sign(TEXT),)).raw
    for at in range(len(TEXT)):
        flipped = bytearray(raw)
        flipped[at] ^= 1
        with pytest.raises(InvalidNote):
            verify_note(parse_note(bytes(flipped)), [SIGNER.verifier_key])


def test_a_key_that_is_no_point_has_signed_nothing() -> None:
    """Bytes that are no public key verify nothing, and end in no traceback."""
    assert not is_signed(b"\x02" + bytes(31), b"message", bytes(64))
    assert not is_signed(b"short", b"message", bytes(64))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no signatures"),
        (b"text\n", "no signatures"),
        (b"text\n\n", "no signatures"),
        (EXAMPLE.encode()[:-1], "each ended by LF"),
        (EXAMPLE.encode() + b"\n", "no signatures"),
        (EXAMPLE.encode() + b"more\n", "begins with"),
        (EXAMPLE.replace("— ", "- ").encode(), "begins with"),
        (EXAMPLE.replace("foo ", "foo  ").encode(), "no base64"),
        (EXAMPLE.replace("foo ", "f+o ").encode(), "no name of a key"),
        (EXAMPLE.replace("foo ", "f\u00a0o ").encode(), "no name of a key"),
        (EXAMPLE.replace("example.com/foo ", " ").encode(), "no name of a key"),
        (EXAMPLE.replace("aQM=", "aQN=").encode(), "as it must be written"),
        (EXAMPLE.replace("aQM=", "aQM").encode(), "no base64"),
        (EXAMPLE.replace("aQM=", "aQM= ").encode(), "no base64"),
        (EXAMPLE.replace("example message", "\texample").encode(), "control characters"),
        (EXAMPLE.replace("\n", "\r\n").encode(), "control characters"),
        (EXAMPLE.encode().replace(b"example m", b"\xff"), "no UTF-8"),
        (b"text\n\n\xe2\x80\x94 name AAAAAA==\n", "too short"),
        (b"text\n\n" + "— name AAAAAAA=\n".encode() * 101, "more than 100 signatures"),
        (b"x" * (1024 * 1024) + EXAMPLE.encode(), "longer than 1,048,576 bytes"),
    ],
)
def test_what_is_no_note_is_refused(raw: bytes, why: str) -> None:
    """There is one way to write a note; anything else says what is wrong with it."""
    with pytest.raises(InvalidNote, match=why):
        parse_note(raw)


def test_a_note_may_have_sixteen_signatures_and_more() -> None:
    """So many a verifier must accept."""
    assert len(parse_note(b"text\n\n" + "— name AAAAAAA=\n".encode() * 100).signatures) == 100


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "NAME\\+ID\\+KEY"),
        (EXAMPLE_KEY.removeprefix("example.com/foo+"), "NAME\\+ID\\+KEY"),
        (EXAMPLE_KEY.replace("530d903a", "530D903A"), "NAME\\+ID\\+KEY"),
        (EXAMPLE_KEY.replace("530d903a", "530d903b"), "its id is 530d903a and not 530d903b"),
        (EXAMPLE_KEY.replace("/foo", "/fop"), "a character of it was changed"),
        (EXAMPLE_KEY.replace("/foo", "/f o"), "no name of a key"),
        (EXAMPLE_KEY.replace("/foo", "/f\to"), "no name of a key"),
        (EXAMPLE_KEY[:-1] + "l", "a character of it was changed"),
        (EXAMPLE_KEY[:-1], "no base64"),
        (EXAMPLE_KEY[:-4], "no key of Ed25519"),
        (EXAMPLE_KEY.replace("+Aeky", "+Beky"), "no key of Ed25519"),
        (EXAMPLE_KEY + "\n", "NAME\\+ID\\+KEY"),
        (GO_SECRET, "NAME\\+ID\\+KEY"),
    ],
)
def test_what_is_no_key_is_refused(text: str, why: str) -> None:
    """Its id guards against a slip of the pen; a private key is no public one."""
    with pytest.raises(InvalidKey, match=why):
        parse_verifier_key(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GO_KEY, "PRIVATE"),
        (GO_SECRET[:-1] + "w", "no base64|a character of it was changed"),
        (GO_SECRET.replace("c74f20a3", "c74f20a4"), "its id is not its own"),
        (GO_SECRET[:-4], "32 bytes"),
        (GO_SECRET[:-1], "no base64"),
        (GO_SECRET.replace("+AYEK", "+BYEK"), "no key of Ed25519"),
        (GO_SECRET.replace("Neumann", " Neumann"), "no name of a key"),
    ],
)
def test_what_is_no_private_key_is_refused(text: str, why: str) -> None:
    """And the message holds nothing of what may be one."""
    with pytest.raises(InvalidKey, match=why) as refused:
        Signer.parse(text)
    assert "VFGyNhPJ" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\x00b", "\ud800"])
def test_names_that_no_key_may_have(name: str) -> None:
    """Blanks of any kind and the plus would make a signature line mean something else."""
    with pytest.raises(InvalidKey, match="no name of a key"):
        Signer(name, bytes(32))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "three lines or more"),
        (TEXT[:-1], "three lines or more"),
        (TEXT.partition("\n")[2], "three lines or more"),
        ("\n" + TEXT.partition("\n")[2], "three lines or more"),
        (TEXT + "\n", "none is empty"),
        (TEXT.replace("\n3\n", "\n03\n"), "no size"),
        (TEXT.replace("\n3\n", "\n-3\n"), "no size"),
        (TEXT.replace("\n3\n", "\n3 \n"), "no size"),
        (TEXT.replace("\n3\n", "\n٣\n"), "no size"),
        (TEXT.replace("\n3\n", f"\n{10**19}\n"), "no size"),
        (TEXT.replace("avKk=", "avKl="), "no root"),
        (TEXT.replace("avKk=", "avKk"), "no root"),
        (TEXT.replace("Wqx3HIma", ""), "32 bytes"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str, why: str) -> None:
    """Its three lines have one spelling each."""
    with pytest.raises(InvalidNote, match=why):
        parse_checkpoint(text)


def test_further_lines_of_a_checkpoint_are_kept() -> None:
    """They are signed too, so that the text comes back as it was."""
    checkpoint = parse_checkpoint(TEXT + "more\nand more\n")
    assert checkpoint.extensions == ("more", "and more")
    assert checkpoint.text == TEXT + "more\nand more\n"


def test_a_text_without_an_end_is_not_signed() -> None:
    """Where a text ends would be in doubt."""
    with pytest.raises(InvalidNote, match="ends with LF"):
        SIGNER.sign("text")


@given(st.binary(max_size=100))
def test_base64_has_one_spelling(raw: bytes) -> None:
    """What is written is read; blanks, missing padding and idle bits are refused."""
    text = in_base64(raw)
    assert from_base64(text) == raw == b64decode(text)
    for wrong in {text + "=", text + "\n", text.rstrip("="), f" {text}", text.replace("/", "_")} - {text}:
        with pytest.raises(ValueError, match="base64"):
            from_base64(wrong)


def test_keys_of_equal_halves_are_equal() -> None:
    """A verifier key is a value."""
    assert VerifierKey("n", bytes(32)) == parse_verifier_key(VerifierKey("n", bytes(32)).text)
