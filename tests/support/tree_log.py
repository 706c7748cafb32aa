"""A log of numbered leaves, with a key, whose checkpoints and proofs are computed by the recursion of RFC 6962."""

from __future__ import annotations

from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint
from eventstore.proofs.notes.note import Note
from eventstore.proofs.notes.signing import Signer
from eventstore.proofs.witnessing.request import AddCheckpoint
from tests.support import merkle_oracle as oracle

ORIGIN = "cronledger/3c9f7d20a1b84e5f9d0c6b7a81e2f354"


class TreeLog:
    """A log.

    Args:
        story: another one has other leaves.
        origin: its name, and that of its key.
        seed: of its key.
    """

    def __init__(self, story: str = "", origin: str = ORIGIN, seed: bytes = bytes(range(32))) -> None:
        self.leaves = [f"{story}{seq}".encode() for seq in range(64)]
        self.origin = origin
        self.signer = Signer(origin, seed)

    def head(self, size: int) -> TreeHead:
        """Of its first leaves."""
        return TreeHead(size, oracle.tree_hash(self.leaves[:size]))

    def note(self, size: int) -> Note:
        """The signed checkpoint of its first leaves."""
        text = Checkpoint(self.origin, self.head(size)).text
        return Note(text, (self.signer.sign(text),))

    def proof(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """That one is the beginning of the other; nothing from the empty one."""
        return tuple(oracle.proof(old_size, self.leaves[:size])) if old_size else ()

    def request(self, old_size: int, size: int) -> AddCheckpoint:
        """What is sent to a witness."""
        return AddCheckpoint(old_size, self.proof(old_size, size), self.note(size))
