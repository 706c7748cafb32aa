"""The collector: turns entries of the ledger and lines that runs print into log entries, each exactly once.

A home has at most one collector at a time; its process holds a lock. Usually that is the process beside the
scheduler (`python -m scheduler.logs HOME`), which sees each line as it is written. If there is no such process, a
command that reads logs first collects what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from eventstore.lock import FileLock
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.logs.collection.job_secrets import JobSecrets
from scheduler.logs.collection.ledger_entries import fact_of, missing_output
from scheduler.logs.collection.output_tail import FollowedOutput, StreamEnd
from scheduler.logs.storage.checkpoint import LOCK, Checkpoint, OutputPosition, read_position, write_position
from scheduler.logs.storage.day_files import DayWriter, entries_folder, make_folder
from scheduler.logs.storage.entry import LogEntry, encode_lines, time_text
from scheduler.logs.storage.resume import earliest_seq, seq_by_entries, settle_move
from scheduler.store import open_committed

TURN_ENTRIES: Final = 2_000
TURN_BYTES: Final = 1024 * 1024
"""One turn takes at most this much of the ledger and of runs that ended: it bounds memory."""
ATTEMPT_BYTES: Final = 512 * 1024
"""One turn reads at most this much of each running run, so that a run with much output does not delay the others."""

_OF_CONFIG: Final = (v.ConfigAccepted.TYPE, v.JobDefined.TYPE, v.SchedulerStarted.TYPE)
_STREAMS: Final = ("stdout", "stderr")

Attempt = tuple[int, int]
"""(run, attempt)"""


class CollectorRunning(Exception):
    """Another collector is at work in this home."""


class Collector:
    """The one collector of a home; after an `OSError` it must be closed, and a new one resumes where it was.

    Args:
        home: the home; now: the clock.

    Attributes:
        dirty: attempts whose output may have grown; the code that watches the files adds to it.
        folders: the folders into which live runs write output, for the code that watches them.

    Raises:
        CollectorRunning: another collector is at work.
        NoLedger, Corrupt, NewerFormat, Unavailable: the ledger cannot be read.
        OSError: the folder of the entries cannot be written.
    """

    def __init__(self, home: Home, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._home, self._now = home, now
        self.folder = entries_folder(home)
        # The ledger is opened first: if there is none, no folder and no lock is made.
        self._ledger = open_committed(home)
        self._lock: FileLock | None = None
        try:
            self._lock = _take(self.folder)
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        ledger, folder = self._ledger, self.folder
        position = read_position(folder)
        if position is None:
            last = ledger.refresh()
            begin = seq_by_entries(folder, last, self._holds, earliest_seq(last))
            position = Checkpoint(ledger=ledger.ledger_id, next_seq=begin)
        elif position.ledger != ledger.ledger_id:
            position = Checkpoint(ledger=ledger.ledger_id, next_seq=earliest_seq(ledger.refresh()))
        elif self._was_set_back(position):
            # It was restored, or a power cut lost entries that were never flushed: their numbers are given again.
            last = ledger.refresh()
            near = min(position.next_seq, last + 1)
            position.next_seq, position.hash = seq_by_entries(folder, last, self._holds, near), ""
            position.outputs = [each for each in position.outputs if each.run < position.next_seq]
        self.position = position
        self._writer = DayWriter(folder, position, self._announce)
        settle_move(folder, position)
        self._writer.recover()
        self._written = msgspec.json.encode(position)
        write_position(folder, position)
        self._secrets = JobSecrets(self._home)
        self._followed: dict[Attempt, list[FollowedOutput]] = {}
        for output in position.outputs:
            key = (output.run, output.attempt)
            self._followed.setdefault(key, []).append(FollowedOutput(self._home, output))
        self.dirty: set[Attempt] = set(self._followed)
        self._new: list[LogEntry] = []
        self._left_bytes = 0

    def _was_set_back(self, position: Checkpoint) -> bool:
        """Whether the ledger does not have the last entry that was taken."""
        if position.next_seq > self._ledger.newest_seq + 1:
            return True
        if not position.hash:
            return False
        last = next(iter(self._ledger.read(position.next_seq - 1)), None)
        return last is None or last.hash != position.hash

    def _holds(self, told: LogEntry, seq: int) -> bool:
        """Whether the ledger has the entry, of this number, that a log entry tells of."""
        if not 0 <= seq <= self._ledger.newest_seq:
            return False
        entry = next(iter(self._ledger.read(seq)), None)
        kind = None if told.fields is None else told.fields.get("type")
        return entry is not None and (time_text(entry.time), entry.type) == (told.time, kind)

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger that is followed."""
        return self._ledger.ledger_id

    @property
    def pending(self) -> bool:
        """Whether entries of the ledger will be committed in a moment; then `turn` must be called again."""
        return self._ledger.pending

    @property
    def live(self) -> bool:
        """Whether a run is running that may print more."""
        return bool(self._followed)

    @property
    def folders(self) -> set[Path]:
        """The folders into which live runs write output."""
        return {outputs[0].path.parent for outputs in self._followed.values()}

    def follows(self, name: str) -> bool:
        """Whether the output file of that name belongs to a run that has not ended."""
        return any(output.path.name == name for outputs in self._followed.values() for output in outputs)

    def look_at_all(self) -> None:
        """Note that the output of any live run may have grown."""
        self.dirty.update(self._followed)

    def turn(self) -> bool:
        """Take a bounded part of what is new and write it; True if there may be more right away.

        Raises:
            OSError: it could not be written or read.
            Corrupt: the ledger is damaged.
        """
        self._left_bytes = TURN_BYTES
        more = self._take_entries()
        for attempt in sorted(self.dirty):
            self._left_bytes = ATTEMPT_BYTES
            if attempt not in self._followed or not self._pump(attempt, None):
                self.dirty.discard(attempt)
            if len(self._new) > TURN_ENTRIES:
                self.commit()
        self.commit()
        return more or bool(self.dirty)

    def commit(self) -> None:
        """Write the new log entries, then the position that says they were taken.

        Raises:
            OSError: it could not be written.
        """
        if self._new:
            self._writer.append(_by_day(self._new))
            self._new = []
        self.position.outputs = [output.position for outputs in self._followed.values() for output in outputs]
        self._write_if_changed()

    def close(self) -> None:
        """Close the files and release the lock; the next collector takes again what was not committed."""
        self._ledger.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_entries(self) -> bool:
        if self.position.next_seq > self._ledger.refresh():
            return False
        for count, entry in enumerate(self._ledger.read(self.position.next_seq)):
            if count >= TURN_ENTRIES or not self._take_entry(entry):
                return True
            self.position.next_seq, self.position.hash = entry.seq + 1, entry.hash
        return False

    def _take_entry(self, entry: Entry) -> bool:
        """Take one entry of the ledger; False if output before it did not fit into this turn."""
        if entry.type in _OF_CONFIG:
            self._secrets.changed()
        elif entry.type == v.RunStarted.TYPE and entry.run is not None:
            self._follow(entry.run, v.payload(entry).attempt, entry.job or "?", entry.time)
        elif entry.type == v.RunFinished.TYPE and entry.run is not None and not self._finish(entry):
            return False
        self._new.append(fact_of(entry, self._secrets.masker(entry.job)))
        return True

    def _follow(self, run: int, attempt: int, job: str, started: datetime) -> None:
        positions = [
            OutputPosition(run=run, attempt=attempt, job=job, started=started, stream=stream)
            for stream in _STREAMS
        ]
        self._followed[run, attempt] = [FollowedOutput(self._home, position) for position in positions]
        self.dirty.add((run, attempt))

    def _finish(self, entry: Entry) -> bool:
        """Take the rest of an attempt's output; False if it was too much for one turn."""
        data: v.RunFinished = v.payload(entry)
        assert entry.run is not None, "a run has a number"
        if data.closes is not None:
            return True  # it ends a wait: the output of the last attempt was taken when that ended
        attempt = (entry.run, data.attempt)
        if attempt not in self._followed:
            self._follow(entry.run, data.attempt, entry.job or "?", data.started)
        recorded = ((data.stdout_bytes, data.stdout_sha256), (data.stderr_bytes, data.stderr_sha256))
        # A stream that was not measured has no digest; an empty stream has neither digest nor file.
        endings = [StreamEnd(entry.time, size if digest else None) for size, digest in recorded]
        if self._pump(attempt, endings):
            return False
        masker = self._secrets.masker(entry.job)
        for output, ending in zip(self._followed[attempt], endings, strict=True):
            self._new.extend(output.last(masker, ending))
            if output.missing_bytes:
                at, lost = time_text(entry.time), output.missing_bytes
                self._new.append(missing_output(at, output.position, lost, unreadable=output.unreadable))
        del self._followed[attempt]
        self.dirty.discard(attempt)
        return True

    def _pump(self, attempt: Attempt, endings: list[StreamEnd] | None) -> bool:
        """Take what an attempt has printed since the last look; True if more may be left than this turn allows."""
        more = False
        for number, output in enumerate(self._followed[attempt]):
            ending = None if endings is None else endings[number]
            masker = self._secrets.masker(output.position.job)
            before = output.read_bytes
            if self._left_bytes > 0:
                self._new.extend(output.pump(masker, self._now(), self._left_bytes, ending))
                self._left_bytes -= output.read_bytes - before
            if ending is not None:
                more = more or not output.drained(ending)
        return more or self._left_bytes <= 0

    def _write_if_changed(self) -> None:
        raw = msgspec.json.encode(self.position)
        if raw != self._written:
            write_position(self.folder, self.position)
            self._written = raw

    def _announce(self) -> None:
        """Write the position that was committed last, with the lengths of the files that are written next."""
        committed = msgspec.json.decode(self._written, type=Checkpoint)
        committed.days = dict(self.position.days)
        write_position(self.folder, committed)
        self._written = msgspec.json.encode(committed)


def _take(folder: Path) -> FileLock:
    """Take the lock of a home's collector.

    Raises:
        CollectorRunning: another collector holds it.
    """
    make_folder(folder)
    lock = FileLock(folder / LOCK)
    if not lock.try_take():
        lock.close()
        raise CollectorRunning
    return lock


def _by_day(entries: Iterable[LogEntry]) -> dict[str, bytes]:
    days: dict[str, list[LogEntry]] = {}
    for entry in entries:
        days.setdefault(entry.time[:10], []).append(entry)
    return {day: encode_lines(found) for day, found in days.items()}
