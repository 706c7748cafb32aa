"""Signing a text by the key of the ledger, wherever that is; nothing but a right signature leaves."""

from __future__ import annotations

from eventstore.proofs.notes.note import Note, VerifierKey
from eventstore.proofs.notes.signing import is_signed
from scheduler.evidence.keys.errors import KeyUnusable
from scheduler.evidence.keys.key_command import signature_by_command
from scheduler.evidence.keys.key_file import key_of_ledger
from scheduler.evidence.keys.key_place import KeyPlace


def signed_note(place: KeyPlace, text: str, key: VerifierKey) -> Note:
    """A text, signed by the key that the ledger names.

    Raises:
        KeyMissing, KeyUnusable: the key is not there, is another one, or signs wrongly.
        OSError: see `key_of_ledger`.
    """
    if place.file is not None:
        return Note(text, (key_of_ledger(place, key).sign(text),))
    signature = signature_by_command(place.command, text)
    if (signature.name, signature.key_id) != (key.name, key.key_id):
        signer = f"{signature.name}, id {signature.key_id.hex()}"
        raise KeyUnusable(place.words, f"it signed as {signer}, not as {key.name}, id {key.key_id.hex()}")
    if not is_signed(key.public_key, text.encode(), signature.signature):
        raise KeyUnusable(place.words, "its signature is wrong")
    return Note(text, (signature,))
