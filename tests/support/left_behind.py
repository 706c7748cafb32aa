"""What a command that a test killed leaves at work: its runs, and the collector, which stays while they run."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

homes: set[Path] = set()
"""The homes for which this test started a command."""


def end_what_is_left() -> None:
    """Kill the runs and collectors of these homes, and forget the homes; the next test begins without them."""
    roots = {os.fsencode(home) for home in homes}
    homes.clear()
    if not roots:
        return
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            collects = b"scheduler.logs" in words and not roots.isdisjoint(words)
            if collects or _runs_in(process, roots):
                os.kill(int(process.name), signal.SIGKILL)


def _runs_in(process: Path, roots: set[bytes]) -> bool:
    """Whether it is a process of a run: its environment says which run, and in which home."""
    variables = dict(
        variable.partition(b"=")[::2] for variable in (process / "environ").read_bytes().split(b"\0")
    )
    return b"CRONLEDGER_RUN" in variables and variables.get(b"CRONLEDGER_HOME") in roots
