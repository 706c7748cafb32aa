"""Captured output of a run: where it is, what the ledger says about it, and whether it is still the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Self

from cli.app.failures import ExitCode, Failure
from cli.home.run_numbers import no_run
from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger.run_record import cause_of

if TYPE_CHECKING:
    from scheduler.logs import RawOutput

_CHUNK_BYTES = 256 * 1024


class RecordedStream(NamedTuple):
    """What the ledger says about one stream; size and digest are None if nothing was measured."""

    stream: str
    size_bytes: int | None
    sha256: str | None


class CapturedAttempt(NamedTuple):
    """An attempt of a run.

    Attributes:
        run, number, job: the run, the number of the attempt, and the job.
        started: the time of its `run.started`.
        finished: the entry that ended it; None while it is running.
        streams: what is recorded about standard output and standard error.
        node, host: the node that made it, where several share the ledger, and its machine.
    """

    run: int
    number: int
    job: str
    started: datetime
    finished: Entry | None
    streams: tuple[RecordedStream, RecordedStream]
    node: str | None = None
    host: str = ""

    @classmethod
    def going(cls, run: int, data: v.RunStarted, entry: Entry) -> Self:
        """An attempt that has not ended, by the entry with which it began."""
        nothing = (RecordedStream("stdout", None, None), RecordedStream("stderr", None, None))
        return cls(run, data.attempt, entry.job or "?", entry.time, None, nothing, data.node, data.host)

    @property
    def is_elsewhere(self) -> bool:
        """Whether another node than this one made it: then its output is there, if it is not here."""
        from scheduler.nodes.node_identity import BadNodeName, node_name
        from scheduler.processes.recognition import identity

        if self.node is None:
            return False
        try:
            return self.host != identity.host_name() or self.node != node_name()
        except BadNodeName:
            return True


def find_attempt(store: EventStore, run: int, number: int | None) -> CapturedAttempt:
    """The attempt of that number, or the run's last one.

    Raises:
        Failure: there is no such run, or it has not started, or has no such attempt.
        Corrupt: the ledger is damaged.
    """
    cause = cause_of(store, run)
    if cause is None:
        raise no_run(store, run)
    started: dict[int, Entry] = {}
    ended: dict[int, CapturedAttempt] = {}
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
            if data.closes is None:
                ended[data.attempt] = finished_attempt(run, data, entry)
            if data.attempt == number or data.retry_at is None:
                break
    chosen = max(started, default=0) if number is None else number
    if chosen not in started:
        what = f"has no attempt {number}" if started else "has not begun yet"
        raise Failure(f"run {run} of {cause.job} {what}", exit_code=ExitCode.FAILED)
    start: v.RunStarted = v.payload(started[chosen])
    if chosen in ended:
        return ended[chosen]._replace(node=start.node, host=start.host)
    return CapturedAttempt.going(run, start, started[chosen])


def finished_attempt(run: int, data: v.RunFinished, entry: Entry) -> CapturedAttempt:
    """An attempt that has ended, by the entry that says so."""
    streams = (
        RecordedStream("stdout", data.stdout_bytes if data.stdout_sha256 else None, data.stdout_sha256),
        RecordedStream("stderr", data.stderr_bytes if data.stderr_sha256 else None, data.stderr_sha256),
    )
    return CapturedAttempt(run, data.attempt, entry.job or "?", data.started, entry, streams)


def open_output(home: Home, attempt: CapturedAttempt, stream: str) -> RawOutput | None:
    """The captured output of one stream; None if there is no file.

    Raises:
        OSError: the file cannot be read.
    """
    from scheduler.logs import RawOutput

    return RawOutput.open(home.output(attempt.run, attempt.number, attempt.started, stream))


class CopyResult(NamedTuple):
    """The result of copying an output.

    Attributes:
        wrong: what is wrong with the output; empty if it is what the run wrote, as far as that is on record.
        later_bytes: how many bytes stand behind those of the run; they were not copied.
        unrecorded_bytes: how many bytes were copied though nothing is on record to compare them with.
    """

    wrong: str = ""
    later_bytes: int = 0
    unrecorded_bytes: int = 0


def copy_output(output: RawOutput, recorded: RecordedStream, put: Callable[[bytes], object]) -> CopyResult:
    """Copy what the run wrote, byte for byte, to `put`, and check the digest on the way.

    Bytes that were appended after the run had ended, by a descendant that outlived it or by another program, do not
    belong to the run: they are only counted. If nothing is on record, everything is copied.

    Raises:
        OSError: the output cannot be read, or `put` cannot write.
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
