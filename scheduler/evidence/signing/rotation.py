"""Another key for a ledger: the key before it says so, by its signature, in an entry.

With a key in a file the order is: the next key is kept beside it; the entry is recorded; the next key takes the place
of the key. After a crash before the entry the next key is left, and taken by the next rotation; after one behind it,
whoever signs next brings it to its end.
"""

from __future__ import annotations

import contextlib

from eventstore.durable import REAL
from eventstore.proofs.notes.note import VerifierKey, parse_verifier_key
from eventstore.proofs.notes.signing import Signer
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.evidence.keys.creation import named_key
from scheduler.evidence.keys.errors import KeyMissing, NoLedgerKey
from scheduler.evidence.keys.key_file import keep_key, key_of_ledger, read_key
from scheduler.evidence.keys.key_lock import signing_alone
from scheduler.evidence.keys.key_place import KeyPlace
from scheduler.evidence.keys.signature import signed_note
from scheduler.evidence.signing.signer import record_lost
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger


def rotate_key(
    home: Home, ledger: Ledger, place: KeyPlace, actor: str, claims: Claims | None, *, vkey: str = ""
) -> VerifierKey:
    """Have another key sign from here on.

    Args:
        home: the home.
        ledger: its ledger.
        place: where the key is that signs now.
        actor: who does it.
        claims: what is said about them.
        vkey: the public key that is to sign, if it is kept elsewhere; by default a new one is made and kept.

    Returns:
        The new public key.

    Raises:
        NoLedgerKey: the ledger has no key.
        InvalidKey: `vkey` is no key, or does not have the ledger's name.
        KeyMissing, KeyUnusable: the key that signs now cannot.
        SigningRefused, DamagedCheckpoint: what was kept last is not on record, and not of this ledger.
        Unavailable, Poisoned, Corrupt: the ledger cannot be written.
        OSError: a file cannot be written.
    """
    with signing_alone(place):
        ledger.refresh()
        evidence = ledger.state.evidence
        if evidence is None:
            raise NoLedgerKey
        # What the key before has signed is recorded before another one signs.
        record_lost(home, ledger)
        present = parse_verifier_key(evidence.vkey)
        is_kept = place.file is not None and not vkey
        if is_kept:
            key_of_ledger(place, present)
        key = _successor(place, present) if is_kept else named_key(vkey, evidence.origin)
        note = signed_note(place, f"{key.text}\n", present)
        payload = v.KeyRotated(vkey=key.text, note=note.raw.decode(), claims=claims)
        ledger.decide(lambda _: [v.event(payload, actor)])
        if is_kept:
            assert place.file is not None, "a key is kept in a file"
            REAL.rename(place.successor, place.file)
        return key


def _successor(place: KeyPlace, present: VerifierKey) -> VerifierKey:
    """The next key, kept beside the key; one that a rotation left before it was recorded is as good as a new one."""
    with contextlib.suppress(KeyMissing):
        left = read_key(place.successor).under(present.name).verifier_key
        if left != present:
            return left
    signer = Signer.generate(present.name)
    keep_key(place.successor, signer)
    return signer.verifier_key
