"""The first key of a ledger: made or taken over, kept, and recorded."""

from __future__ import annotations

from pathlib import Path

from eventstore.proofs.errors import InvalidKey
from eventstore.proofs.notes.note import VerifierKey, parse_verifier_key
from eventstore.proofs.notes.signing import Signer
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.evidence.keys.errors import KeyUnusable
from scheduler.evidence.keys.key_file import keep_key, read_key
from scheduler.evidence.keys.key_place import KeyPlace
from scheduler.evidence.keys.origin import own_origin
from scheduler.evidence.keys.signature import signed_note
from scheduler.evidence.settings import LedgerSettings
from scheduler.ledger.ledger import Ledger
from scheduler.rules.state import State


class HasKey(Exception):
    """The ledger has a key.

    Attributes:
        vkey: that key.
    """

    def __init__(self, vkey: str) -> None:
        self.vkey = vkey
        super().__init__(f"the ledger has the key {vkey}")


def create_key(
    ledger: Ledger,
    place: KeyPlace,
    settings: LedgerSettings,
    actor: str,
    claims: Claims | None,
    *,
    vkey: str = "",
    existing: bool = False,
) -> VerifierKey:
    """Give the ledger its first key.

    Args:
        ledger: the ledger.
        place: where the private key is, or is to be.
        settings: the `ledger:` block of the config.
        actor: who does it.
        claims: what is said about them.
        vkey: the public key of a command.
        existing: take the key that is in the file, in place of a new one.

    Returns:
        The public key.

    Raises:
        HasKey: the ledger has one.
        FileExistsError: there is a file where the key would be kept.
        InvalidKey: `vkey` is no key, or does not have the ledger's name.
        KeyMissing, KeyUnusable: the key in the file, or behind the command, cannot sign; or the file lies in the
            folder of the ledger.
        Unavailable, Poisoned, Corrupt: the ledger cannot be written.
        OSError: the file cannot be written.
    """
    evidence = ledger.state.evidence
    if evidence is not None:
        raise HasKey(evidence.vkey)
    origin = own_origin(ledger.state.ledger, settings)
    if place.file is None:
        key = named_key(vkey, origin)
        signed_note(place, f"{key.text}\n", key)
    else:
        _check_outside(ledger, place.file)
        signer = read_key(place.file).under(origin) if existing else Signer.generate(origin)
        if not existing:
            keep_key(place.file, signer)
        key = signer.verifier_key
    payload = v.KeyCreated(origin=origin, vkey=key.text, claims=claims)

    def decide(state: State) -> list[Event]:
        if state.evidence is not None:
            raise HasKey(state.evidence.vkey)
        return [v.event(payload, actor)]

    ledger.decide(decide)
    return key


def _check_outside(ledger: Ledger, file: Path) -> None:
    """A key in the folder of the ledger would be in every copy of it, and in the hands of whoever gets one."""
    files = ledger.store.files
    if files is not None and file.resolve().is_relative_to(files.folder.resolve()):
        raise KeyUnusable(
            str(file), "it lies in the folder of the ledger, and would be in every copy of that"
        )


def named_key(vkey: str, origin: str) -> VerifierKey:
    """A public key that somebody names, for a key that signs elsewhere.

    Raises:
        InvalidKey: it is none, or does not have this name.
        KeyUnusable: none was named.
    """
    if not vkey:
        raise KeyUnusable("the command", "its public key is not known")
    key = parse_verifier_key(vkey)
    if key.name != origin:
        raise InvalidKey(f"its name is {key.name}, and the ledger is signed as {origin}")
    return key
