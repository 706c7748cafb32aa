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

EVIDENCE_ENTRIES = (*v.EVIDENCE, v.LedgerRecovered.TYPE)
_BACK_MAX = 20_000
"""So many entries before the first one that is read are looked at for what they say of keys and checkpoints."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """The key that signs from an entry on, as those get it who verify."""

    seq: int
    time: datetime
    vkey: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A signed checkpoint: the entries before `size`, by entry `seq`."""

    size: int
    root: str
    key_id: str
    seq: int
    time: datetime


class Anchor(msgspec.Struct, kw_only=True):
    """Who else remembers: a witness, or an anchor, up to which size, and what it refused since.

    Attributes:
        name: of the anchor, or of the key of the witness; kind: `witness` or `anchor`.
        size: the largest checkpoint that it has; seq, time: by which entry, and when; None: it has none.
        failing_since, error: since when it takes none, and why; None, empty: it takes them.
    """

    name: str
    kind: str
    size: int = 0
    seq: int | None = None
    time: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""


class Interruption(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger was recovered after a crash, or continued after a restore: entry `seq`, whose payload is `data`."""

    seq: int
    time: datetime
    type: str
    actor: str
    data: dict[str, Any]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The ledger was to be signed and was not, and has not been since: entry `seq` says why."""

    seq: int
    time: datetime
    reason: str


class Evidence:
    """What entries say about keys, checkpoints and anchors, up to the end of the ledger.

    Attributes:
        origin: the name under which the ledger signs; empty: it does not.
        keys: those that were told of, the newest last.
        before: the last checkpoint that covers nothing of the range, or of which that can be said by its time.
        after: the first checkpoint after the end of the range; newest: the last of all.
        signed: how many there are. refused: why none is signed any more; None: they are.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self.origin = ""
        self.keys: list[Key] = []
        self.before: Checkpoint | None = None
        self.after: Checkpoint | None = None
        self.newest: Checkpoint | None = None
        self.signed = 0
        self.refused: Refusal | None = None
        self.anchors: dict[tuple[str, str], Anchor] = {}
        self.interruptions: Listed[Interruption] = Listed()

    def look_back(self, store: EventStore, first: int) -> None:
        """What the entries shortly before the first one that is read say: how things stood then.

        Raises:
            Corrupt: an entry does not stand where the chain says.
        """
        near = islice(store.read_backwards(first), _BACK_MAX)
        for entry in reversed([each for each in near if each.type in EVIDENCE_ENTRIES]):
            self.took_place(entry)

    def took_place(self, entry: Entry) -> None:
        """Take in an entry about evidence."""
        data = v.payload(entry)
        match data:
            case v.KeyCreated():
                self.origin = data.origin
                self.keys.append(Key(seq=entry.seq, time=entry.time, vkey=data.vkey))
            case v.KeyRotated():
                self.keys.append(Key(seq=entry.seq, time=entry.time, vkey=data.vkey))
            case v.CheckpointSigned():
                self._signed(entry, data)
            case v.CheckpointRefused():
                self.refused = Refusal(seq=entry.seq, time=entry.time, reason=data.reason)
            case v.CheckpointCosigned():
                self._kept(self._anchor("witness", data.witness), entry, data.size)
            case v.CheckpointAnchored():
                self._kept(self._anchor("anchor", data.anchor), entry, data.size)
            case v.CheckpointAnchorFailed():
                anchor = self._anchor("anchor", data.anchor)
                anchor.failing_since, anchor.error = entry.time, data.error
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

    def _signed(self, entry: Entry, data: v.CheckpointSigned) -> None:
        found = Checkpoint(size=data.size, root=data.root, key_id=data.key_id, seq=entry.seq, time=entry.time)
        self.signed += 1
        self.refused = None
        self.newest = found
        if entry.time < self._window.begin:
            self.before = found
        elif entry.time >= self._window.end and self.after is None:
            self.after = found

    def _continued(self, entry: Entry, data: v.LedgerContinued) -> None:
        self.origin, self.refused = data.origin, None
        # What others have is of the name before, and may be more than the ledger has: it says nothing of this one.
        self.anchors = {}
        if data.vkey:
            self.keys.append(Key(seq=entry.seq, time=entry.time, vkey=data.vkey))

    def _anchor(self, kind: str, name: str) -> Anchor:
        return self.anchors.setdefault((kind, name), Anchor(name=name, kind=kind))

    def _kept(self, anchor: Anchor, entry: Entry, size: int) -> None:
        anchor.failing_since, anchor.error = None, ""
        if size >= anchor.size:
            anchor.size, anchor.seq, anchor.time = size, entry.seq, entry.time
