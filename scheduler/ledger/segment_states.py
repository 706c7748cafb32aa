"""`python -m scheduler.ledger.segment_states HOME`: keeps the state at the end of each full segment, then exits.

A scheduler has this done by a process of its own each time a segment is full, so that neither its loop nor the first
question about the past waits for it. `projections.__main__` is a program of the same form and stays apart: the
projections may not import what stands here, and this needs no projections.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

from eventstore import LedgerError
from scheduler.home import Home
from scheduler.ledger.past import Past
from scheduler.store import open_store

NICENESS = 10
"""Whatever else the machine has to do comes first."""


def main(arguments: list[str]) -> int:
    """Keep what is missing; 0 if all is there now, 1 if the ledger cannot be read."""
    os.nice(NICENESS)
    home = Home(Path(arguments[0]))
    try:
        with closing(open_store(home)) as store:
            Past.of(home, store).keep_all()
    except (LedgerError, OSError) as problem:
        print(f"segment states: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
