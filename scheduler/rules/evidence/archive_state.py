"""The part of the state that is about archives: how much of the ledger is in volumes."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Archive(msgspec.Struct, frozen=True, gc=False):
    """What is on record of volumes, from the first `ledger.archived` on.

    Attributes:
        entries: how many entries are in volumes, from entry 0 on.
        removed: up to before which entry the local files were to be removed; that of entry 0 stays in any case.
        seq: the newest entry that says so.
        time: of that entry.
        place: the folder of the volume that it names.
    """

    entries: int
    removed: int
    seq: int
    time: datetime
    place: str
