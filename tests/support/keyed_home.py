"""A home whose ledger has a key, and what an auditor who knows that key makes of its checkpoints."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from eventstore import kept_sizes
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.kept_checkpoints import parse_kept
from eventstore.proofs.merkle_tree import TreeHead, joined_root, leaf_hashes
from eventstore.proofs.notes.note import VerifierKey, parse_note, parse_verifier_key
from eventstore.proofs.notes.signing import verify_note
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.evidence.keys.creation import create_key
from scheduler.evidence.keys.key_place import KeyPlace, key_place
from scheduler.evidence.settings import LedgerSettings
from scheduler.evidence.signing.signer import Signed, sign_checkpoint
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from tests.support.home import entries_of, record

PERSON = "user:ann@db1"


class KeyedHome:
    """A home with a key in it; what is done to it is done by the code itself."""

    def __init__(self, root: Path, settings: LedgerSettings | None = None) -> None:
        self.home = Home(root)
        self.settings = settings or LedgerSettings()
        with closing(open_ledger(self.home, v.SCHEDULER).store):
            pass

    @property
    def place(self) -> KeyPlace:
        """Where its key is."""
        return key_place(self.home, self.settings)

    def create_key(self) -> VerifierKey:
        """Give it its first key."""
        ledger = open_ledger(self.home, PERSON)
        with closing(ledger.store):
            return create_key(ledger, self.place, self.settings, PERSON, None)

    def record(self, count: int = 1) -> None:
        """Have something happen."""
        record(
            self.home, *(v.event(v.SchedulerStopped(reason=f"test {n}"), v.SCHEDULER) for n in range(count))
        )

    def sign(self) -> Signed | None:
        """Sign what there is."""
        return sign_checkpoint(self.home, self.settings)

    def entries(self, kind: str = "") -> list[Entry]:
        """Its entries, or those of one type."""
        return [entry for entry in entries_of(self.home.root) if kind in ("", entry.type)]

    def check(self) -> list[int]:
        """Hold all that was kept and recorded against the entries, as an auditor does; the sizes that were signed.

        Each note is signed by the key that was the ledger's by the entries before it, about the root of the lines as
        they stand.
        """
        lines = b"".join(path.read_bytes() for path in sorted(self.home.ledger.glob("*.jsonl"))).split(b"\n")
        keys = [parse_verifier_key(v.payload(each).vkey) for each in self.entries(v.KeyCreated.TYPE)]
        for entry in self.entries(v.KeyRotated.TYPE):
            rotated = v.payload(entry)
            note = parse_note(rotated.note.encode())
            assert verify_note(note, keys[-1:])
            assert note.text == f"{rotated.vkey}\n"
            keys.append(parse_verifier_key(rotated.vkey))
        keys += [parse_verifier_key(v.payload(each).vkey) for each in self.entries(v.LedgerContinued.TYPE)]
        sizes = kept_sizes.sizes(self.home.ledger)
        for size in sizes:
            kept = kept_checkpoints.read(self.home.ledger, size)
            assert kept is not None
            assert verify_note(kept.note, keys)
            assert kept.checkpoint.head == TreeHead(size, joined_root(leaf_hashes(lines[:size])))
        for entry in self.entries(v.CheckpointSigned.TYPE):
            told = parse_kept(v.payload(entry).note.encode())
            assert told.size == v.payload(entry).size <= entry.seq
            assert told.size in sizes
        return sizes
