"""The errors of proofs, as types; the wording for people is in `cli`."""

from __future__ import annotations


class InvalidProof(Exception):
    """A proof that does not show what it should show; the message says why, in words."""


class DamagedTiles(Exception):
    """A tile of a tree is missing, or is not what it must be. Tiles are derived: they can be made again.

    Attributes:
        path: of the file, below the folder of the tree.
    """

    def __init__(self, path: str, why: str) -> None:
        self.path = path
        super().__init__(f"{path}: {why}")


class OtherTree(Exception):
    """A head that is not that of the ledger's tree at that size, or of a tree that is larger than the ledger's.

    Attributes:
        size: of the tree that the head speaks of.
        entries: how many entries the ledger has.
    """

    def __init__(self, size: int, entries: int) -> None:
        self.size, self.entries = size, entries
        super().__init__(
            f"the ledger has {entries:,} entries, {size:,} were said"
            if size > entries
            else f"the first {size:,} entries of the ledger have another root"
        )


class InvalidNote(Exception):
    """Bytes that are no signed note, or a note that is not signed as it should be; the message says why, in words."""


class InvalidKey(Exception):
    """A text that is no key, or a name that no key may have; the message says why, in words."""
