"""What is sent to a witness: a checkpoint, and the proof that it extends the one that the witness cosigned last.

old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
<a hash in base64, a line for each>

<the checkpoint with its signatures, as `note` has it>
"""

from __future__ import annotations

import re
from typing import NamedTuple

from eventstore.proofs.errors import InvalidNote, InvalidProof
from eventstore.proofs.files.proof_lines import parse_hashes, split_proof, written_proof
from eventstore.proofs.notes.note import NOTE_BYTES_MAX, Note, parse_note

REQUEST_BYTES_MAX = NOTE_BYTES_MAX + 4 * 1024
"""More than a note, and as many hashes as there may be."""
HASHES_MAX = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class AddCheckpoint(NamedTuple):
    """A checkpoint for a witness.

    Attributes:
        old_size: how many leaves the tree had that the witness cosigned last; 0 if it cosigned none.
        hashes: the proof of consistency from there, the lowest first.
        note: the checkpoint, signed by its log.
    """

    old_size: int
    hashes: tuple[bytes, ...]
    note: Note

    @property
    def raw(self) -> bytes:
        """As it is sent."""
        return written_proof([f"old {self.old_size}"], self.hashes, self.note)


def parse_request(raw: bytes) -> AddCheckpoint:
    """What was sent.

    Raises:
        InvalidProof: it is not written as it must be.
        InvalidNote: there is no signed note in it.
    """
    (first, *lines), note = split_proof(raw, REQUEST_BYTES_MAX)
    match = _OLD.fullmatch(first)
    if match is None:
        raise InvalidProof("its first line does not say the old size")
    return AddCheckpoint(int(match[1]), parse_hashes(lines, HASHES_MAX), parse_note(note))


def parse_cosignatures(raw: bytes, note: Note) -> Note:
    """The note with the signature lines that a witness answered, none of which is verified.

    A line that the note has already is not added again.

    Raises:
        InvalidNote: it did not answer signature lines.
    """
    answered = parse_note(note.text.encode() + b"\n" + raw)
    if answered.text != note.text:
        raise InvalidNote("it is no list of signatures: it has an empty line")
    more = tuple(each for each in answered.signatures if each not in note.signatures)
    return note._replace(signatures=note.signatures + more)
