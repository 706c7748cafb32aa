"""Work that a scheduler has done by a process of its own, so that neither its loop nor the first question waits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from eventstore import LedgerError
from scheduler.home import Home

NICENESS = 10
"""Whatever else the machine has to do comes first."""


def run_in_background(name: str, work: Callable[[Home], object], arguments: Sequence[str]) -> int:
    """Do it for the home that is the only argument; 0 if all is done, 1 if not, which is said under `name`."""
    os.nice(NICENESS)
    try:
        work(Home(Path(arguments[0])))
    except (LedgerError, OSError) as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return 1
    return 0
