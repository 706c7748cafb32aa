"""How the ledger itself stands: its key, its signed checkpoints, and who else remembers them, as entries say it.

An entry says that something was signed, or is kept elsewhere; the signatures themselves are for `ledger verify`.
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from eventstore.store import Entry, EventStore
from projections.audit.findings import Listed
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.rules.evidence import evidence_state
from scheduler.rules.evidence.evidence_state import Refusal, SignedCheckpoint

EVIDENCE_ENTRIES = (*v.EVIDENCE, v.LedgerRecovered.TYPE)
_BACK_MAX = 20_000
"""So many entries before the first one that is read are looked at for what they say of keys and checkpoints."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """The key that signs from an entry on, as those get it who verify."""

    seq: int
    time: datetime
    vkey: str


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """Who else remembers: a witness, or an anchor, up to which size, and what it refused since.

    Attributes:
        name: of the anchor, or of the key of the witness; kind: `witness` or `anchor`.
        size: the largest checkpoint that it has; time: of the entry that says so; None: it has none.
        seq: that entry; None: it has none, or one from long before the range.
        failing_since, error: since when it takes none, and why; None, empty: it takes them.
    """

    name: str
    kind: str
    size: int
    seq: int | None
    time: datetime | None
    failing_since: datetime | None
    error: str


class Interruption(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger was recovered after a crash, or continued after a restore: entry `seq`, whose payload is `data`."""

    seq: int
    time: datetime
    type: str
    actor: str
    data: dict[str, Any]


class Evidence:
    """What entries say about keys, checkpoints and anchors, up to the end of the ledger.

    Attributes:
        origin: the name under which the ledger signs, at its end; empty: it does not.
        keys: those that were told of, the newest last.
        before: the last checkpoint that covers nothing of the range, or of which that can be said by its time.
        after: the first checkpoint after the end of the range; newest: the last of all.
        signed: how many there are. refused: why none is signed any more; None: they are.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self.origin = ""
        self.keys: list[Key] = []
        self.before: SignedCheckpoint | None = None
        self.after: SignedCheckpoint | None = None
        self.newest: SignedCheckpoint | None = None
        self.signed = 0
        self.refused: Refusal | None = None
        self.anchors: dict[tuple[str, str], Anchor] = {}
        # Of each anchor and witness the largest checkpoint that it has, and the last entry that says so.
        self._kept: dict[tuple[str, str], tuple[int, int]] = {}
        self.interruptions: Listed[Interruption] = Listed()

    def look_back(self, store: EventStore, first: int, known: evidence_state.Evidence | None) -> None:
        """What the entries shortly before the first one that is read say: how things stood then.

        Args:
            store: the ledger.
            first: the first entry that is read.
            known: what is known right before it; the entry of the key that signs then is looked at wherever it is.

        Raises:
            Corrupt: an entry does not stand where the chain says.
        """
        near = islice(store.read_backwards(first), _BACK_MAX)
        found = [each for each in near if each.type in EVIDENCE_ENTRIES]
        if known is not None and all(each.seq != known.key_seq for each in found):
            found += store.read(known.key_seq, known.key_seq)
        for entry in reversed(found):
            self.took_place(entry)

    def took_place(self, entry: Entry) -> None:
        """Take in an entry about evidence."""
        data = v.payload(entry)
        match data:
            case v.KeyCreated() | v.KeyRotated():
                self.keys.append(Key(seq=entry.seq, time=entry.time, vkey=data.vkey))
            case v.CheckpointSigned():
                self._signed(entry, data)
            case v.CheckpointCosigned():
                self._has("witness", data.witness, data.size, entry)
            case v.CheckpointAnchored():
                self._has("anchor", data.anchor, data.size, entry)
            case v.LedgerContinued() | v.LedgerRecovered():
                if isinstance(data, v.LedgerContinued):
                    self._continued(entry, data)
                payload = msgspec.json.decode(entry.data, type=dict[str, Any])
                self.interruptions.add(
                    Interruption(
                        seq=entry.seq, time=entry.time, type=entry.type, actor=entry.actor, data=payload
                    )
                )
            case _:
                pass

    def at_end(self, known: evidence_state.Evidence | None) -> None:
        """The ledger has ended, and this is what is known then."""
        if known is None:
            return
        self.origin, self.refused = known.origin, known.refused
        for kind, statuses in (("anchor", known.anchors), ("witness", known.witnesses)):
            for name, status in statuses.items():
                size, seq = self._kept.get((kind, name), (0, None))
                self.anchors[kind, name] = Anchor(
                    name=name, kind=kind, size=status.size, seq=seq if size == status.size else None,
                    time=status.time, failing_since=status.failing_since, error=status.error,
                )  # fmt: skip

    def _signed(self, entry: Entry, data: v.CheckpointSigned) -> None:
        found = SignedCheckpoint(data.size, data.root, data.key_id, entry.seq, entry.time)
        self.signed += 1
        self.newest = found
        if entry.time < self._window.begin:
            self.before = found
        elif entry.time >= self._window.end and self.after is None:
            self.after = found

    def _continued(self, entry: Entry, data: v.LedgerContinued) -> None:
        # What others have is of the name before, and may be more than the ledger has: it says nothing of this one.
        self._kept = {}
        if data.vkey:
            self.keys.append(Key(seq=entry.seq, time=entry.time, vkey=data.vkey))

    def _has(self, kind: str, name: str, size: int, entry: Entry) -> None:
        self._kept[kind, name] = max(self._kept.get((kind, name), (0, -1)), (size, entry.seq))
