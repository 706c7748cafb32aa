"""The file of an inclusion proof, as C2SP tlog-proof has it: all that is needed to check an entry without its log.

    c2sp.org/tlog-proof@v1
    extra <base64>
    index 2
    <a hash in base64, a line for each>

    <the checkpoint with its signatures, as `note` has it>

`extra` may be left out. Here it holds the leaf itself, the line of the entry without its LF. Nothing vouches for it
but the proof: its hash must lead to the root.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from eventstore.proofs.base64_text import in_base64
from eventstore.proofs.errors import InvalidNote, InvalidProof
from eventstore.proofs.files.proof_lines import decoded, parse_hashes, split_proof, written_proof
from eventstore.proofs.inclusion import verify_inclusion
from eventstore.proofs.merkle_tree import leaf_hash
from eventstore.proofs.notes.checkpoint import Checkpoint, parse_checkpoint
from eventstore.proofs.notes.note import NOTE_BYTES_MAX, Note, parse_note

SUFFIX = ".tlog-proof"
PROOF_BYTES_MAX = NOTE_BYTES_MAX + 256 * 1024
"""More than a note, the longest leaf in base64, and the hashes of any tree."""
_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_HASHES_MAX = 63


class ProofFile(NamedTuple):
    """An inclusion proof, and the checkpoint to whose root it leads.

    Attributes:
        position: where the leaf stands: its index.
        hashes: the proof, that of the leaf's sibling first.
        note: the checkpoint, signed.
        extra: what else was written into the file, or None.
    """

    position: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    @property
    def raw(self) -> bytes:
        """The file."""
        lines = [_FIRST]
        if self.extra is not None:
            lines.append(f"extra {in_base64(self.extra)}")
        return written_proof([*lines, f"index {self.position}"], self.hashes, self.note)

    def verify(self, leaf: bytes) -> Checkpoint:
        """Check that a leaf, by its bytes, stands where the proof says in the tree of its checkpoint.

        Whether the checkpoint is signed by who should have signed it is not checked here: `signing.verify_note`.

        Raises:
            InvalidNote: there is no checkpoint in it.
            InvalidProof: the proof does not show that.
        """
        checkpoint = parse_checkpoint(self.note.text)
        size, root = checkpoint.head
        verify_inclusion(leaf_hash(leaf), self.position, size, self.hashes, root)
        return checkpoint


def parse_proof_file(raw: bytes) -> ProofFile:
    """The proof that a file holds.

    Raises:
        InvalidProof: it holds none.
    """
    lines, written_note = split_proof(raw, PROOF_BYTES_MAX)
    if lines.pop(0) != _FIRST:
        raise InvalidProof(f"its first line is not {_FIRST}")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decoded(lines.pop(0).removeprefix("extra "), "extra")
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if match is None:
        raise InvalidProof("it does not say at which index the entry stands")
    hashes = parse_hashes(lines, _HASHES_MAX)
    try:
        return ProofFile(int(match[1]), hashes, parse_note(written_note), extra)
    except InvalidNote as problem:
        raise InvalidProof(f"its checkpoint is no signed note: {problem}") from None
