"""The file of a consistency proof: all that is needed to check that one checkpoint goes on from another.

    cronledger/consistency-proof@v1
    old 20 PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
    note <base64>
    <a hash in base64, a line for each>

    <the newer checkpoint with its signatures, as `note` has it>

There is no public form for this, so it is made as that of inclusion proofs is. `old` has the size and the root of the
older tree. `note` may be left out: it is the older checkpoint with its signatures. Without it, whoever checks must
know that root from elsewhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from eventstore.proofs.base64_text import in_base64
from eventstore.proofs.consistency import verify_consistency
from eventstore.proofs.errors import InvalidNote, InvalidProof
from eventstore.proofs.files.proof_lines import decoded, parse_hashes, split_proof, written_proof
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.notes.checkpoint import Checkpoint, parse_checkpoint
from eventstore.proofs.notes.note import NOTE_BYTES_MAX, Note, parse_note

FIRST_LINE = "cronledger/consistency-proof@v1"
SUFFIX = ".consistency-proof"
CONSISTENCY_BYTES_MAX = 3 * NOTE_BYTES_MAX
"""More than two notes, one of them in base64, and the hashes of any tree."""
_OLD = re.compile(r"old ([1-9][0-9]{0,18}) ([A-Za-z0-9+/]{43}=)")
_NOTE = "note "
_HASHES_MAX = 64


class ConsistencyFile(NamedTuple):
    """A consistency proof with the two trees that it is about.

    Attributes:
        old: the older tree.
        hashes: the proof, the lowest first.
        note: the newer checkpoint, signed.
        old_note: the older checkpoint, signed; None if the root alone is there.
    """

    old: TreeHead
    hashes: tuple[bytes, ...]
    note: Note
    old_note: Note | None = None

    @property
    def raw(self) -> bytes:
        """The file."""
        lines = [FIRST_LINE, f"old {self.old.size} {in_base64(self.old.root)}"]
        if self.old_note is not None:
            lines.append(f"{_NOTE}{in_base64(self.old_note.raw)}")
        return written_proof(lines, self.hashes, self.note)

    def verify(self) -> Checkpoint:
        """Check that the newer checkpoint's tree begins with the older one.

        Whether the checkpoints are signed by who should have signed them is not checked here.

        Raises:
            InvalidNote: one of them is no checkpoint.
            InvalidProof: the proof does not show that.
        """
        checkpoint = parse_checkpoint(self.note.text)
        if self.old_note is not None and parse_checkpoint(self.old_note.text).head != self.old:
            raise InvalidProof("its older checkpoint is of another tree than it says")
        size, root = checkpoint.head
        verify_consistency(self.old.size, size, self.hashes, self.old.root, root)
        return checkpoint


def is_consistency_file(raw: bytes) -> bool:
    """Whether a file begins as these do."""
    return raw.startswith(f"{FIRST_LINE}\n".encode())


def parse_consistency_file(raw: bytes) -> ConsistencyFile:
    """The proof that a file holds.

    Raises:
        InvalidProof: it holds none.
    """
    lines, written_note = split_proof(raw, CONSISTENCY_BYTES_MAX)
    if lines.pop(0) != FIRST_LINE:
        raise InvalidProof(f"its first line is not {FIRST_LINE}")
    match = _OLD.fullmatch(lines.pop(0)) if lines else None
    if match is None:
        raise InvalidProof("it does not say of which older tree it is")
    old = TreeHead(int(match[1]), decoded(match[2], "the older root"))
    try:
        old_note = None
        if lines and lines[0].startswith(_NOTE):
            old_note = parse_note(decoded(lines.pop(0).removeprefix(_NOTE), "the older checkpoint"))
        note = parse_note(written_note)
    except InvalidNote as problem:
        raise InvalidProof(f"a checkpoint in it is no signed note: {problem}") from None
    hashes = parse_hashes(lines, _HASHES_MAX)
    return ConsistencyFile(old, hashes, note, old_note)
