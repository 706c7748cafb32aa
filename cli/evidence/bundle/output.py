"""What runs printed, for a bundle: as long as it is there and is what the ledger says, with secrets masked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from cli.logs.output_secrets import masking, output_secrets, secrets_environ
from cli.logs.run_output import CapturedAttempt, RecordedStream, copy_output, finished_attempt, open_output
from cli.terminal.printable import show_count
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.rules.state import Job

if TYPE_CHECKING:
    from scheduler.logs.collection.masked_output import KnownSecrets

_CHUNK_BYTES: Final = 1024 * 1024
_IN_MEMORY_BYTES: Final = 8 * 1024 * 1024

Add = Callable[[str, Iterable[bytes]], None]
"""Adds a member to a bundle."""


class BundledOutput:
    """Adds captured output to a bundle.

    Args:
        home: where it was captured.
        jobs: those that the config has: only of them it is known which secrets they name.
        add: adds a member.

    Attributes:
        remarks: a line for each stream that is there with secrets masked, or not at all, and why.
    """

    def __init__(self, home: Home, jobs: Mapping[str, Job], add: Add) -> None:
        self._home, self._jobs, self._add = home, jobs, add
        self._secrets: dict[str, KnownSecrets | None] = {}
        self.remarks: list[str] = []

    def add(self, entry: Entry) -> None:
        """Add what an attempt printed, by its `run.finished`, where a digest of it is on record.

        Raises:
            OSError: it cannot be read, or the bundle cannot be written.
        """
        data = v.payload(entry)
        if not isinstance(data, v.RunFinished) or data.closes is not None or entry.run is None:
            return
        attempt = finished_attempt(entry.run, data, entry)
        for stream in attempt.streams:
            if stream.sha256 and stream.size_bytes:
                name = f"output/{attempt.run}-{attempt.number}.{stream.stream}"
                if remark := self._added(attempt, stream, name):
                    self.remarks.append(f"{name}: {remark}")

    def _added(self, attempt: CapturedAttempt, stream: RecordedStream, name: str) -> str:
        """Add one stream; what is to be said of it, if something is."""
        job = self._jobs.get(attempt.job)
        if job is None:
            return (
                "left out: its job is no longer in the config, so that it is not known which secrets it has"
            )
        if attempt.job not in self._secrets:
            self._secrets[attempt.job] = output_secrets(
                self._home, job.definition, partial(secrets_environ, self._home)
            )
        secrets = self._secrets[attempt.job]
        if secrets is not None and (secrets.unknown or not secrets.forms):
            return "left out: the secrets of its job cannot be read now, so that they could not be masked"
        output = open_output(self._home, attempt, stream.stream)
        if output is None:
            return "not there any more"
        masked = masking(secrets)
        try:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as kept:

                def put(chunk: bytes, *, end: bool = False) -> None:
                    kept.write(chunk if masked is None else masked.masked(chunk, last=end))

                copied = copy_output(output, stream, put)
                if copied.wrong:
                    return f"left out, for it is not what the run printed: {copied.wrong}"
                put(b"", end=True)
                kept.seek(0)
                hidden = 0 if masked is None else masked.count
                self._add(f"{name}.masked" if hidden else name, _chunks(kept))
        finally:
            output.close()
        return (
            f"*** stands for {show_count(hidden, 'secret')}, so no digest can be compared" if hidden else ""
        )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk
