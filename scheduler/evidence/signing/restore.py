"""The way forward after a genuine restore: the ledger goes on under another name, and says from where.

What was signed behind the copy that was restored is lost to it, and stays known to whoever remembers it. No signature
may contradict it. So the ledger gets another name, under which nothing was signed; the entry that gives it holds the
last checkpoint under the name before, as far as anybody here knows of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from eventstore.proofs import kept_checkpoints
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.kept_checkpoints import Kept, parse_kept
from eventstore.proofs.notes.note import VerifierKey, parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.evidence.keys.errors import KeyMissing, NoLedgerKey
from scheduler.evidence.keys.key_file import read_key
from scheduler.evidence.keys.key_lock import signing_alone
from scheduler.evidence.keys.key_place import KeyPlace
from scheduler.evidence.keys.origin import next_origin
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.rules.state import State


def continue_ledger(
    home: Home,
    ledger: Ledger,
    place: KeyPlace,
    reason: str,
    actor: str,
    claims: Claims | None,
    witnessed: Sequence[bytes] = (),
) -> VerifierKey:
    """Have the ledger go on under another name.

    Args:
        home: the home.
        ledger: its ledger, as it was restored.
        place: where the key is.
        reason: why, as a person says it.
        actor: who does it.
        claims: what is said about them.
        witnessed: the checkpoints that others have. The largest of them and of those that are kept here is recorded.

    Returns:
        The public key under the new name. The private one is that in the file, if there is one: it is another than
        the ledger names if the copy is older than a rotation.

    Raises:
        NoLedgerKey: the ledger has no key.
        InvalidNote: what was witnessed is no checkpoint of this ledger.
        KeyUnusable: the file has no key that could sign.
        DamagedCheckpoint: what is kept here is none.
        Unavailable, Poisoned, Corrupt: the ledger cannot be written.
        OSError: a file cannot be read.
    """
    with signing_alone(place):
        ledger.refresh()
        evidence = ledger.state.evidence
        if evidence is None:
            raise NoLedgerKey
        present = parse_verifier_key(evidence.vkey)
        signing = _signing_key(place, present)
        former = [parse_verifier_key(each) for each in evidence.former_keys]
        found = [*_known(home, present), *(_checked(each, [present, signing, *former]) for each in witnessed)]
        known = max(found, key=lambda each: each.size, default=None)
        key = VerifierKey(next_origin(evidence.origin), signing.public_key)
        payload = v.LedgerContinued(
            origin=key.name,
            checkpoint="" if known is None else known.note.raw.decode(),
            reason=reason,
            vkey=key.text,
            claims=claims,
        )

        def decide(state: State) -> list[Event]:
            if state.evidence is None or state.evidence.origin != present.name:
                return []
            return [v.event(payload, actor)]

        ledger.decide(decide)
        return key


def _signing_key(place: KeyPlace, present: VerifierKey) -> VerifierKey:
    """The key that signs from here on, under the present name."""
    if place.file is None:
        return present
    with contextlib.suppress(KeyMissing):
        return read_key(place.file).under(present.name).verifier_key
    return present


def _known(home: Home, key: VerifierKey) -> list[Kept]:
    newest = kept_checkpoints.newest(home.ledger)
    return [newest] if newest is not None and newest.checkpoint.origin == key.name else []


def _checked(raw: bytes, keys: list[VerifierKey]) -> Kept:
    found = parse_kept(raw)
    if found.checkpoint.origin != keys[0].name:
        raise InvalidNote(f"it is one of {found.checkpoint.origin}, and this ledger is {keys[0].name}")
    verify_note(found.note, keys)
    return found
