"""What the verification of a whole ledger has found."""

from __future__ import annotations

import msgspec

from eventstore.errors import Corrupt, TornTail
from eventstore.store import Head


class Expectation(msgspec.Struct, frozen=True):
    """A head that was written down, and what there is in its place.

    Attributes:
        head: what was written down.
        found: the hash of that entry; None if there is no such sound entry.
    """

    head: Head
    found: str | None

    @property
    def met(self) -> bool:
        """Whether the ledger holds what was written down."""
        return self.found == self.head.hash


class VerifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        ledger_id: the ledger, from entry 0; empty if entry 0 cannot be read.
        entries: how many entries are sound, from the first on without a gap.
        segments: how many segments were looked at.
        sealed: how many of them have a seal that was compared.
        bytes: how many bytes the sound entries take.
        head: the last sound entry.
        recoveries: the entries `ledger.recovered` among them, by `seq`.
        torn: what a crash left behind the last entry; no damage, the next append settles it.
        first_damage: where the first damage is, and what it is; None if there is none.
        head_missing: there is no readable `HEAD`: how far the ledger reached once is not known. No damage, for the
            next append writes one, and no normal state either.
        unsealed: the full segments that have no seal, by their first entries. No damage: whoever next has the ledger
            open to write seals them.
        expectations: the heads that were given, and what there is of them.
    """

    ledger_id: str
    entries: int
    segments: int
    sealed: int
    bytes: int
    head: Head
    recoveries: list[int]
    torn: TornTail | None
    first_damage: Corrupt | None
    head_missing: bool = False
    unsealed: list[int] = []
    expectations: list[Expectation] = []

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return self.first_damage is None

    @property
    def as_expected(self) -> bool:
        """Whether every head that was given is there."""
        return all(expectation.met for expectation in self.expectations)
