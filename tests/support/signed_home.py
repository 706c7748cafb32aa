"""A home whose ledger is signed by hand: what a signer would record and keep, without its program."""

from __future__ import annotations

from pathlib import Path

from eventstore.proofs import kept_checkpoints
from eventstore.proofs.base64_text import in_base64
from eventstore.proofs.kept_checkpoints import Kept
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger
from scheduler.ledger.tree import tree_of

ORIGIN = "cronledger/3c9f7d20a1b84e5f9d0c6b7a81e2f354"


class SignedHome:
    """The home, its ledger, open to append, and its key.

    Attributes:
        home: the home.
        ledger: its ledger.
        signer: the key that signs.
    """

    def __init__(self, root: Path, seed: bytes = bytes(range(32)), origin: str = ORIGIN) -> None:
        self.home = Home(root)
        self.home.var.mkdir(parents=True, exist_ok=True)
        self.ledger: Ledger = open_ledger(self.home, v.SCHEDULER, fsync="never")
        self.signer = Signer(origin, seed)
        if self.ledger.state.evidence is None:
            self._record(v.KeyCreated(origin=origin, vkey=self.signer.verifier_key.text))

    def grow(self, entries: int) -> None:
        """Record something so many times."""
        data = v.ConfigAccepted(config="c", jobs=0)
        self.ledger.record([v.event(data, v.CONFIG) for _ in range(entries)])

    def sign(self, *, is_recorded: bool = True) -> Kept:
        """Sign what is recorded now: keep the checkpoint, and record it."""
        head = self.head()
        text = Checkpoint(self.signer.verifier_key.name, head).text
        note = Note(text, (self.signer.sign(text),))
        kept = kept_checkpoints.keep(self.home.ledger, note.raw)
        if is_recorded:
            self._record(
                v.CheckpointSigned(
                    size=head.size,
                    root=in_base64(head.root),
                    key_id=self.signer.verifier_key.key_id.hex(),
                    note=note.raw.decode(),
                )
            )
        return kept

    def head(self) -> TreeHead:
        """Of the tree over all entries."""
        return tree_of(self.ledger.store, self.home.tree).make().head

    def entries(self, *types: type[v.Payload]) -> list[Entry]:
        """The entries of some types."""
        wanted = {each.TYPE for each in types}
        return [entry for entry in self.ledger.store.read(0) if entry.type in wanted]

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.store.close()

    def _record(self, data: v.Payload) -> None:
        self.ledger.record([Event(type=data.TYPE, actor=v.SCHEDULER, data=data)])
