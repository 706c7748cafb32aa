"""The report of the verification of a whole ledger."""

from __future__ import annotations

import msgspec

from eventstore.errors import Corrupt, TornTail
from eventstore.proofs.merkle_tree import TreeHead
from eventstore.proofs.subtrees import Roots
from eventstore.store import Entry, Head


class Expectation(msgspec.Struct, frozen=True):
    """A head that was noted elsewhere, and what the ledger has in its place.

    Attributes:
        head: the head that was noted.
        found: the hash of that entry in the ledger; None if there is no such sound entry.
    """

    head: Head
    found: str | None

    @property
    def met(self) -> bool:
        """Whether the ledger has the entry that was noted."""
        return self.found == self.head.hash


class ArchivedRange(msgspec.Struct, frozen=True):
    """Entries that are archived.

    Attributes:
        first: the first one.
        last: the last one.
        place: the folder where they are, as the ledger says.
        read: whether they were read there and verified like the others; if not, they are held by their seals, which
            an entry records.
    """

    first: int
    last: int
    place: str
    read: bool


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
        torn: what a crash left behind the last entry; this is no damage, because the next append cuts it off.
        first_damage: where the first damage is, and what it is; None if there is none.
        head_missing: whether there is no readable `HEAD`, so that it is unknown how far the ledger reached once. This
            is not normal, but no damage, because the next append writes one.
        unsealed: the full segments that have no seal, by their first entries. This is no damage, because the next
            process that has the ledger open for writing seals them.
        expectations: the heads that were given, and what the ledger has in their place.
        first: the first entry that was read; the segments before were verified before.
        tree: the size and the root of the tree over the sound entries, if it was wanted.
        roots: the roots of the tree at the sizes that were wanted, as far as the sound entries reach.
        collected: the sound entries of the types that were wanted, in order, out of what was read.
        archived: the entries that are archived.
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
    first: int = 0
    tree: TreeHead | None = None
    roots: Roots = {}
    collected: list[Entry] = []
    archived: list[ArchivedRange] = []

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return self.first_damage is None

    @property
    def as_expected(self) -> bool:
        """Whether the ledger has every head that was given."""
        return all(expectation.met for expectation in self.expectations)

    @property
    def unread(self) -> list[ArchivedRange]:
        """The archived entries that were not read."""
        return [each for each in self.archived if not each.read]

    def is_unread(self, seq: int) -> bool:
        """Whether an entry is archived and was not read."""
        return any(each.first <= seq <= each.last for each in self.unread)
