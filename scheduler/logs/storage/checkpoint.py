"""How far a collector has come: this record makes each line become one entry, whenever the collector is killed.

The position names what was taken (entries of the ledger, bytes of each output that may still grow) and how long
each day file was once these entries were written. It is replaced as a whole after each batch. A collector that
starts cuts each file back to the recorded length: what stands behind it belongs to a batch that is collected again.
Nothing here is flushed to disk, so a power cut may cost the last seconds, but never the order.
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

# Anybody may have written the file: only a name that a day file can have is accepted.
_DayName = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl\Z")]
_Moving = Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl)?\Z")]
_Hash = Annotated[str, msgspec.Meta(max_length=64)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class OutputPosition(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An output file of a run that has not ended.

    Attributes:
        run, attempt, job, stream: to which it belongs.
        started: the time of its `run.started`, which is part of its path.
        offset: where the first line begins that is no entry yet, in bytes.
        in_key: whether that line is inside a private key.
        lines: how many lines of it are entries.
    """

    run: _Count
    attempt: _Count
    job: str
    started: Annotated[datetime, msgspec.Meta(tz=True)]
    stream: Literal["stdout", "stderr"]
    offset: _Count = 0
    in_key: bool = False
    lines: _Count = 0


class Checkpoint(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The position of a collector; the module says how it is used.

    Attributes:
        version: of the file's format.
        ledger: which ledger the numbers belong to.
        next_seq: the first entry that was not taken.
        hash: of the entry before that, by which it is seen that a ledger was restored; empty: not known.
        days: the length of each day file that may grow, by its name, in bytes.
        outputs: the output files of runs that have not ended.
        moving: the name of a day file whose compressed form is complete and takes its place; empty if there is none.
    """

    version: int = VERSION
    ledger: str
    next_seq: _Count
    hash: _Hash = ""
    days: dict[_DayName, _Count] = {}
    outputs: list[OutputPosition] = []
    moving: _Moving = ""


def read_position(folder: Path) -> Checkpoint | None:
    """The position that is kept in a folder of entries; None if there is none, or it is unusable."""
    try:
        position = decode(read_regular(folder / FILE, _BYTES_MAX), Checkpoint)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return position if position.version == VERSION else None


def write_position(folder: Path, position: Checkpoint) -> None:
    """Replace the position.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    raw = msgspec.json.encode(position)
    # If a power cut loses it, the lines themselves tell where to resume (`resume`). So nothing waits for the disk.
    write_file(REAL, folder / FILE, raw, durable=False, beside=folder / f"{FILE}.new")
