"""When the ledger of a home was last verified, for whoever watches it: a small file that proves nothing."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Final

import msgspec

from eventstore.durable import REAL, write_file
from eventstore.nesting import decode
from eventstore.regular_file import read_regular
from scheduler.home import Home

_BYTES_MAX: Final = 4_096


class LastVerification(msgspec.Struct, frozen=True):
    """When a verification ended that found everything in order, and how many entries it looked at."""

    time: datetime
    entries: int


def keep_last_verification(home: Home, verified: LastVerification) -> None:
    """Keep it; where that cannot be done, as in a home of somebody else, nothing is kept."""
    with contextlib.suppress(OSError):
        write_file(REAL, home.last_verification, msgspec.json.encode(verified), durable=False)


def last_verification(home: Home) -> LastVerification | None:
    """What is kept; None if there is nothing that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        found = decode(read_regular(home.last_verification, _BYTES_MAX), LastVerification)
        if found.time.tzinfo is not None and found.entries >= 0:
            return found
    return None
