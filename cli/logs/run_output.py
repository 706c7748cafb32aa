"""Captured output of a run: where it is, what the ledger says about it, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.app.failures import ExitCode, Failure
from eventstore import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.logs import RawOutput

_CHUNK_BYTES = 256 * 1024


class RecordedStream(NamedTuple):
    """What the ledger says about one stream; None where nothing was measured."""

    stream: str
    size_bytes: int | None
    sha256: str | None


class CapturedAttempt(NamedTuple):
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
    streams: tuple[RecordedStream, RecordedStream]


def find_attempt(store: EventStore, run: int, number: int | None) -> CapturedAttempt:
    """The attempt of that number, or the run's last one.

    Raises:
        Failure: there is no such run, or it has not begun, or has no such attempt.
        Corrupt: the ledger is damaged on the way.
    """
    cause = next(iter(store.read(run, run)), None)
    if cause is None or cause.run != run:
        raise Failure(f"there is no run {run}", "`cronledger jobs history` shows runs and their numbers.")
    started: dict[int, Entry] = {}
    for entry in store.read(run + 1):
        if entry.run != run:
            continue
        if entry.type == v.RunStarted.TYPE:
            started[v.payload(entry).attempt] = entry
        elif entry.type == v.RunSkipped.TYPE:
            raise Failure(
                f"run {run} of {entry.job} was skipped: it printed nothing", exit_code=ExitCode.FAILED
            )
        elif entry.type == v.RunFinished.TYPE:
            data: v.RunFinished = v.payload(entry)
            if number is None or data.attempt == number:
                return _finished(run, data, entry)
    chosen = max(started, default=0) if number is None else number
    if chosen not in started:
        what = f"has no attempt {number}" if started else "has not begun yet"
        raise Failure(f"run {run} of {cause.job} {what}", exit_code=ExitCode.FAILED)
    nothing = (RecordedStream("stdout", None, None), RecordedStream("stderr", None, None))
    return CapturedAttempt(run, chosen, cause.job or "?", started[chosen].time, None, nothing)


def _finished(run: int, data: v.RunFinished, entry: Entry) -> CapturedAttempt:
    streams = (
        RecordedStream("stdout", data.stdout_bytes if data.stdout_sha256 else None, data.stdout_sha256),
        RecordedStream("stderr", data.stderr_bytes if data.stderr_sha256 else None, data.stderr_sha256),
    )
    return CapturedAttempt(run, data.attempt, entry.job or "?", data.started, entry, streams)


def open_output(home: Home, attempt: CapturedAttempt, stream: str) -> RawOutput | None:
    """The captured output of one stream; None if there is no file.

    Raises:
        OSError: it cannot be read.
    """
    from scheduler.logs import RawOutput

    return RawOutput.open(home.output(attempt.run, attempt.number, attempt.started, stream))


class CopyResult(NamedTuple):
    """What became of handing an output on.

    Attributes:
        wrong: what is wrong with it; empty if it is what the run wrote, as far as that is on record.
        later_bytes: how many bytes stand behind those of the run; they were not handed on.
        unrecorded_bytes: how many were handed on without anything on record to compare them with.
    """

    wrong: str = ""
    later_bytes: int = 0
    unrecorded_bytes: int = 0


def copy_output(output: RawOutput, recorded: RecordedStream, put: Callable[[bytes], object]) -> CopyResult:
    """Hand on what the run wrote, byte for byte, and check the digest on the way.

    What was appended after the run had ended, by a descendant that outlived it or by anybody else, is not of the run
    and is counted. Without a record all that is there is handed on.

    Raises:
        OSError: it cannot be read, or not be handed on.
    """
    from scheduler.logs import DamagedOutput

    digest, offset = hashlib.sha256(), 0
    end = recorded.size_bytes
    try:
        while chunk := output.read(offset, _CHUNK_BYTES):
            own = chunk if end is None else chunk[: max(0, end - offset)]
            digest.update(own)
            offset += len(chunk)
            if own:
                put(own)
    except DamagedOutput as problem:
        return CopyResult(f"its compressed file is damaged after {offset:,} bytes: {problem}")
    if end is None:
        return CopyResult(unrecorded_bytes=offset)
    if offset < end:
        return CopyResult(f"it has {offset:,} bytes, and the ledger says {end:,}")
    if digest.hexdigest() != recorded.sha256:
        said = f"its SHA-256 is {digest.hexdigest()}, and the ledger says {recorded.sha256}"
        return CopyResult(said, later_bytes=offset - end)
    return CopyResult(later_bytes=offset - end)
