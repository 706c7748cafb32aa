"""The types of entries about evidence: keys, signed checkpoints, who else remembers them, and archives.

A checkpoint of size N covers the entries 0 to N - 1. What such an entry says is a record, and no proof: the proof is
the signature in `note` or `line`, which anybody can verify who has the key from elsewhere.
"""

from datetime import datetime
from typing import ClassVar, Literal

from scheduler.entry_members import ArchivedSegment, Claims
from scheduler.vocabulary.payload import Payload


class KeyCreated(Payload, frozen=True):
    """The first key of this ledger. From here on its checkpoints name it by `origin`, which never changes by itself.

    `vkey` is the public key as it is given to those who verify.
    """

    TYPE: ClassVar[str] = "key.created"
    origin: str
    vkey: str
    claims: Claims | None = None


class KeyRotated(Payload, frozen=True):
    """Another key signs from here on, `vkey`. `note` has that as its text, signed by the key before it."""

    TYPE: ClassVar[str] = "key.rotated"
    vkey: str
    note: str
    claims: Claims | None = None


class CheckpointSigned(Payload, frozen=True):
    """The tree of the entries before `size` was signed; `root` is its hash in base64, `key_id` names the key.

    `note` is the signed checkpoint itself.
    """

    TYPE: ClassVar[str] = "checkpoint.signed"
    size: int
    root: str
    key_id: str
    note: str


class CheckpointRefused(Payload, frozen=True):
    """The ledger was to be signed and was not, for what `reason` says. Recorded once, until it is signed again."""

    TYPE: ClassVar[str] = "checkpoint.refused"
    reason: str


class CheckpointCosigned(Payload, frozen=True):
    """A witness confirmed that it has seen the checkpoint of `size`, and none that contradicts it.

    `witness` is the name of its key, `key_id` names the key, `line` is its signature as it stands in the note. It
    says that it signed at `signed_at`, by its own clock.
    """

    TYPE: ClassVar[str] = "checkpoint.cosigned"
    size: int
    witness: str
    key_id: str
    signed_at: datetime
    line: str


class CheckpointAnchored(Payload, frozen=True):
    """The checkpoint of `size` is kept by an anchor, which is told by its kind and target.

    `receipt` is what the anchor answered, where it answers something.
    """

    TYPE: ClassVar[str] = "checkpoint.anchored"
    size: int
    anchor: str
    receipt: str | None = None


class CheckpointAnchorFailed(Payload, frozen=True):
    """An anchor did not take the checkpoint of `size`. Recorded once, until it takes one again."""

    TYPE: ClassVar[str] = "checkpoint.anchor_failed"
    size: int
    anchor: str
    error: str


class LedgerContinued(Payload, frozen=True):
    """After a restore a person had the ledger go on without entries that were signed before.

    `checkpoint` is the last signed checkpoint that was found, with its signatures; empty if none was. From here on
    checkpoints name the ledger by `origin`, and `vkey` is the key under that name.
    """

    TYPE: ClassVar[str] = "ledger.continued"
    origin: str
    checkpoint: str
    reason: str
    vkey: str = ""
    claims: Claims | None = None


class LedgerArchived(Payload, frozen=True):
    """The entries `first` to `last`, in whole segments, are in a volume: the folder `place`, verified just before.

    `manifest` is the SHA-256 of its `manifest.json`, `bytes` how long the segments are together, `segments` what each
    of them holds. `local` says whether their files beside the ledger stay, or are removed from here on; that of entry
    0 stays in any case. A volume of very many segments takes several such entries. `repeats` is the entry that said
    all of this before, and is in a segment that is archived itself by now; nothing was verified for this one.
    """

    TYPE: ClassVar[str] = "ledger.archived"
    manifest: str
    place: str
    first: int
    last: int
    count: int
    bytes: int
    segments: list[ArchivedSegment]
    local: Literal["kept", "removed"]
    repeats: int | None = None
    claims: Claims | None = None


class LedgerMoved(Payload, frozen=True):
    """The ledger lives elsewhere from here on: this is its last entry in the old place, the next one follows there.

    `where` is the address of a database, without a password, or a folder; `entries` says how many entries stand
    before this one, and went there too. `home` is the folder of the home from which it was moved, on the machine
    `host`.
    """

    TYPE: ClassVar[str] = "ledger.moved"
    where: str
    entries: int
    host: str
    home: str
    claims: Claims | None = None
