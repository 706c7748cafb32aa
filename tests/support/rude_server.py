"""A server that does to a connection whatever a test wants: hang, drip, speak nonsense, close."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Self

SHORT_MS = 1_000
"""The time-out for who never answers: a test waits for its end, and a busy machine gets that far before."""
LONG_MS = 10_000
"""The time-out for who says something else."""
LATE = "did not answer within 1 s"
_DRIPS_S = 20
Rudeness = Callable[[socket.socket], None]


class RudeServer:
    """Listens while the context lasts; each connection is dealt with in a thread of its own.

    Attributes:
        rudeness: what is done to the next connections; may be replaced at any time.
        port: where it listens, on 127.0.0.1.
        connections: how many there were.
    """

    def __init__(self, rudeness: Rudeness) -> None:
        self.rudeness = rudeness
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(line)
            threading.Thread(target=self._treat, args=(line,), daemon=True).start()

    def _treat(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError), line:
            self.rudeness(line)

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._open:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


def hangs(line: socket.socket) -> None:
    """Reads, and never says a word."""
    while line.recv(65_536):
        pass


def drips(word: bytes, every_s: float = 0.02) -> Rudeness:
    """Begins an answer, and goes on with a byte at a time, for longer than anybody may wait."""

    def rudeness(line: socket.socket) -> None:
        line.sendall(word)
        for _ in range(round(_DRIPS_S / every_s)):
            time.sleep(every_s)
            line.sendall(b"x")

    return rudeness


def echoes(word: bytes) -> Rudeness:
    """Gives back what it is sent, a word before it."""

    def rudeness(line: socket.socket) -> None:
        while taken := line.recv(100):
            line.sendall(word + taken)

    return rudeness


def says(word: bytes) -> Rudeness:
    """Says this at once, and has no more to say."""

    def rudeness(line: socket.socket) -> None:
        line.sendall(word)
        # What is closed with unread bytes is reset, and the word may be lost.
        line.shutdown(socket.SHUT_WR)
        hangs(line)

    return rudeness
