"""Has full segments projected, and the state at their ends kept, in the background while a scheduler serves."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from functools import cached_property
from pathlib import Path

from cli.background.program import BackgroundProgram, await_end
from eventstore.errors import LedgerError
from eventstore.genesis import read_creation
from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import Entry
from scheduler.home import Home
from scheduler.vocabulary import NodeJoined, SchedulerStarted

_MODULES = ("projections", "scheduler.ledger.segment_states")
"""What is done for a full segment; each is run with the home as its argument."""


class Sealer:
    """Starts a process of its own for each kind of work, one of a kind at a time, whenever a segment is full.

    Nothing depends on it: a question that finds something missing makes it itself.
    """

    def __init__(self, home: Home) -> None:
        self._ledger = Path(os.path.abspath(home.ledger))
        self._programs = {module: BackgroundProgram(module, home) for module in _MODULES}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def notice(self, entry: Entry) -> None:
        """A segment is full when the first entry of the next one is there.

        At its start, a scheduler has `cronledger.duckdb` written, so that other tools can ask while it runs, and
        states kept, if any segment is full: after an upgrade none is valid.
        """
        if entry.type in (SchedulerStarted.TYPE, NodeJoined.TYPE):
            self._start("projections")
        # Where a node joins, no state is kept: the ledger is in a database.
        if entry.type == SchedulerStarted.TYPE and entry.seq >= self._segment_entries:
            self._start("scheduler.ledger.segment_states")
        if entry.seq == 0 or entry.seq % self._segment_entries:
            return
        for module in _MODULES:
            self._start(module)

    @cached_property
    def _segment_entries(self) -> int:
        """How many entries a segment of this ledger holds; its entry 0 says so, and is read once."""
        try:
            created = read_creation(self._ledger)
        except (LedgerError, OSError):  # the process that writes the ledger reports what is wrong with it
            created = None
        return SEGMENT_ENTRIES if created is None else created.entries_per_segment

    def _start(self, module: str) -> None:
        process = self._processes.get(module)
        if process is not None and process.poll() is None:
            return  # it does all segments that are full when it comes to it
        with contextlib.suppress(OSError, RuntimeError):  # no process, or no thread, can be started
            started = self._processes[module] = self._programs[module].start()
            # It is waited for at once, so that its end is not taken for that of a child that was inherited.
            threading.Thread(
                target=await_end, args=(started,), name=f"wait for {module}", daemon=True
            ).start()
