"""Printing beside work that must not wait: a stopped terminal, a slow pipe or a full disk delays no job.

Lines go through a bounded queue to a thread, which shares nothing else with the work. The thread also makes the
words of a line, because that can wait. Lines that do not fit into the queue, or cannot be written, are counted and
left out, and a line says so; the ledger holds all the facts. A line that was written in part is completed before
anything else is written there. If the reader leaves, the printing ends, but not the work.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterable
from itertools import groupby
from queue import SimpleQueue
from typing import Literal, TextIO

from cli.terminal.child_ends import child_ends_unheard
from cli.terminal.printable import show_count

LINES_MAX = 20_000
"""At most this many lines wait, which are a few megabytes."""

OutputStream = Literal["out", "err"]
Text = str | Callable[[], str]
"""A line, or a function that makes it when its turn comes."""

_QUIET_S = 0.05
"""Lines are printed as soon as none came for so long."""
_GATHER_MAX_S = 0.5
"""A line waits at most about so long for others."""
_NOT_READ = "nobody read them in time"
_LOOK_S = 0.25
"""While the thread waits for a slow reader, it checks this often whether there is still time to wait."""
OF_CLOSING = 0.9
"""This part of the time to close is for slow readers; the rest is for saying what was left out."""


class LinePrinter:
    """Prints lines to standard output and standard error, in order, from a thread of its own.

    One thread hands it lines, and closes it in the end.
    """

    def __init__(self, lines_max: int = LINES_MAX) -> None:
        self._lines_max = lines_max
        # Handed over without a lock that Python code holds: this is done three times for each run of a herd.
        self._waiting: SimpleQueue[tuple[OutputStream, Text] | None] = SimpleQueue()
        self._left_out = 0
        self._hurry, self._threaded = threading.Event(), True
        self._give_up_s: float | None = None
        self._out, self._err = _Output(sys.stdout, self._may_wait), _Output(sys.stderr, self._may_wait)
        self._together = self._out.is_same_place(self._err)
        self._thread = threading.Thread(target=self._print, name="printer", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # No thread can be started (RLIMIT_NPROC): the calling thread prints the lines, and does not wait for a
            # slow reader.
            self._threaded, self._give_up_s = False, 0.0

    def put(self, text: Text, stream: OutputStream = "out") -> None:
        """Queue a line to be printed; this never waits."""
        if not self._threaded:
            self._write(self._out if stream == "out" else self._err, [text])
        elif self._waiting.qsize() >= self._lines_max:
            self._left_out += 1
        else:
            if self._left_out:
                self._own_up()
            self._waiting.put((stream, text))
            if stream == "err":
                self._hurry.set()

    def close(self, wait_s: float = 2.0) -> None:
        """Print the waiting lines, and say what was left out, in at most `wait_s` seconds."""
        if not self._threaded:
            self._complete(last=True)
            return
        if self._left_out:
            self._own_up()
        self._give_up_s = time.monotonic() + wait_s * OF_CLOSING
        self._hurry.set()
        self._waiting.put(None)
        self._thread.join(wait_s)

    def _own_up(self) -> None:
        """Queue a line that says how many lines were left out because the queue was full."""
        self._waiting.put(("err", _left_out_words(self._left_out, _NOT_READ)))
        self._left_out = 0

    @child_ends_unheard()
    def _print(self) -> None:
        while (first := self._waiting.get()) is not None:
            self._gather()
            # Nobody else takes lines: that many are there. The last one of all may be None.
            rest = [self._waiting.get() for _ in range(self._waiting.qsize())]
            self._hurry.clear()
            batch = [first, *filter(None, rest)]
            for stream, lines in groupby(batch, lambda item: item[0]):
                self._write(self._out if stream == "out" else self._err, (text for _, text in lines))
            if None in rest:
                break
        self._complete(last=True)

    def _gather(self) -> None:
        """Let the lines of one burst come together, as long as there is room for many more; notes do not wait."""
        give_up_s, waiting = time.monotonic() + _GATHER_MAX_S, -1
        while (
            waiting < (count := self._waiting.qsize()) < self._lines_max // 4 and time.monotonic() < give_up_s
        ):
            waiting = count
            if self._hurry.wait(_QUIET_S):
                return

    def _write(self, output: _Output, texts: Iterable[Text]) -> None:
        if output.gone:
            return
        lines = [output.encoded(text if isinstance(text, str) else text()) for text in texts]
        self._complete()
        if self._is_free(output):
            output.write(lines)
        else:
            output.left_out += len(lines)

    def _complete(self, *, last: bool = False) -> None:
        """Complete lines that were written in part, and say what was left out behind them.

        With `last`, that is said even if such a line still cannot be completed.
        """
        for output in (self._out, self._err):
            if output.rest:
                output.write([])
        for output in (self._out, self._err):
            count = output.left_out + (1 if last and output.rest else 0)
            if count and (last or not output.rest) and self._is_free(self._err):
                output.left_out = 0
                self._err.write([self._err.encoded(_left_out_words(count, output.why))])

    def _is_free(self, output: _Output) -> bool:
        """Whether the next text that is written to this output would begin a line."""
        return not (output.rest or (self._together and (self._out.rest or self._err.rest)))

    def _may_wait(self) -> float:
        """How long to wait for a slow reader before this is called again, in seconds."""
        return _LOOK_S if self._give_up_s is None else min(_LOOK_S, self._give_up_s - time.monotonic())


class _Output:
    """One of the program's two streams.

    Attributes:
        gone: whether there is no such stream, or its reader has left: then what is written is dropped.
        rest: the rest of a line that was written in part; it is written first when writing works again.
        left_out: how many lines behind that one were dropped, as long as no line has said so.
        why: the reason.
    """

    def __init__(self, file: TextIO | None, may_wait_s: Callable[[], float]) -> None:
        self._may_wait_s = may_wait_s
        self._encoding = getattr(file, "encoding", None) or "utf-8"
        self._fd = -1
        if file is not None:
            with contextlib.suppress(OSError, ValueError):
                # The buffer of the stream is not used: a thread that is blocked in it would block the program's end.
                self._fd = file.fileno()
        self.gone = self._fd < 0
        self.rest = b""
        self.left_out = 0
        self.why = ""

    def is_same_place(self, other: _Output) -> bool:
        """Whether both streams lead to the same file, pipe or terminal."""
        try:
            return not self.gone and not other.gone and os.path.sameopenfile(self._fd, other._fd)
        except OSError:
            return False

    def encoded(self, text: str) -> bytes:
        """A line as the bytes that are written."""
        return f"{text}\n".encode(self._encoding, "backslashreplace")

    def write(self, lines: list[bytes]) -> None:
        """Write the rest, then the lines; a line written in part leaves a rest, and later lines are counted."""
        pieces = [self.rest, *lines]
        view, written = memoryview(b"".join(pieces)), 0
        try:
            while not self.gone and written < len(view):
                try:
                    written += os.write(self._fd, view[written:])
                except BlockingIOError:
                    if not self._wait():
                        raise
        except OSError as problem:
            self.gone = problem.errno in (errno.EPIPE, errno.EBADF)
            is_slow = isinstance(problem, BlockingIOError)
            self.why = _NOT_READ if is_slow else problem.strerror or str(problem)
        self._keep(pieces, written)

    def _keep(self, pieces: list[bytes], written: int) -> None:
        self.rest = b""
        for number, piece in enumerate(pieces, 1):
            if written < len(piece) and not self.gone:
                self.rest = piece[written:]
                self.left_out += len(pieces) - number
                return
            written -= len(piece)

    def _wait(self) -> bool:
        """Wait until more can be written; False if there is no time left for that."""
        room = select.poll()
        room.register(self._fd, select.POLLOUT)
        while not room.poll(max(0.0, (wait_s := self._may_wait_s()) * 1000)):
            if wait_s <= 0:
                return False
        return True


def _left_out_words(count: int, why: str) -> str:
    return f"{show_count(count, 'line')} {'was' if count == 1 else 'were'} left out: {why}"
