"""Following the output of runs: what a job writes to its two files appears on the command's own two streams.

Bytes pass as they are: binary data, half a character, a gigabyte without a line end. Only `***` takes the place of
secrets that the job names, and at a terminal what it would obey is escaped. Memory stays bounded. The kernel says
when a file has grown; nothing is looked at in vain. Only where several runs are followed at once does each line get
the name of its job.
"""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cli.logs.output_secrets import masking, output_secrets
from cli.terminal.console import note
from cli.terminal.job_output import ShownOutput, shown_output
from cli.terminal.nonblocking_output import Sink
from cli.terminal.printable import printable
from eventstore.regular_file import open_regular
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.change_watch import MODIFIED, ChangeWatch
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.definition import JobDefinition
    from scheduler.logs.collection.masked_output import KnownSecrets, MaskedOutput

_CHUNK_BYTES = 64 * 1024
_ROUND_BYTES = 2 * 1024 * 1024
"""At most this much is copied for one stream in one turn, before other work is done."""
_LINE_BYTES_MAX = 64 * 1024
"""If lines are labelled, a longer line is broken, because it cannot be held in memory until it ends."""
_LONG_S = 60.0
_EARLY_S = 1.0
_EARLY_LOOK_S = 0.01
_LATE_LOOK_S = 0.5
"""How often a missing file is looked for: it comes right after `run.started`, or the program could not be started.

Files are also looked at this often if the kernel does not report that they have grown.
"""


class _OutputCopy:
    """The copying of one output file of a run to a sink.

    Attributes:
        end: how much of the file is to be copied, in bytes; None while it may grow.
    """

    def __init__(
        self,
        path: Path,
        sink: Sink,
        label: bytes,
        watch: ChangeWatch,
        masked: MaskedOutput | None,
        shown: ShownOutput | None,
    ) -> None:
        self._path, self._sink, self._label, self._watch = path, sink, label, watch
        self._masked, self._shown = masked, shown
        self._fd: int | None = None
        self._offset = 0
        self._line = b""
        self.end: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether the file was found and opened."""
        return self._fd is not None

    def pump(self) -> bool:
        """Copy what can be copied now; True if more could be copied right away."""
        if self._fd is None and not self._open():
            return False
        assert self._fd is not None, "it was opened"
        budget_bytes = _ROUND_BYTES
        while budget_bytes > 0 and self._sink.flush():
            want = _CHUNK_BYTES if self.end is None else min(_CHUNK_BYTES, self.end - self._offset)
            chunk = os.pread(self._fd, want, self._offset) if want > 0 else b""
            if not chunk:
                if self.end is not None:
                    # The file was cut: there is no more.
                    self.end = self._offset
                return False
            self._offset += len(chunk)
            budget_bytes -= len(chunk)
            self._put(chunk)
        return budget_bytes <= 0

    def finished(self) -> bool:
        """Whether everything has been copied, once its end is known."""
        if self.end is None or (self._fd is not None and self._offset < self.end):
            return False
        if not self._sink.flush():
            return False
        if self._masked is not None or self._shown is not None:
            self._put(b"", last=True)
            self._masked = self._shown = None
            if not self._sink.flush():
                return False
        if self._line:
            self._sink.put(self._label + self._line + b"\n")
            self._line = b""
        return self._sink.flush()

    def finish(self, size_bytes: int | None) -> None:
        """Note that the run has ended: copy up to `size_bytes`, or up to the file's present end if that is None."""
        if self._fd is None:
            self._open()
        present = 0 if self._fd is None else os.fstat(self._fd).st_size
        self.end = present if size_bytes is None else min(present, size_bytes)

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> bool:
        try:
            self._fd = open_regular(self._path)
        except OSError:
            return False
        # The watch begins before the first read, so that nothing written in between is missed.
        try:
            self._watch.add(self._path, MODIFIED)
        except FileNotFoundError:
            self._watch.close()
        return True

    def _put(self, chunk: bytes, *, last: bool = False) -> None:
        """Hand on what is to be seen of the next bytes."""
        if self._masked is not None:
            chunk = self._masked.masked(chunk, last=last)
        if self._shown is not None:
            chunk = self._shown.shown(chunk, last=last)
        if chunk:
            self._sink.put(self._labelled(chunk) if self._label else chunk)

    def _labelled(self, chunk: bytes) -> bytes:
        lines = (self._line + chunk).split(b"\n")
        self._line = lines.pop()
        if len(self._line) > _LINE_BYTES_MAX:
            lines.append(self._line)
            self._line = b""
        return b"".join([self._label + line + b"\n" for line in lines])


class _FollowedRun(NamedTuple):
    """A run that is followed: since when, and its two streams."""

    since_s: float
    copies: tuple[_OutputCopy, _OutputCopy]


