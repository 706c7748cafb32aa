"""Following log entries: each new one is shown as it is collected, until Ctrl-C or until the reader leaves.

While no scheduler serves the home, no other process collects log entries, so this one does.
"""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import signal
import stat
from collections.abc import Callable
from pathlib import Path

from cli.app.failures import Failure
from eventstore.errors import LedgerError
from eventstore.regular_file import open_regular
from scheduler.change_watch import CREATED, MODIFIED, ChangeWatch
from scheduler.home import Home
from scheduler.logs.collection.collector import Collector, CollectorRunning
from scheduler.logs.collection.output_watch import OutputWatch
from scheduler.logs.query.query import LogFilter, admitted_lines
from scheduler.logs.storage.day_files import day_files, entries_folder, make_folder
from scheduler.logs.storage.entry import LogEntry
from scheduler.ownership.home_owner import is_foreign
from scheduler.scheduler_lock import holder_of
from scheduler.waiting import Waiter

_TURN_S = 1.0
_SOON_S = 0.1
_READ_BYTES = 1024 * 1024


class NewLines:
    """The lines that are appended to day files from now on.

    Attributes:
        ends: how much of each file existed before, or was returned since, in bytes, by its name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ends = {file.path.name: _size(file.path) for file in day_files(folder) if not file.compressed}

    def blocks(self) -> list[bytes]:
        """Whole lines that were appended since the last call, in the order of their days."""
        found = []
        for file in day_files(self._folder):
            if file.compressed:
                continue
            name = file.path.name
            while raw := self._more(name, file.path):
                found.append(raw)
        return found

    def _more(self, name: str, path: Path) -> bytes:
        end = self.ends.get(name, 0)
        with contextlib.suppress(FileNotFoundError), open(open_regular(path), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            # A batch was taken back and is collected again.
            if size < end:
                self.ends[name] = size
                return b""
            file.seek(end)
            raw = file.read(_READ_BYTES)
            raw = raw[: raw.rfind(b"\n") + 1]
            self.ends[name] = end + len(raw)
            return raw
        # The file was compressed; late entries begin a new one.
        self.ends.pop(name, None)
        return b""


def follow(home: Home, wanted: LogFilter, show: Callable[[LogEntry], None], lines: NewLines) -> None:
    """Show the wanted entries as they come, until a signal asks to stop.

    Raises:
        BrokenPipeError: the reader left.
        OutputLost: standard output cannot be written.
    """
    folder = entries_folder(home)
    if not is_foreign(home):
        make_folder(folder)
    elif not folder.is_dir():
        raise Failure("nothing was collected yet, and the home belongs to another user")
    waiter = Waiter(folder, (signal.SIGINT, signal.SIGTERM))
    own = _OwnCollector(home, waiter.selector)
    try:
        if stat.S_ISFIFO(os.fstat(1).st_mode):
            # Wake up when the reader of a pipe leaves.
            waiter.selector.register(1, selectors.EVENT_READ)
        while not _reader_left():
            own.turn()
            for block in lines.blocks():
                for entry in admitted_lines(block, wanted):
                    show(entry)
            if waiter.wait(0.0 if own.more else _SOON_S if own.pending else _TURN_S):
                return
    finally:
        own.close()
        waiter.close()


class _OwnCollector:
    """Collects while no other process does; registers its watches of ledger and output with its owner's selector."""

    def __init__(self, home: Home, selector: selectors.BaseSelector) -> None:
        self._home, self._selector = home, selector
        self._collector: Collector | None = None
        self._watch: OutputWatch | None = None
        self._ledger_watch = ChangeWatch(selector)
        with contextlib.suppress(FileNotFoundError):
            self._ledger_watch.add(home.ledger, MODIFIED | CREATED)
        self.more = self.pending = False

    def turn(self) -> None:
        """Collect what is new, unless a scheduler serves the home: then a collector runs beside the scheduler."""
        self._ledger_watch.drain()
        self.more = self.pending = False
        if is_foreign(self._home) or holder_of(self._home.scheduler_lock) is not None:
            self._let_go()
            return
        try:
            if self._collector is None:
                self._collector = Collector(self._home)
                self._watch = OutputWatch(self._selector)
            assert self._watch is not None, "they come and go together"
            self._watch.update(self._collector)
            self.more = self._collector.turn()
            self._watch.update(self._collector)
            self.more = self.more or bool(self._collector.dirty)
            self.pending = self._collector.pending
        except (CollectorRunning, OSError, LedgerError):
            self._let_go()

    def close(self) -> None:
        """Close all files and release the lock."""
        self._let_go()
        self._ledger_watch.close()

    def _let_go(self) -> None:
        if self._watch is not None:
            self._watch.close()
        if self._collector is not None:
            self._collector.close()
        self._collector = self._watch = None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _reader_left() -> bool:
    poll = select.poll()
    poll.register(1, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
