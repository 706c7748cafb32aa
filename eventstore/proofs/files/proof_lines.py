"""What written proofs have in common: lines, the hashes in base64, an empty line, and a signed checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.errors import InvalidProof
from eventstore.proofs.merkle_tree import HASH_BYTES
from eventstore.proofs.notes.note import Note


def written_proof(lines: Iterable[str], hashes: Iterable[bytes], note: Note) -> bytes:
    """A proof: its first lines, its hashes, and the checkpoint."""
    return "\n".join([*lines, *map(in_base64, hashes), "", ""]).encode() + note.raw


def split_proof(raw: bytes, bytes_max: int) -> tuple[list[str], bytes]:
    """The lines of a written proof, of which there is at least one, and the checkpoint behind them.

    Raises:
        InvalidProof: it is not written so, or longer than `bytes_max`.
    """
    if len(raw) > bytes_max:
        raise InvalidProof(f"it is longer than {bytes_max:,} bytes")
    written, between, note = raw.partition(b"\n\n")
    if not between:
        raise InvalidProof("it has no checkpoint behind an empty line")
    if not written.isascii():
        raise InvalidProof("it has characters beyond ASCII before its checkpoint")
    return written.decode("ascii").split("\n"), note


def parse_hashes(lines: Sequence[str], hashes_max: int) -> tuple[bytes, ...]:
    """The hashes that these lines are.

    Raises:
        InvalidProof: one is none, or there are more than any tree needs.
    """
    if len(lines) > hashes_max:
        raise InvalidProof(f"it has too many hashes: more than {hashes_max} hashes are in no proof")
    hashes = tuple(decoded(line, "a hash") for line in lines)
    if any(len(each) != HASH_BYTES for each in hashes):
        raise InvalidProof(f"a hash does not have {HASH_BYTES} bytes")
    return hashes


def decoded(text: str, what: str) -> bytes:
    """The bytes that a text in base64 means.

    Raises:
        InvalidProof: it means none; the message says that of `what`.
    """
    try:
        return from_base64(text)
    except ValueError as problem:
        raise InvalidProof(f"{what}: {problem}") from None
