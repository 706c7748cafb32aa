"""Signing notes with Ed25519, and verifying who has signed one.

The only place that knows the library which does the computing. Its import takes as long as the rest of a command, so
that only what signs or verifies imports this.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.errors import InvalidKey, InvalidNote
from eventstore.proofs.notes.cosignature import cosigned_message, parse_timed_signature, timed_signature
from eventstore.proofs.notes.note import COSIGNATURE, ED25519, Note, Signature, VerifierKey, check_key_name

SEED_BYTES = 32
"""The length of a private key."""
_PRIVATE = "PRIVATE+KEY"
_SIGNER = re.compile(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


class _SecretKey:
    """A private key with the name under which it signs: how it is made, written down and read."""

    _algorithm: ClassVar[int]

    def __init__(self, name: str, seed: bytes) -> None:
        check_key_name(name)
        if len(seed) != SEED_BYTES:
            raise InvalidKey(f"a private key has {SEED_BYTES} bytes")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier_key = VerifierKey(name, self._key.public_key().public_bytes_raw(), self._algorithm)

    def __repr__(self) -> str:
        """The public half alone."""
        return f"{type(self).__name__}({self.verifier_key.text!r})"

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key, from the system's source of randomness."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that `secret_text` gave.

        Raises:
            InvalidKey: it is none; the message holds nothing of it.
        """
        name, seed, told_id = _parse_secret(text, cls._algorithm)
        found = cls(name, seed)
        if found.verifier_key.key_id.hex() != told_id:
            raise InvalidKey("its id is not its own: a character of it was changed")
        return found

    @property
    def secret_text(self) -> str:
        """The key as it is kept, in the form that the tools around signed notes have in common."""
        key = self.verifier_key
        return f"{_PRIVATE}+{key.name}+{key.key_id.hex()}+{in_base64(bytes([key.algorithm]) + self._seed)}"


class Signer(_SecretKey):
    """A private key, with the name under which it signs.

    Attributes:
        verifier_key: its public half.

    Raises:
        InvalidKey: no key may have this name, or the seed does not have 32 bytes.
    """

    _algorithm = ED25519

    def under(self, name: str) -> Signer:
        """The same key under another name.

        Raises:
            InvalidKey: no key may have this name.
        """
        return Signer(name, self._seed)

    def sign(self, text: str) -> Signature:
        """The signature of a text.

        Raises:
            InvalidNote: it is no text of a note: it does not end with LF.
        """
        if not text.endswith("\n"):
            raise InvalidNote("the text of a note ends with LF")
        return Signature(self.verifier_key.name, self.verifier_key.key_id, self._key.sign(text.encode()))


class Cosigner(_SecretKey):
    """The private key of a witness, with the name under which it cosigns.

    Attributes:
        verifier_key: its public half.

    Raises:
        InvalidKey: no key may have this name, or the seed does not have 32 bytes.
    """

    _algorithm = COSIGNATURE

    def cosign(self, text: str, time_s: int) -> Signature:
        """The cosignature of the checkpoint with this text, made at a time in seconds since 1970.

        Raises:
            InvalidNote: it is no text of a note: it does not end with LF.
            ValueError: no cosignature has this time.
        """
        if not text.endswith("\n"):
            raise InvalidNote("the text of a note ends with LF")
        signed = self._key.sign(cosigned_message(text, time_s))
        return Signature(self.verifier_key.name, self.verifier_key.key_id, timed_signature(time_s, signed))


def _parse_secret(text: str, algorithm: int) -> tuple[str, bytes, str]:
    """The name, the seed and the id that a private key says."""
    match = _SIGNER.fullmatch(text)
    if match is None:
        raise InvalidKey(f"it is not written as {_PRIVATE}+NAME+ID+KEY")
    try:
        key = from_base64(match[3])
    except ValueError as problem:
        raise InvalidKey(f"behind its id, {problem}") from None
    if key[:1] != bytes([algorithm]):
        raise InvalidKey("it is no key of Ed25519" if algorithm == ED25519 else "it is no key of a witness")
    return match[1], key[1:], match[2]


def verify_note(note: Note, keys: Collection[VerifierKey]) -> list[VerifierKey]:
    """The keys that have signed a note, those of witnesses too; signatures of other keys are passed over.

    Args:
        note: the note.
        keys: those that are trusted.

    Raises:
        InvalidNote: none of them has signed it, or a signature that names one of them is wrong.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found = []
    for each in note.signatures:
        key = known.get((each.name, each.key_id))
        if key is None:
            continue
        if not _has_signed(key, note.text, each.signature):
            raise InvalidNote(f"the signature of {key.name} is wrong")
        if key not in found:
            found.append(key)
    if not found:
        raise InvalidNote("none of the keys has signed it")
    return found


def _has_signed(key: VerifierKey, text: str, signature: bytes) -> bool:
    if key.algorithm == ED25519:
        return is_signed(key.public_key, text.encode(), signature)
    time_s, signed = parse_timed_signature(signature)
    return is_signed(key.public_key, cosigned_message(text, time_s), signed)


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of Ed25519 is right."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
