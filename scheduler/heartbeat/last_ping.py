"""What became of the last ping, for whoever looks at the home: a small file that means nothing else."""

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
_ERROR_CHARS_MAX: Final = 500


class LastPing(msgspec.Struct, frozen=True):
    """When the last one was tried, and why it did not arrive; empty if it did."""

    time: datetime
    error: str = ""


def keep_last_ping(home: Home, ping: LastPing) -> None:
    """Keep it.

    Raises:
        OSError: it cannot be written.
    """
    kept = LastPing(ping.time, ping.error[:_ERROR_CHARS_MAX])
    write_file(REAL, home.last_ping, msgspec.json.encode(kept), durable=False)


def read_last_ping(home: Home) -> LastPing | None:
    """What is kept; None if there is nothing that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        found = decode(read_regular(home.last_ping, _BYTES_MAX), LastPing)
        if found.time.tzinfo is not None:
            return found
    return None
