"""What can be wrong with a key, as types that hold facts."""

from __future__ import annotations


class KeyMissing(Exception):
    """There is no file with a private key where the config says.

    Attributes:
        path: where it was looked for.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"there is no private key in {path}")


class KeyUnusable(Exception):
    """The key cannot sign: `place` is where it is, `why` a clause about what is wrong with it."""

    def __init__(self, place: str, why: str) -> None:
        self.place, self.why = place, why
        super().__init__(f"{place}: {why}")


class NoLedgerKey(Exception):
    """The ledger has no key: none was ever recorded."""
