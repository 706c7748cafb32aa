"""`python -m scheduler.ledger.segment_states HOME`: keeps the state at the end of each full segment, then exits.

A scheduler has this done by a process of its own each time a segment is full, so that neither its loop nor the first
question about the past waits for it. `projections.__main__` is a program of the same form and stays apart: the
projections may not import what stands here, and this needs no projections.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from eventstore import Journal, LedgerError
from scheduler.home import Home
from scheduler.ledger.past import Past

NICENESS = 10
"""Whatever else the machine has to do comes first."""


def main(arguments: list[str]) -> int:
    """Keep what is missing; 0 if all is there now, 1 if the ledger cannot be read."""
    os.nice(NICENESS)
    home = Home(Path(arguments[0]))
    try:
        with Journal.open(home.ledger, software="", read_only=True, create=False) as journal:
            Past.of(home, journal).keep_all()
    except (LedgerError, OSError) as problem:
        print(f"segment states: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
