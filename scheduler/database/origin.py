"""Which database a home's mirror is of: a small file in the mirror's folder, which any command can afford to read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from eventstore.durable import REAL, Disk, write_file
from eventstore.errors import LedgerError
from eventstore.nesting import decode
from eventstore.regular_file import read_regular
from scheduler.home import Home

ORIGIN_NAME = "database.json"
_BYTES_MAX = 8_192
_ENCODER = msgspec.json.Encoder()


class OriginUnusable(LedgerError):
    """There is a mirror, and what says of which database cannot be used.

    Attributes:
        path: the file.
        why: what is wrong with it, in words.
    """

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


class Origin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a mirror is of.

    Attributes:
        address: of the database, as the config names it; never with a password.
        ledger: the identity of the ledger there, 32 hex digits.
        format: of this file.
    """

    address: Annotated[str, msgspec.Meta(pattern=r"^postgresql://[!-~]+\Z", max_length=4_096)]
    ledger: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    format: Literal[1] = 1


def is_on_database(home: Home) -> bool:
    """Whether a home's ledger is in a database: then it has a mirror."""
    return os.path.isdir(home.mirror)


def database_address(home: Home) -> str | None:
    """The database that a home's ledger is in, without a password; None if it is in the home itself.

    Raises:
        OriginUnusable: nobody can say which one it is.
    """
    origin = read_origin(home)
    return None if origin is None else origin.address


def read_origin(home: Home) -> Origin | None:
    """What a home's mirror is of; None if the home's ledger is its own.

    Raises:
        OriginUnusable: there is a mirror, and nobody can say of what.
    """
    path = home.mirror / ORIGIN_NAME
    try:
        return decode(read_regular(path, _BYTES_MAX), Origin)
    except FileNotFoundError:
        if is_on_database(home):
            raise OriginUnusable(path, "there is a mirror, and no such file") from None
        return None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise OriginUnusable(path, why) from None


def write_origin(folder: Path, origin: Origin, disk: Disk = REAL) -> None:
    """Say of which database the mirror in a folder is.

    Raises:
        ValueError: the address is none.
        OSError: it cannot be written.
    """
    raw = _ENCODER.encode(origin) + b"\n"
    try:
        decode(raw, Origin)
    except msgspec.ValidationError as problem:
        raise ValueError(str(problem)) from None
    write_file(disk, folder / ORIGIN_NAME, raw)
