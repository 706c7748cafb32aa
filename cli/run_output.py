"""Captured output of a run: where it is, what the ledger says about it, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.failures import Exit, Failure
from eventstore import Entry, Journal
from scheduler import vocabulary as v
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.logs import RawOutput

_CHUNK_BYTES = 256 * 1024


class Recorded(NamedTuple):
    """What the ledger says about one stream; None where nothing was measured."""

    stream: str
    size_bytes: int | None
    sha256: str | None


class Attempt(NamedTuple):
    """An attempt of a run.

    Attributes:
        run, number, job: whose it is.
        started: the time of its `run.started`.
        finished: the entry that ended it; None while it goes on.
        streams: what is recorded of standard output and standard error.
    """

    run: int
    number: int
    job: str
    started: datetime
    finished: Entry | None
    streams: tuple[Recorded, Recorded]


def find_attempt(journal: Journal, run: int, number: int | None) -> Attempt:
    """The attempt of that number, or the run's last one.

    Raises:
        Failure: there is no such run, or it has not begun, or has no such attempt.
        Corrupt: the ledger is damaged on the way.
    """
    cause = next(iter(journal.read(run, run)), None)
    if cause is None or cause.run != run:
        raise Failure(f"there is no run {run}", "`cronledger jobs history` shows runs and their numbers.")
    started: dict[int, Entry] = {}
    for entry in journal.read(run + 1):
        if entry.run != run:
            continue
        if entry.type == v.RunStarted.TYPE:
            started[v.payload(entry).attempt] = entry
        elif entry.type == v.RunSkipped.TYPE:
            raise Failure(f"run {run} of {entry.job} was skipped: it printed nothing", exit_code=Exit.FAILED)
        elif entry.type == v.RunFinished.TYPE:
            data: v.RunFinished = v.payload(entry)
            if number is None or data.attempt == number:
                return _finished(run, data, entry)
    chosen = max(started, default=0) if number is None else number
    if chosen not in started:
        what = f"has no attempt {number}" if started else "has not begun yet"
        raise Failure(f"run {run} of {cause.job} {what}", exit_code=Exit.FAILED)
    nothing = (Recorded("stdout", None, None), Recorded("stderr", None, None))
    return Attempt(run, chosen, cause.job or "?", started[chosen].time, None, nothing)


def _finished(run: int, data: v.RunFinished, entry: Entry) -> Attempt:
    streams = (
        Recorded("stdout", data.stdout_bytes if data.stdout_sha256 else None, data.stdout_sha256),
        Recorded("stderr", data.stderr_bytes if data.stderr_sha256 else None, data.stderr_sha256),
    )
    return Attempt(run, data.attempt, entry.job or "?", data.started, entry, streams)


def open_output(home: Home, attempt: Attempt, stream: str) -> RawOutput | None:
    """The captured output of one stream; None if there is no file.

    Raises:
        OSError: it cannot be read.
    """
    from scheduler.logs import RawOutput

    return RawOutput.open(home.output(attempt.run, attempt.number, attempt.started, stream))


def copy_output(output: RawOutput, recorded: Recorded, put: Callable[[bytes], object]) -> str:
    """Hand all of it on, byte for byte, and check the digest on the way; what is wrong with it, or nothing.

    What a straggler appended after the run had ended is handed on too, and not covered by the digest.

    Raises:
        OSError: it cannot be read, or not be handed on.
    """
    from scheduler.logs import Damaged

    digest, offset = hashlib.sha256(), 0
    end = recorded.size_bytes
    try:
        while chunk := output.read(offset, _CHUNK_BYTES):
            digest.update(chunk if end is None else chunk[: max(0, end - offset)])
            offset += len(chunk)
            put(chunk)
    except Damaged as problem:
        return f"its compressed file is damaged after {offset:,} bytes: {problem}"
    if end is None:
        return ""
    if offset < end:
        return f"it has {offset:,} bytes, and the ledger says {end:,}"
    if digest.hexdigest() != recorded.sha256:
        return f"its SHA-256 is {digest.hexdigest()}, and the ledger says {recorded.sha256}"
    return ""


def deleted_by(journal: Journal, finished: Entry) -> Entry | None:
    """The first `retention.applied` that deleted logs as old as those of a run that ended so, if there is one."""
    for entry in journal.read(finished.seq + 1):
        if entry.type == v.RetentionApplied.TYPE:
            data: v.RetentionApplied = v.payload(entry)
            if data.kind == "logs" and not data.dry_run and data.deleted and data.cutoff > finished.time:
                return entry
    return None
