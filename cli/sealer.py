"""Has full segments projected in the background while a scheduler serves."""

from __future__ import annotations

import contextlib
import subprocess
import sys

from eventstore import SEGMENT_ENTRIES
from eventstore.store import Entry
from scheduler.home import Home


class Sealer:
    """Starts a process of its own for it, one at a time, whenever a segment is full.

    Nothing depends on it: a question that finds a projection missing makes it itself.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def notice(self, entry: Entry) -> None:
        """A segment is full when the first entry of the next one is there."""
        if entry.seq == 0 or entry.seq % SEGMENT_ENTRIES:
            return
        if self._process is not None and self._process.poll() is None:
            return  # it projects all that is full when it comes to it
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "projections", str(self._home.root)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
