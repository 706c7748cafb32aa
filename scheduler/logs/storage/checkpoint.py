"""How far a collector has come: what makes each line become one entry, no matter when the collector is killed.

The position names what was taken (entries of the ledger, bytes of each output that is still written) and how
long each file of a day was once that had been written into it. It is replaced as a whole after each batch. A
collector that begins cuts each file back to the recorded length: what was written after that belongs to a batch
that it makes again. A power cut may cost the last seconds, never the order: nothing here is flushed to disk.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.nesting import decode
from eventstore.regular_file import read_regular

VERSION: Final = 1
FILE: Final = "position.json"
LOCK: Final = "lock"
_BYTES_MAX: Final = 16 * 1024 * 1024
"""Far more than a home with thousands of live runs needs."""

# Whoever made the folder may have written anything: a name that is not that of a file of a day names no file of ours.
_DayName = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl\Z")]
_Moving = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl)?\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class OutputPosition(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An output file of a run that has not ended.

    Attributes:
        run, attempt, job, stream: whose it is.
        started: the time of its `run.started`, which is part of its path.
        offset: where its first line begins that is no entry yet, in bytes.
        in_key: that line stands in a private key.
    """

    run: _Count
    attempt: _Count
    job: str
    started: Annotated[datetime, msgspec.Meta(tz=True)]
    stream: Literal["stdout", "stderr"]
    offset: _Count = 0
    in_key: bool = False


class Checkpoint(msgspec.Struct, kw_only=True, omit_defaults=True):
    """See the module.

    Attributes:
        version: of this file.
        ledger: which ledger the numbers belong to.
        next_seq: the first entry that was not taken.
        days: length of each file of a day that may grow, by its name, in bytes.
        outputs: those of runs that have not ended.
        moving: a file of a day whose compressed form is complete beside it and takes its place.
    """

    version: int = VERSION
    ledger: str
    next_seq: _Count
    days: dict[_DayName, _Count] = {}
    outputs: list[OutputPosition] = []
    moving: _Moving = ""


def read_position(folder: Path) -> Checkpoint | None:
    """The position that is kept in a folder of entries; None if there is none that could be used."""
    try:
        position = decode(read_regular(folder / FILE, _BYTES_MAX), Checkpoint)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return position if position.version == VERSION else None


def write_position(folder: Path, position: Checkpoint) -> None:
    """Replace the position.

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    raw = msgspec.json.encode(position)
    # Where a power failure takes it the lines themselves tell the place (`resume`), so nothing waits for the disk.
    write_file(REAL, folder / FILE, raw, durable=False, beside=folder / f"{FILE}.new")
