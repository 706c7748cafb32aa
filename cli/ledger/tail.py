"""The newest entries, and each new one as it is appended, on standard output."""

from __future__ import annotations

import os
import select
import selectors
import signal
import stat
from collections.abc import Callable
from contextlib import closing
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from cli.app.failures import complain
from cli.app.ledger_wait import patience_explained
from cli.ledger.entry_json import line_of
from cli.ledger.raw_lines import last_raw_lines, raw_line
from cli.terminal.console import note, out, out_bytes
from cli.times.zones import local_zone
from cli.words.entry_lines import EventLines
from eventstore.errors import Corrupt
from eventstore.store import Entry, EventStore
from scheduler.store import open_folder
from scheduler.waiting import Waiter

_LONG_S = 60.0
_LOOK_S = 5.1
"""So often the database is asked, where no scheduler of this machine does."""


class EntrySelection(NamedTuple):
    """Which entries are shown; None does not restrict."""

    job: str | None
    kind: str | None

    def admits(self, entry: Entry) -> bool:
        """Whether the entry is shown."""
        return (self.job is None or entry.job == self.job) and (
            self.kind is None or fnmatchcase(entry.type, self.kind)
        )


EVERYTHING = EntrySelection(None, None)


class EntryPrinter:
    """Prints entries in one of three forms, each flushed at once."""

    def __init__(self, folder: Path, form: Literal["words", "json", "raw"], *, utc: bool) -> None:
        self._folder, self._form = folder, form
        self._lines = EventLines("UTC" if utc else local_zone(), numbered=True)

    def show(self, entry: Entry) -> None:
        """Print an entry."""
        if self._form == "json":
            out(line_of(entry))
        elif self._form == "raw":
            line = raw_line(self._folder, entry.seq)
            assert line is not None, "an entry that was read has a line"
            self.show_bytes(line.raw)
        else:
            out(self._lines.of(entry))

    def show_bytes(self, raw: bytes) -> None:
        """Print a line as it is if that is what was asked for, else what of it can be shown."""
        if self._form == "raw":
            out_bytes(raw + b"\n")
        else:
            complain(f"no entry: {raw[:200].decode('ascii', 'backslashreplace')}")


def tail_ledger(
    folder: Path,
    selection: EntrySelection,
    count: int,
    printer: EntryPrinter,
    *,
    follow: bool,
    look: Callable[[], None] | None = None,
) -> None:
    """Print the newest `count` entries, and with `follow` each that is appended, until a signal says stop.

    Args:
        folder: the entries; selection: which of them.
        count: how many to begin with; printer: what prints them; follow: also print those that come.
        look: has entries come that nobody else brings into the folder; it is called every few seconds.

    Raises:
        Corrupt: the ledger is damaged; what could be read before that was printed.
        NoLedger, NewerFormat, Unavailable: it cannot be read.
        BrokenPipeError: the reader left.
    """
    try:
        with patience_explained(folder):
            store = open_folder(folder)
    except Corrupt as damage:
        _show_damaged(folder, selection, count, printer, damage)
        raise
    with closing(store):
        if follow:
            _follow(store, selection, count, printer, look)
        else:
            _show_newest(store, selection, count, printer)


def _show_newest(store: EventStore, selection: EntrySelection, count: int, printer: EntryPrinter) -> None:
    newest: list[Entry] = []
    try:
        admitted = (entry for entry in store.read_backwards() if selection.admits(entry))
        for entry in islice(admitted, count):
            newest.append(entry)  # noqa: PERF402 - one by one: what came before a damage is not lost with it
    finally:
        for entry in reversed(newest):
            printer.show(entry)
    if count and not newest and selection != EVERYTHING:
        note("no such entry")


def _show_damaged(
    folder: Path, selection: EntrySelection, count: int, printer: EntryPrinter, damage: Corrupt
) -> None:
    """The last lines of a ledger that cannot be opened: those that speak for themselves, and what is no entry.

    Those before the segment that is damaged are not shown: between them and the end something is missing.
    """
    for line in last_raw_lines(folder, count, damage.segment.with_suffix(".jsonl").name) if count else []:
        entry = line.entry()
        if entry is None or not line.hash_matches:
            printer.show_bytes(line.raw)
        elif selection.admits(entry):
            printer.show(entry)


def _follow(
    store: EventStore,
    selection: EntrySelection,
    count: int,
    printer: EntryPrinter,
    look: Callable[[], None] | None,
) -> None:
    files = store.files
    waiter = Waiter(None if files is None else files.folder, (signal.SIGINT, signal.SIGTERM))
    try:
        _watch_reader(waiter.selector)
        _show_newest(store, selection, count, printer)
        first = store.head().seq + 1
        while not _reader_left():
            for entry in store.follow(first):
                first = entry.seq + 1
                if selection.admits(entry):
                    printer.show(entry)
            if waiter.wait(_LONG_S if look is None else _LOOK_S):
                return
            if look is not None:
                look()
    finally:
        waiter.close()


def _watch_reader(selector: selectors.BaseSelector) -> None:
    """Wake up when the reader of a pipe leaves, not only at the next entry."""
    if stat.S_ISFIFO(os.fstat(1).st_mode):
        selector.register(1, selectors.EVENT_READ)


def _reader_left() -> bool:
    poll = select.poll()
    poll.register(1, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
