"""Checkpoints, as C2SP tlog-checkpoint has them: the head of a tree, as the text of a note.

    cronledger/3c9f7d20a1b84e5f9d0c6b7a81e2f354
    15
    rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1mk427v383cs=

The lines are the origin, which names the log; the size of the tree in decimal digits; its root in base64. Further
lines are allowed and mean nothing here.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.errors import InvalidNote
from eventstore.proofs.merkle_tree import HASH_BYTES, TreeHead
from eventstore.proofs.notes.note import Note

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """The head of a log's tree.

    Attributes:
        origin: names the log.
        head: the size of its tree, and the root.
        extensions: further lines.
    """

    origin: str
    head: TreeHead
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text of the note that is signed."""
        lines = (self.origin, str(self.head.size), in_base64(self.head.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that the text of a note is.

    Raises:
        InvalidNote: it is none.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise InvalidNote("a checkpoint has three lines or more, and none is empty")
    origin, size, written_root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise InvalidNote("its second line is no size of a tree")
    try:
        root = from_base64(written_root)
    except ValueError as problem:
        raise InvalidNote(f"its third line is no root: {problem}") from None
    if len(root) != HASH_BYTES:
        raise InvalidNote(f"its root does not have {HASH_BYTES} bytes")
    return Checkpoint(origin, TreeHead(int(size), root), tuple(extensions))


def log_signed(note: Note, checkpoint: Checkpoint) -> Note:
    """A signed checkpoint with nothing but the signatures of its log: what it was before anybody cosigned it."""
    return note._replace(signatures=tuple(each for each in note.signatures if each.name == checkpoint.origin))


def origin_hash(origin: str) -> str:
    """By what a log is named in paths of files and pages: SHA-256 of its origin, in lower-case hex digits."""
    return sha256(origin.encode()).hexdigest()
