"""What holding checkpoints against the entries has found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from scheduler.evidence.verification.key_history import KeyHistory

Source = Literal["kept", "entry", "anchor", "key"]
"""Where a checkpoint was found: among those that the ledger keeps, in an entry, or elsewhere; `key`: nowhere."""


class Contradiction(NamedTuple):
    """A checkpoint, or an entry about a key, that does not fit to the entries.

    Attributes:
        source: where it was found.
        where: the file or the entry, in words.
        size: how many entries the checkpoint covers; None if that is not known.
        from_entry: the first entry that may be another one than was signed: a checkpoint of so many entries fits.
        why: what is wrong, in words.
        of_entries: whether it speaks against entries, and not against the checkpoint or a key alone.
    """

    source: Source
    where: str
    size: int | None
    from_entry: int
    why: str
    of_entries: bool = True


class Superseded(NamedTuple):
    """A checkpoint of entries that the ledger went on without, after a restore.

    Attributes:
        where: the file or the entry, in words.
        size: how many entries it covers.
        origin: by which it names the ledger.
        continued: the entry by which the ledger went on.
    """

    where: str
    size: int
    origin: str
    continued: int


class AnchorReport(NamedTuple):
    """What somewhere else is remembered of the ledger.

    Attributes:
        name: the file, folder or address.
        fitting: how many checkpoints of this ledger fit to the entries.
        size: of the largest of them; 0 if none does.
        foreign: how many notes are about something else.
        unread: how many are about a beginning that was not read.
        none: what stands there and is no checkpoint: where, and why not.
    """

    name: str
    fitting: int
    size: int
    foreign: int
    unread: int
    none: Sequence[str] = ()


class EvidenceReport(NamedTuple):
    """What was found.

    Attributes:
        history: the keys.
        kept: how many kept checkpoints fit.
        recorded: how many entries `checkpoint.signed` fit.
        covered: the size of the largest checkpoint, signed by a key of the ledger, that fits; 0 if none does.
        vouched: the same of those that a trusted key has signed.
        witnessed: the same of those that a witness whose key was given has cosigned.
        unkept: the sizes of checkpoints that are recorded, and of which no file is kept.
        unrecorded: the sizes of checkpoints of which a file is kept, and no entry is there.
        unread: how many checkpoints are about a beginning that was not read.
        cosigned: how many entries tell of a cosignature of a witness whose key was not given.
        receipts: how many entries hold what an anchor answered, such as a time stamp: these are not verified here.
        superseded: those that reach into entries which the ledger went on without.
        contradictions: what does not fit, of the ledger's own.
        anchors: what is remembered elsewhere.
        anchor_contradictions: what does not fit of that; and the keys that were given, and have signed nothing here.
    """

    history: KeyHistory
    kept: int
    recorded: int
    covered: int
    vouched: int
    witnessed: int
    unkept: Sequence[int]
    unrecorded: Sequence[int]
    unread: int
    cosigned: int
    receipts: int
    superseded: Sequence[Superseded]
    contradictions: Sequence[Contradiction]
    anchors: Sequence[AnchorReport]
    anchor_contradictions: Sequence[Contradiction]
