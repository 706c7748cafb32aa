"""What follows the ledger and sends it: spans of the runs that ended, and a log record of each entry.

It takes no lock and appends nothing. It holds one batch at a time, and reads no further until that has arrived: a
receiver that is away costs no memory, and gets everything later. What a batch was made of is kept only after it has
arrived, so that after a crash some of it is sent again, with the same ids.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple, Protocol

import msgspec

from eventstore.errors import Archived
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.nodes.node_identity import node_name
from scheduler.notifications.recollection import entry_at, is_as_it_was
from scheduler.notifications.transport import NotDelivered
from scheduler.store import is_on_database, open_committed
from scheduler.telemetry.entry_logs import EntryLog, entry_log
from scheduler.telemetry.run_spans import Span, is_end, run_spans, upstream_entries
from scheduler.telemetry.sent_state import SentState, keep_sent, read_sent

BATCH_ENTRIES: Final = 500
LOOKBACK_ENTRIES: Final = 20_000
"""So far back the beginning is looked for where nothing is kept; so far at most a run's own entries."""
OPEN_RUNS_MAX: Final = 5_000
"""Of so many runs the entries are remembered until they end; of others they are read again."""
RUN_ENTRIES_MAX: Final = 300
AGAIN_S_FIRST: Final = 1.0
AGAIN_S_MAX: Final = 60.0
_BEGINNINGS: Final = frozenset({v.SchedulerStarted.TYPE, v.ConfigAccepted.TYPE, v.LeaderElected.TYPE})


class Sender(Protocol):
    """Takes what is to be sent, and gets it to the receiver."""

    def send(self, spans: list[Span], records: list[EntryLog], ledger_id: str) -> None:
        """Send both; what has arrived of them is not sent again when the same is given once more.

        Raises:
            NotDelivered: it is to be given once more.
        """


class Batch(NamedTuple):
    """What is sent at once: made of the entries up to `sent`."""

    spans: list[Span]
    records: list[EntryLog]
    sent: SentState


class Follower:
    """Sends what a ledger records.

    Args:
        home: the home; sender: sends.
        seconds: a clock that is never set.

    Attributes:
        problem: why the last try did not arrive; empty if it did.

    Raises:
        LedgerError: the ledger cannot be read.
    """

    def __init__(self, home: Home, sender: Sender, seconds: Callable[[], float]) -> None:
        self._home, self._sender, self._seconds = home, sender, seconds
        self._reader = open_committed(home)
        self._open: dict[int, list[Entry]] = {}
        self._batch: Batch | None = None
        self._again_at_s, self._again_s = 0.0, AGAIN_S_FIRST
        self._own_node = node_name() if is_on_database(home) else None
        self.is_deposed = False
        self.problem = ""
        self._reader.refresh()
        self._sent = self._resumed()
        keep_sent(home.telemetry, self._sent)

    def turn(self) -> bool:
        """Send the next batch, if it is time; whether there is more that can be sent at once.

        Raises:
            LedgerError: the ledger is damaged.
        """
        if self._seconds() < self._again_at_s:
            return False
        if self._batch is None:
            self._batch = self._next()
        if self._batch is None:
            return False
        try:
            self._sender.send(self._batch.spans, self._batch.records, self._reader.ledger_id)
        except NotDelivered as problem:
            self.problem = problem.reason
            self._again_at_s = self._seconds() + max(self._again_s, problem.wait_s)
            self._again_s = min(2 * self._again_s, AGAIN_S_MAX)
            return False
        self.problem, self._again_s = "", AGAIN_S_FIRST
        self._sent, self._batch = self._batch.sent, None
        keep_sent(self._home.telemetry, self._sent)
        return True

    def close(self) -> None:
        """Close all files."""
        self._reader.close()

    def _resumed(self) -> SentState:
        """What is kept, if it is of this ledger; else the last start, edit of the config or election."""
        kept = read_sent(self._home.telemetry, self._reader.ledger_id)
        if kept is not None and self._own_node is None and self._is_true(kept):
            return kept
        newest = self._reader.newest_seq
        begin = newest + 1
        for entry in self._reader.read(max(0, newest - LOOKBACK_ENTRIES)):
            if entry.type in _BEGINNINGS:
                begin = entry.seq
        before = self._entry(begin - 1)
        return SentState(self._reader.ledger_id, begin - 1, "" if before is None else before.hash)

    def _is_true(self, kept: SentState) -> bool:
        if not kept.hash:
            return kept.cursor <= self._reader.newest_seq
        return is_as_it_was(self._reader, kept.cursor, kept.hash)

    def _next(self) -> Batch | None:
        """What comes next; None if there is nothing."""
        spans: list[Span] = []
        records: list[EntryLog] = []
        last = None
        for last in islice(self._reader.read(self._sent.cursor + 1), BATCH_ENTRIES):
            if last.type == v.LeaderElected.TYPE and self._own_node is not None:
                self.is_deposed = v.payload(last).node != self._own_node
            # What another version wrote, and this one does not understand, is left out.
            with contextlib.suppress(msgspec.MsgspecError, ValueError):
                spans += self._spans(last)
                records.append(entry_log(self._reader.ledger_id, last))
        if last is None:
            return None
        return Batch(spans, records, SentState(self._reader.ledger_id, last.seq, last.hash))

    def _spans(self, entry: Entry) -> list[Span]:
        """The spans of a run that ends with an entry."""
        if entry.run is None:
            return []
        if entry.type in v.CAUSES and entry.run == entry.seq:
            if len(self._open) < OPEN_RUNS_MAX:
                self._open[entry.run] = [entry]
            return []
        known = self._open.get(entry.run)
        if known is not None and len(known) < RUN_ENTRIES_MAX:
            known.append(entry)
        elif known is not None:
            known[-1] = entry
        if not is_end(entry):
            return []
        entries = self._open.pop(entry.run, None) or self._found(entry)
        if entries[0].type not in v.CAUSES:
            return []
        named = [self._entry(seq) for seq in upstream_entries(entries)]
        upstream = [each.run for each in named if each is not None and each.run is not None]
        return run_spans(self._reader.ledger_id, entries, upstream)

    def _found(self, end: Entry) -> list[Entry]:
        """The entries of a run that began before this follower did: the first ones of it, and its end."""
        assert end.run is not None, "it ends a run"
        with contextlib.suppress(Archived):
            reach = islice(self._reader.read(end.run), min(LOOKBACK_ENTRIES, end.seq - end.run))
            found = [each for each in reach if each.run == end.run]
            return [*found[:RUN_ENTRIES_MAX], end]
        return [end]

    def _entry(self, seq: int) -> Entry | None:
        """An entry; None if there is none, or it is in an archive that cannot be read."""
        with contextlib.suppress(Archived):
            return entry_at(self._reader, seq)
        return None
