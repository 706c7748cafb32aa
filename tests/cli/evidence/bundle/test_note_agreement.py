"""`verify.py` and the code that signs judge the same notes alike, though they share nothing."""

from __future__ import annotations

import random
from base64 import b64decode

from cli.evidence.bundle import verify
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.notes.checkpoint import parse_checkpoint
from eventstore.proofs.notes.note import Note, parse_note
from eventstore.proofs.notes.signing import Cosigner, Signer, verify_note
from tests.support.bundles import KEY, ORIGIN, SIGNER, WITNESS, WITNESS_KEY, signed_note

KEYS = (SIGNER.verifier_key, WITNESS.verifier_key)
OTHERS = (Signer(ORIGIN, b"\5" * 32), Cosigner("other.example/w", b"\6" * 32))
PIECES = (
    "\n",
    "\n\n",
    " ",
    "— ",
    "=",
    "A",
    "+",
    "/",
    "\t",
    "\0",
    "\r",
    "\u2028",
    "\x0b",
    "é",
    "0",
    "-",
    "\u2014",
)


def by_the_library(raw: bytes) -> set[str] | None:
    """The keys that signed a checkpoint; None if it is refused."""
    try:
        note = parse_note(raw)
        parse_checkpoint(note.text)
        return {key.text for key in verify_note(note, KEYS)}
    except InvalidNote as problem:
        return set() if "none of the keys" in str(problem) else None


def by_the_file(raw: bytes) -> set[str] | None:
    """The same by `verify.py`."""
    try:
        text, signers = verify.signers_of(raw.decode(), [KEY, WITNESS_KEY])
        _, size, root = text.split("\n")[:3]
        b64decode(root)
        int(size)
    except (ValueError, LookupError, OverflowError, OSError):
        return None
    return set(signers)


def damaged(note: Note, chance: random.Random) -> bytes:
    """A note with something done to it."""
    kind, text = chance.randrange(5), note.raw.decode()
    at = chance.randrange(len(text))
    if kind == 0:
        return (text[:at] + chance.choice(PIECES) + text[at:]).encode()
    if kind == 1:
        return (text[:at] + text[at + chance.randrange(1, 5) :]).encode()
    if kind == 2:
        raw = bytearray(note.raw)
        raw[at] ^= 1 << chance.randrange(8)
        return bytes(raw)
    signatures = list(note.signatures)
    if kind == 3:
        signatures.insert(chance.randrange(3), chance.choice([*signatures, OTHERS[0].sign(note.text)]))
        signatures.append(OTHERS[1].cosign(note.text, 7))
    else:
        chance.shuffle(signatures)
        del signatures[0]
    return Note(note.text, tuple(signatures)).raw


def test_they_judge_the_same_notes_alike(hunt: bool) -> None:
    """Whatever is done to a checkpoint, none is signed for one of them that is not for the other."""
    note, chance = signed_note([b"a", b"b", b"c"], cosigned=True), random.Random(5)
    assert by_the_library(note.raw) == by_the_file(note.raw) == {KEY, WITNESS_KEY}
    for _ in range(10_000 if hunt else 150):
        raw = damaged(note, chance)
        library, file = by_the_library(raw), by_the_file(raw)
        # What nobody signed may be written as it likes: it vouches for nothing.
        assert (library or set()) == (file or set()), raw
