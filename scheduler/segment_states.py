"""`python -m scheduler.segment_states HOME`: keeps the folded state at the end of each full segment, then exits.

A scheduler has this done by a process of its own each time a segment is full, so that neither its loop nor the first
question about the past waits for it.
"""

from __future__ import annotations

import sys

from eventstore import Journal
from scheduler.background import run_in_background
from scheduler.home import Home
from scheduler.past import Past


def keep_states(home: Home) -> None:
    """Keep what is missing.

    Raises:
        LedgerError, OSError: the ledger cannot be read or trusted.
    """
    with Journal.open(home.ledger, software="", read_only=True, create=False) as journal:
        Past.of(home, journal).keep_all()


if __name__ == "__main__":
    sys.exit(run_in_background("segment states", keep_states, sys.argv[1:]))
