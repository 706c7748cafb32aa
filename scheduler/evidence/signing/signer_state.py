"""What the signer remembers: the tree that it signed last, in a file beside the key.

    cronledger signer 1
    cronledger/3c9f7d20a1b84e5f9d0c6b7a81e2f354
    15
    rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1mk427v383cs=
    b50e732d074c574b34a464746a4445f1a6f99d5a0494373a3d11946ac72c0c05
    <a hash in base64 for each whole subtree that the tree consists of, the largest first>

The lines are the name of this format, the origin, the size of the tree, its root in base64, the hash of its last
entry. The file is flushed before the signature of that tree is given out, so that no crash makes the signer forget
what it may have signed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.durable import REAL, Disk, create_folders, write_file
from eventstore.proofs.base64_text import from_base64, in_base64
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.regular_file import read_regular
from eventstore.store import GENESIS
from scheduler.evidence.signing.errors import StateUnusable

_FORMAT: Final = "cronledger signer 1"
_BYTES_MAX: Final = 16_384
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_LINES_MIN: Final = 5


class SignedTree(NamedTuple):
    """A tree as it was signed, or is about to be.

    Attributes:
        origin: the name of its log.
        size: how many entries it has.
        subtrees: the hashes of the whole subtrees that it consists of, see `Frontier`.
        last_hash: the hash of its last entry in the chain.
    """

    origin: str
    size: int = 0
    subtrees: tuple[bytes, ...] = ()
    last_hash: str = GENESIS

    @property
    def head(self) -> TreeHead:
        """Its size and its root."""
        return TreeHead(self.size, Frontier(self.size, self.subtrees).root())


def read_state(path: Path) -> SignedTree | None:
    """What the signer remembers; None if there is no such file.

    Raises:
        StateUnusable: it cannot be read, or is not what a signer wrote.
    """
    try:
        raw = read_regular(path, _BYTES_MAX)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise StateUnusable(str(path), f"it cannot be read: {problem.strerror or problem}") from None
    try:
        return _parsed(raw.decode("utf-8"))
    except ValueError as problem:
        raise StateUnusable(str(path), f"it is not what a signer wrote: {problem}") from None


def write_state(path: Path, tree: SignedTree, disk: Disk = REAL) -> None:
    """Remember a tree; it is on disk on return.

    Raises:
        OSError: it cannot be written.
    """
    lines = [_FORMAT, tree.origin, str(tree.size), in_base64(tree.head.root), tree.last_hash]
    lines += [in_base64(each) for each in tree.subtrees]
    create_folders(disk, path.parent)
    write_file(disk, path, "".join(f"{line}\n" for line in lines).encode())


def _parsed(text: str) -> SignedTree:
    lines = text.split("\n")
    if len(lines) <= _LINES_MIN or lines.pop() or lines[0] != _FORMAT:
        raise ValueError(f"it does not begin with {_FORMAT!r}, or is cut off")
    _, origin, size, root, last_hash, *subtrees = lines
    if not origin or not _SIZE.fullmatch(size) or not _HASH.fullmatch(last_hash):
        raise ValueError("its lines are no origin, size and hash")
    tree = SignedTree(origin, int(size), tuple(from_base64(each) for each in subtrees), last_hash)
    if tree.head.root != from_base64(root):
        raise ValueError("its root is not that of its subtrees")
    return tree
