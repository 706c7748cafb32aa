"""A ledger that is signed as it grows: by a key that it names, with checkpoints that are kept and recorded.

It signs by the parts of `eventstore.proofs` alone, so that what verifies can be tested without what signs in earnest.
"""

from __future__ import annotations

from pathlib import Path

from eventstore.journal import Journal
from eventstore.proofs import kept_checkpoints
from eventstore.proofs.base64_text import in_base64
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import TreeHead, leaf_hash
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Cosigner, Signer
from eventstore.store import Entry, Event
from scheduler import vocabulary as v

ORIGIN = "cronledger/test"


def signer(number: int, origin: str = ORIGIN) -> Signer:
    """A key, always the same one for a number."""
    return Signer(origin, bytes([number]) * 32)


def lines_of(folder: Path) -> list[bytes]:
    """The lines of a ledger, without their LF."""
    return [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def head_of(folder: Path, size: int | None = None) -> TreeHead:
    """The tree over the first entries, or over all, computed from the lines."""
    frontier = Frontier()
    for line in lines_of(folder)[:size]:
        frontier.add(leaf_hash(line))
    return TreeHead(frontier.size, frontier.root())


def signed_note(head: TreeHead, key: Signer, witness: Cosigner | None = None) -> Note:
    """A checkpoint of a tree."""
    text = Checkpoint(key.verifier_key.name, head).text
    cosigned = () if witness is None else (witness.cosign(text, 1_790_000_000),)
    return Note(text, (key.sign(text), *cosigned))


class SignedLedger:
    """A ledger in a folder, and the key by which it is signed.

    Attributes:
        folder: where it is.
        key: the key that signs now.
    """

    def __init__(self, folder: Path, *, segment_entries: int = 8, key: Signer | None = None) -> None:
        self.folder, self._segment_entries = folder, segment_entries
        self.key = key or signer(1)
        self.append(
            v.event(
                v.KeyCreated(origin=self.key.verifier_key.name, vkey=self.key.verifier_key.text), "user:a@b"
            )
        )

    def append(self, *events: Event) -> list[Entry]:
        """Record some events."""
        with Journal.open(
            self.folder, software="test", segment_entries=self._segment_entries, fsync="never"
        ) as journal:
            return journal.append(events)

    def grow(self, count: int) -> None:
        """Record so many entries that mean nothing."""
        self.append(*[Event(type="note.made", actor="scheduler", data={"n": n}) for n in range(count)])

    def sign(self, *, keep: bool = True, record: bool = True, witness: Cosigner | None = None) -> Note:
        """Sign all entries that there are."""
        note = signed_note(head_of(self.folder), self.key, witness)
        size = int(note.text.split("\n")[1])
        if keep:
            kept_checkpoints.keep(self.folder, note.raw)
        if record:
            payload = v.CheckpointSigned(
                size=size,
                root=in_base64(head_of(self.folder).root),
                key_id=self.key.verifier_key.key_id.hex(),
                note=note.raw.decode(),
            )
            self.append(v.event(payload, v.SCHEDULER))
        return note

    def rotate(self, key: Signer) -> None:
        """Another key signs from here on."""
        text = f"{key.verifier_key.text}\n"
        note = Note(text, (self.key.sign(text),)).raw.decode()
        self.append(v.event(v.KeyRotated(vkey=key.verifier_key.text, note=note), "user:a@b"))
        self.key = key

    def continue_after(self, last: Note, key: Signer, reason: str = "restored") -> None:
        """Go on under another origin, as after a restore."""
        payload = v.LedgerContinued(
            origin=key.verifier_key.name,
            checkpoint=last.raw.decode(),
            reason=reason,
            vkey=key.verifier_key.text,
        )
        self.append(v.event(payload, "user:a@b"))
        self.key = key
