"""Why a checkpoint is not signed, as types that hold facts."""

from __future__ import annotations


class SigningRefused(Exception):
    """What would be signed contradicts what was signed, or what is remembered of it."""


class NotAnExtension(SigningRefused):
    """The ledger is not one that goes on from what was signed before: it is an older copy, or another history.

    Attributes:
        memory: what remembers it, in words: "the signer", "the kept checkpoint of 12 entries", an anchor.
        size: of the tree that it remembers.
        entries: how many entries the ledger has.
    """

    def __init__(self, memory: str, size: int, entries: int) -> None:
        self.memory, self.size, self.entries = memory, size, entries
        what = (
            f"remembers {size:,} entries, and the ledger has {entries:,}"
            if size > entries
            else f"remembers other entries among the first {size:,}"
        )
        super().__init__(f"{memory} {what}")


class OriginDiffers(SigningRefused):
    """The name that is asked for is not the one under which the ledger has its key.

    Attributes:
        place: what says otherwise: "the config", or the file with the signer's state.
        told: the name there.
        origin: that of the ledger.
    """

    def __init__(self, place: str, told: str, origin: str) -> None:
        self.place, self.told, self.origin = place, told, origin
        super().__init__(f"{place} says {told}, and the ledger has its key under {origin}")


class StateDiffers(OriginDiffers):
    """The signer remembers another ledger, or a later name of this one.

    Attributes:
        path: the file in which it remembers that.
    """

    def __init__(self, path: str, told: str, origin: str) -> None:
        self.path = path
        super().__init__(f"the signer's state, {path},", told, origin)


class StateUnusable(SigningRefused):
    """The file in which the signer remembers what it signed cannot be read or understood."""

    def __init__(self, path: str, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class KeptUnusable(SigningRefused):
    """The newest checkpoint that is kept is not on record, and not signed by the key of the ledger.

    Attributes:
        size: of its tree.
    """

    def __init__(self, size: int, why: str) -> None:
        self.size = size
        super().__init__(f"the kept checkpoint of {size:,} entries is not one of this ledger: {why}")
