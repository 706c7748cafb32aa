"""What the digests of environment values are salted with, so that short secrets cannot be guessed from a ledger.

It never leaves the home.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from eventstore.regular_file import read_regular
from scheduler.home import Home

SALT_BYTES: Final = 32
_SALT_BYTES_MAX: Final = 4_096


def has_salt(home: Home) -> bool:
    """Whether digests of environment values can be made as they are recorded."""
    return _file_of(home).exists()


def kept_salt(home: Home) -> bytes | None:
    """The salt that there is; None if there is none, or it cannot be read."""
    try:
        return read_regular(_file_of(home), _SALT_BYTES_MAX)
    except OSError:
        return None


def salt_of(home: Home) -> bytes:
    """The salt; it is made when it is first needed.

    Where it cannot be made there is none: a digest then differs from the ledger's, and only whoever may write could
    tell the ledger so.
    """
    path = _file_of(home)
    with contextlib.suppress(OSError):
        return read_regular(path, _SALT_BYTES_MAX)
    if not home.config.exists():
        return b""  # this is no home: leave nothing here
    from eventstore.durable import REAL, write_file

    salt = os.urandom(SALT_BYTES)
    try:
        home.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # whoever comes first decides
            write_file(REAL, path, salt, replace=False)
        return read_regular(path, _SALT_BYTES_MAX)
    except OSError:
        return b""


def _file_of(home: Home) -> Path:
    return home.var / "salt"
