"""The part of the state that is about evidence: who signs, what was signed last, who remembers how much."""

from __future__ import annotations

from datetime import datetime

import msgspec


class SignedCheckpoint(msgspec.Struct, frozen=True, gc=False):
    """The newest `checkpoint.signed`: its tree (`root` in base64), the id of the key, the entry, and its time."""

    size: int
    root: str
    key_id: str
    seq: int
    time: datetime


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """The newest `checkpoint.refused`, behind which nothing was signed: the entry, its time, and why."""

    seq: int
    time: datetime
    reason: str


class AnchorStatus(msgspec.Struct, omit_defaults=True):
    """How it stands with an anchor or a witness.

    Attributes:
        size: of the largest checkpoint that it has; 0 if it has none yet.
        time: of the entry that says so.
        failing_since: of the entry that says that it takes none; None if it takes them.
        error: why not.
    """

    size: int = 0
    time: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""


class Evidence(msgspec.Struct, omit_defaults=True):
    """What is on record from the entry on that created the first key.

    Attributes:
        origin: by which checkpoints name the ledger.
        vkey: the public key that signs, with its name.
        key_seq: the entry by which it does.
        former_keys: those that signed before it, under the same origin.
        signed: the newest checkpoint; None if there is none under this origin.
        refused: why nothing was signed since; None if all is well.
        signed_size: the size of the largest checkpoint of this ledger, whatever its origin was.
        anchors: by kind and target; witnesses by the names of their keys.
        witnesses: see `anchors`.
        continued_seq: the entry by which the ledger went on after a restore.
    """

    origin: str
    vkey: str
    key_seq: int
    former_keys: list[str] = []
    signed: SignedCheckpoint | None = None
    refused: Refusal | None = None
    signed_size: int = 0
    anchors: dict[str, AnchorStatus] = {}
    witnesses: dict[str, AnchorStatus] = {}
    continued_seq: int | None = None

    @property
    def key_id(self) -> str:
        """The 8 hex digits that name the key."""
        return key_id_of(self.vkey)


def key_id_of(vkey: str) -> str:
    """The id in `NAME+ID+KEY`; empty if the text is no such key. Neither a name nor an id has a plus, a key may."""
    parts = vkey.split("+", 2)
    return parts[1] if len(parts) == 3 else ""
