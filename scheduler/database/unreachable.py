"""That a node cannot reach its database, for whoever looks at the home: a small file that means nothing else.

The ledger cannot tell it, and who reads asks the mirror, not the database, while a scheduler is here.
"""

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
_PROBLEM_CHARS_MAX: Final = 500


class Away(msgspec.Struct, frozen=True):
    """Since when, and why."""

    since: datetime
    problem: str


def keep_away(home: Home, away: Away) -> None:
    """Keep it; where that cannot be done, nobody who looks is told."""
    kept = Away(away.since, away.problem[:_PROBLEM_CHARS_MAX])
    with contextlib.suppress(OSError):
        write_file(REAL, home.database_away, msgspec.json.encode(kept), durable=False)


def forget_away(home: Home) -> None:
    """The database is there, as far as is known."""
    with contextlib.suppress(OSError):
        home.database_away.unlink(missing_ok=True)


def read_away(home: Home) -> Away | None:
    """What is kept; it counts for as long as the scheduler that kept it serves. None: nothing that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
        found = decode(read_regular(home.database_away, _BYTES_MAX), Away)
        if found.since.tzinfo is not None:
            return found
    return None
