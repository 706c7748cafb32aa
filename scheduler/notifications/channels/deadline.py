"""A conversation that ends in time: its connection is cut then, however slowly the other side goes on sending."""

from __future__ import annotations

import contextlib
import errno
import queue
import socket
import threading
import time
from types import TracebackType
from typing import Any, Final, Self

_Addresses = list[tuple[Any, ...]]
_TRY_S_MIN: Final = 0.01
"""An address is tried for at least so long, even where no time is left."""


class Deadline:
    """When a conversation has to be over, and its connection.

    A time-out of a socket bounds each wait, not the whole: a server that sends a byte a second is never too late.
    So the connection is shut down when the time is over, which ends whatever waits for it. A name is resolved in a
    thread of its own, because nothing can end that; the thread ends by itself when the resolver gives up.
    """

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self._end_s = time.monotonic() + patience_s
        self._was_cut = False
        self._line: socket.socket | None = None
        self._timer: threading.Timer | None = None

    @property
    def left_s(self) -> float:
        """How much time is left."""
        return max(0.0, self._end_s - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether none is left."""
        return self._was_cut or self.left_s == 0.0

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection, which is cut when the time is over.

        Raises:
            OSError: there is none; `socket.gaierror` if the name cannot be resolved.
        """
        problem: OSError = TimeoutError("timed out")
        addresses = self._resolved(host, port)
        for tried, (family, kind, protocol, _, address) in enumerate(addresses):
            line = socket.socket(family, kind, protocol)
            line.settimeout(max(_TRY_S_MIN, self.left_s / (len(addresses) - tried)))
            try:
                line.connect(address)
                line.settimeout(self.patience_s)
                self._guard(line)
            except OSError as refused:
                line.close()
                problem = refused
                continue
            return line
        raise problem

    def _resolved(self, host: str, port: int) -> _Addresses:
        answers: queue.SimpleQueue[_Addresses | OSError] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                answers.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
            except (OSError, UnicodeError) as problem:
                answers.put(problem if isinstance(problem, OSError) else socket.gaierror("no name"))

        _start(threading.Thread(target=resolve, name=f"resolve {host}", daemon=True))
        try:
            answer = answers.get(timeout=self.left_s)
        except queue.Empty:
            raise socket.gaierror("timed out") from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _guard(self, line: socket.socket) -> None:
        # A duplicate: whoever puts TLS around the socket takes its descriptor away.
        self._line = line.dup()
        timer = threading.Timer(self.left_s, self._cut, (self._line,))
        timer.daemon = True
        _start(timer)
        self._timer = timer

    def _cut(self, line: socket.socket) -> None:
        self._was_cut = True
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._line is not None:
            self._line.close()


def _start(thread: threading.Thread) -> None:
    """Start a thread.

    Raises:
        OSError: the machine has no room for another one.
    """
    try:
        thread.start()
    except RuntimeError:
        raise BlockingIOError(errno.EAGAIN, "no thread could be started for it") from None
