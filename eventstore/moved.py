"""`ledger.moved`: the last entry of a ledger that lives elsewhere from then on.

The entry is part of both sides: it is the last one here, and the next entry follows it there. So the chain has no
break, and whoever looks at the old place learns where the ledger is. In a folder nothing is appended behind it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from eventstore.errors import LedgerError
from eventstore.store import Entry

MOVED_TYPE = "ledger.moved"
DATABASE_SCHEME = "postgresql://"


_FLAG = "the ledger was moved to "


class _Payload(msgspec.Struct):
    """The part of the payload of `ledger.moved` that is needed here."""

    where: Annotated[str, msgspec.Meta(min_length=1)]


class Moved(LedgerError):
    """The ledger in this folder lives elsewhere: nothing is appended here any more.

    Attributes:
        folder: the old place.
        where: the new one.
    """

    def __init__(self, folder: Path, where: str) -> None:
        self.folder, self.where = folder, where
        super().__init__(f"{folder}: the ledger was moved to {where}")


def moved_to(entry: Entry) -> str | None:
    """Where the ledger went with this entry; None if it is another kind of entry, or is not as it must be."""
    if entry.type != MOVED_TYPE:
        return None
    try:
        return msgspec.json.decode(entry.data, type=_Payload).where
    except msgspec.ValidationError:
        return None


def moved_to_database(entry: Entry) -> str | None:
    """The address of the database to which the ledger went with this entry, if it went to one."""
    where = moved_to(entry)
    return where if where is not None and where.startswith(DATABASE_SCHEME) else None


def moved_to_folder(entry: Entry) -> str | None:
    """The folder to which the ledger went with this entry, if it went to one, out of a database."""
    where = moved_to(entry)
    return where if where is not None and not where.startswith(DATABASE_SCHEME) else None


def moved_words(folder: Path, host: str) -> str:
    """Why nothing is appended any more in a database whose ledger is moved to a folder: the words of its flag."""
    return f"{_FLAG}{folder} on {host}"


def says_moved(halted: str | None) -> bool:
    """Whether the flag of a database says that its ledger is moved to a folder, or was."""
    return halted is not None and halted.startswith(_FLAG)
