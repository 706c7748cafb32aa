"""`python -m projections HOME`: makes the projections of sealed segments that are missing, merges, then exits.

A scheduler has this done by a process of its own each time a segment is full, so that neither its loop nor the first
question after a long time waits for it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from eventstore.errors import LedgerError
from projections.build.maintenance import maintain
from scheduler.home import Home

NICENESS = 10
"""Whatever else the machine has to do comes first."""


def main(arguments: list[str]) -> int:
    """Make what is missing, and merge what is due; 0 if all is there now, 1 if not."""
    os.nice(NICENESS)
    try:
        maintain(Home(Path(arguments[0])))
    except (LedgerError, OSError) as problem:
        print(f"projections: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
