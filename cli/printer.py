"""Printing beside work that must not wait: a terminal that was stopped, a slow pipe or a full disk delays no job.

Lines go through a bounded queue to a thread that shares nothing else, and which also words them: words can wait,
work cannot. What does not fit is counted and left out, and a line says so; the ledger has it all. A reader that
leaves ends the printing, not the work.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Literal, TextIO

LINES_MAX = 20_000
"""So many lines wait at most, a few megabytes."""

Stream = Literal["out", "err"]
Text = str | Callable[[], str]
"""A line, or what makes it when its turn comes."""


class Printer:
    """Prints lines to standard output and standard error, in order, from a thread of its own."""

    def __init__(self, lines_max: int = LINES_MAX) -> None:
        self._lines_max = lines_max
        self._waiting: deque[tuple[Stream, Text]] = deque()
        self._left_out = 0
        self._closing = False
        self._gone: set[Stream] = set()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._print, name="printer", daemon=True)
        self._thread.start()

    def put(self, text: Text, stream: Stream = "out") -> None:
        """Have a line printed; never waits."""
        with self._changed:
            may_sleep = not self._waiting
            if len(self._waiting) >= self._lines_max:
                self._left_out += 1
                return
            if self._left_out:
                self._waiting.append(
                    ("err", f"{self._left_out:,} lines were left out: nobody read them in time")
                )
                self._left_out = 0
            self._waiting.append((stream, text))
            if may_sleep:
                self._changed.notify()

    def close(self, wait_s: float = 2.0) -> None:
        """Print what waits, for at most so long."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(wait_s)

    def _print(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                batch = list(self._waiting)
                self._waiting.clear()
            for stream, lines in groupby(batch, lambda item: item[0]):
                if stream not in self._gone:
                    self._write(stream, "\n".join(_worded(text for _, text in lines)))

    def _write(self, stream: Stream, text: str) -> None:
        file: TextIO | None = sys.stdout if stream == "out" else sys.stderr
        if file is None:
            self._gone.add(stream)
            return
        raw = f"{text}\n".encode(file.encoding or "utf-8", "backslashreplace")
        try:
            # Not through the file's buffer: a thread that is held up in it would hold up the end of the program too.
            fd = file.fileno()
            while raw:
                raw = raw[os.write(fd, raw) :]
        except OSError as problem:
            if problem.errno in (errno.EPIPE, errno.EBADF):
                self._gone.add(stream)
        except ValueError:
            self._gone.add(stream)


def _worded(texts: Iterator[Text]) -> Iterator[str]:
    for text in texts:
        yield text if isinstance(text, str) else text()
