"""`python -m projections HOME`: makes the projections of sealed segments that are missing, merges, then exits.

A scheduler has this done by a process of its own each time a segment is full, so that neither its loop nor the first
question after a long time waits for it.
"""

from __future__ import annotations

import sys

from projections.keeping import keep
from scheduler.background import run_in_background

if __name__ == "__main__":
    sys.exit(run_in_background("projections", keep, sys.argv[1:]))
