"""Signed notes, as C2SP signed-note has them: a text, an empty line, and a line for each signature.

    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

A signature is four bytes that name the key, the first of SHA-256 over the key's name and the key itself, and then
what the key has signed. What is written here says nothing about whether a signature is right: `signing` verifies.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.errors import InvalidKey, InvalidNote

ED25519 = 0x01
"""The type of a key that signs a note's text itself, by Ed25519."""
COSIGNATURE = 0x04
"""The type of a key that says when it found a checkpoint consistent, by Ed25519: `cosignature`."""
PUBLIC_KEY_BYTES = 32
NOTE_BYTES_MAX = 1024 * 1024
SIGNATURES_MAX = 100

_KEY_ID_BYTES = 4
_DASH = "— "
_KEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Signature(NamedTuple):
    """A signature line: the name and the id of the key, and what it has signed; nothing of it is verified."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """As it stands in a note."""
        return f"{_DASH}{self.name} {in_base64(self.key_id + self.signature)}\n"


class Note(NamedTuple):
    """A text, which ends with LF, and its signatures, of which none is verified."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def raw(self) -> bytes:
        """The note as it is written down."""
        return f"{self.text}\n{''.join(each.line for each in self.signatures)}".encode()

    def signatures_of(self, keys: Collection[VerifierKey]) -> tuple[Signature, ...]:
        """The signatures that name one of the keys."""
        named = {(key.name, key.key_id) for key in keys}
        return tuple(each for each in self.signatures if (each.name, each.key_id) in named)

    def lacking(self, signatures: Iterable[Signature]) -> tuple[Signature, ...]:
        """Those of the signatures that name a key of which the note has none."""
        there = {(each.name, each.key_id) for each in self.signatures}
        return tuple(each for each in signatures if (each.name, each.key_id) not in there)


class VerifierKey(NamedTuple):
    """A public key of Ed25519, with the name under which it signs.

    Attributes:
        algorithm: `ED25519`, or `COSIGNATURE` for the key of a witness.
    """

    name: str
    public_key: bytes
    algorithm: int = ED25519

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature names the key."""
        return key_id(self.name, self.public_key, self.algorithm)

    @property
    def text(self) -> str:
        """The key as it is given to those who verify: a "vkey"."""
        return f"{self.name}+{self.key_id.hex()}+{in_base64(bytes([self.algorithm]) + self.public_key)}"


def key_id(name: str, public_key: bytes, algorithm: int = ED25519) -> bytes:
    """The id of a key of Ed25519, or of that of a witness."""
    return sha256(f"{name}\n".encode() + bytes([algorithm]) + public_key).digest()[:_KEY_ID_BYTES]


def check_key_name(name: str) -> None:
    """Check that a key may have this name.

    Raises:
        InvalidKey: it is empty, or has blanks, control characters or a plus.
    """
    if not name or "+" in name or _CONTROL.search(name) or any(char.isspace() for char in name):
        raise InvalidKey(f"{name!r} is no name of a key: it is empty, or has blanks or a plus")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidKey(f"{name!r} is no name of a key: it is no Unicode text") from None


def parse_verifier_key(text: str, algorithm: int = ED25519) -> VerifierKey:
    """The key that `NAME+ID+KEY` means.

    Args:
        text: the key.
        algorithm: `COSIGNATURE` if the key of a witness is wanted.

    Raises:
        InvalidKey: it is none of Ed25519 or not of that kind, or its id is not its own.
    """
    match = _KEY.fullmatch(text)
    if match is None:
        raise InvalidKey("it is not written as NAME+ID+KEY: a name, 8 hex digits, base64")
    name, told_id = match[1], match[2]
    check_key_name(name)
    try:
        key = from_base64(match[3])
    except ValueError as problem:
        raise InvalidKey(f"behind its id, {problem}") from None
    if key[:1] == bytes([COSIGNATURE]) != bytes([algorithm]):
        raise InvalidKey("it is the key of a witness")
    if key[:1] != bytes([algorithm]) or len(key) != 1 + PUBLIC_KEY_BYTES:
        raise InvalidKey("it is no key of Ed25519" if algorithm == ED25519 else "it is no key of a witness")
    found = VerifierKey(name, key[1:], algorithm)
    if found.key_id.hex() != told_id:
        raise InvalidKey(f"its id is {found.key_id.hex()} and not {told_id}: a character of it was changed")
    return found


def parse_note(raw: bytes) -> Note:
    """The note that was written down so.

    Raises:
        InvalidNote: it is none.
    """
    if len(raw) > NOTE_BYTES_MAX:
        raise InvalidNote(f"it is longer than {NOTE_BYTES_MAX:,} bytes")
    try:
        written = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidNote("it is no UTF-8") from None
    if _CONTROL.search(written):
        raise InvalidNote("it has control characters")
    text, between, lines = written.rpartition("\n\n")
    if not between or not lines.endswith("\n"):
        raise InvalidNote("it has no signatures behind an empty line, each ended by LF")
    signatures = tuple(_signatures(lines.removesuffix("\n").split("\n")))
    return Note(f"{text}\n", signatures)


def _signatures(lines: list[str]) -> Iterator[Signature]:
    if len(lines) > SIGNATURES_MAX:
        raise InvalidNote(f"it has more than {SIGNATURES_MAX} signatures")
    for line in lines:
        name, _, written = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH):
            raise InvalidNote(f"a signature begins with {_DASH!r}")
        try:
            check_key_name(name)
            signature = from_base64(written)
        except (InvalidKey, ValueError) as problem:
            raise InvalidNote(f"a signature is not well-formed: {problem}") from None
        if len(signature) <= _KEY_ID_BYTES:
            raise InvalidNote("a signature is too short")
        yield Signature(name, signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:])