class OutputFollower:
    """Shows the output of runs on the command's own two streams.

    Its owner waits on the selector, calls `pump` after every wait, and passes on the ledger's entries about the runs.

    Args:
        home: where the output is.
        selector: what the owner waits on.
        out: the descriptor for what jobs write to their standard output; err: to their standard error.
        labelled: put the job's name before each line.
        raw: escape nothing, at a terminal neither.
    """

    def __init__(
        self,
        home: Home,
        selector: selectors.BaseSelector,
        out: int = 1,
        err: int = 2,
        *,
        labelled: bool = False,
        raw: bool = False,
    ) -> None:
        self._home, self._selector, self._labelled, self._raw = home, selector, labelled, raw
        out_sink = Sink(out)
        self._sinks = (out_sink, out_sink if out == err else Sink(err))
        self._watch = ChangeWatch(selector)
        self._runs: dict[int, _FollowedRun] = {}

    @property
    def problem(self) -> OSError | None:
        """Why output cannot be shown (the reader left, a full disk), or None; the runs are not affected."""
        return self._sinks[0].problem or self._sinks[1].problem

    def started(self, entry: Entry, definition: JobDefinition | None = None) -> None:
        """Given a `run.started`: follow what the run writes from now on, without the secrets of its job."""
        assert entry.run is not None, "a run has a number"
        attempt = v.payload(entry).attempt
        secrets = None if definition is None else self._secrets_of(definition, v.payload(entry))
        label = f"{printable(entry.job or '?')} | ".encode() if self._labelled else b""
        out, err = (
            _OutputCopy(
                self._home.output(entry.run, attempt, entry.time, stream),
                sink,
                label,
                self._watch,
                masking(secrets),
                shown_output(sink.fd, raw=self._raw),
            )
            for stream, sink in zip(("stdout", "stderr"), self._sinks, strict=True)
        )
        self.forget(entry.run)
        self._runs[entry.run] = _FollowedRun(time.monotonic(), (out, err))

    def _secrets_of(self, definition: JobDefinition, started: v.RunStarted) -> KnownSecrets | None:
        """What is masked in the output of a job; None if it has no secrets."""
        ours = started.executor_pid == os.getpid()

        def environ() -> Mapping[str, str]:
            from scheduler.processes.process_environ import environ_of

            return os.environ if ours else environ_of(started.executor_pid, started.executor_start_ticks)

        known = output_secrets(self._home, definition, environ)
        if known is not None and not ours:  # of an own run its end tells
            for why in known.unknown:
                note(f"{definition.name}: {why}; so it is not masked here if the job prints it")
        return known

    def finished(self, entry: Entry) -> None:
        """Given a `run.finished`: show the rest, up to the recorded length; what is written later is left out."""
        followed = self._runs.get(-1 if entry.run is None else entry.run)
        if followed is not None:
            end = v.payload(entry)
            known = end.outcome != "lost"
            followed.copies[0].finish(end.stdout_bytes if known else None)
            followed.copies[1].finish(end.stderr_bytes if known else None)

    def shown(self, run: int) -> bool:
        """Whether everything that a finished run wrote has been shown, or cannot be shown."""
        followed = self._runs.get(run)
        return followed is None or all(copy.finished() for copy in followed.copies)

    def has_files(self, run: int) -> bool:
        """Whether what a followed run printed is on this machine."""
        followed = self._runs.get(run)
        return followed is not None and any(copy.is_open for copy in followed.copies)

    def end_line(self) -> None:
        """End a line that a job has not ended, because the command's own message comes next, on standard error.

        Standard output is left as it is, unless both streams go to the same place: nothing is added to data.
        """
        err = self._sinks[1]
        for sink in self._sinks:
            if sink.in_line and sink.problem is None and err.problem is None:
                sink.in_line = False
                if os.path.samestat(os.fstat(sink.fd), os.fstat(err.fd)):
                    err.put(b"\n")

    def forget(self, run: int) -> None:
        """Stop following a run."""
        followed = self._runs.pop(run, None)
        for copy in followed.copies if followed else ():
            copy.close()

    def pump(self) -> float:
        """Show new output; returns in how many seconds to call this again, at most."""
        self._watch.drain()
        now_s = time.monotonic()
        wait_s = _LONG_S
        for followed in self._runs.values():
            for copy in followed.copies:
                if copy.pump():
                    wait_s = 0.0
                if not copy.is_open and copy.end is None:
                    early = now_s - followed.since_s < _EARLY_S
                    wait_s = min(wait_s, _EARLY_LOOK_S if early else _LATE_LOOK_S)
        for sink in self._sinks:
            sink.flush()
            sink.watch(self._selector)
        # This is checked last, because opening a file may have shown that the kernel watches no more files.
        return wait_s if self._watch.works else min(wait_s, _LATE_LOOK_S)

    def close(self) -> None:
        """Stop following all runs, and close all files."""
        for run in list(self._runs):
            self.forget(run)
        self._watch.close()
