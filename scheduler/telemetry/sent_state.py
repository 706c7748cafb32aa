"""How far the ledger was sent: one small file, kept over restarts and disposable."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from eventstore.durable import REAL, create_folders, write_file
from eventstore.nesting import decode
from eventstore.regular_file import read_regular

_NAME: Final = "sent.json"
_BYTES_MAX: Final = 4_096


class SentState(msgspec.Struct, frozen=True):
    """Up to where all has been sent.

    Attributes:
        ledger: the id of the ledger.
        cursor: the last entry that was sent; -1: none was.
        hash: of that entry, so that a ledger that was restored since is recognised; empty if there is none.
    """

    ledger: str
    cursor: int
    hash: str = ""


def read_sent(folder: Path, ledger_id: str) -> SentState | None:
    """What is kept of this ledger; None if there is nothing, or nothing that can be used."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        found = decode(read_regular(folder / _NAME, _BYTES_MAX), SentState)
        if found.ledger == ledger_id and found.cursor >= -1:
            return found
    return None


def keep_sent(folder: Path, sent: SentState) -> None:
    """Keep it; where that cannot be done, more is sent once more after a restart."""
    with contextlib.suppress(OSError):
        create_folders(REAL, folder)
        write_file(
            REAL, folder / _NAME, msgspec.json.encode(sent), durable=False, beside=folder / f".{_NAME}"
        )
