"""A proxy before a PostgreSQL server that knows the protocol's messages, and does to each what a test wants."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Self
from urllib.parse import quote

_DEADLINE_S = 60.0


class Do(Enum):
    """What becomes of a message."""

    PASS = auto()
    CUT = auto()
    """Both connections end, and it is never seen."""
    CUT_AFTER = auto()
    """It arrives, then both connections end."""
    CUT_INSIDE = auto()
    """Half of it arrives, then both connections end."""
    HOLD = auto()
    """It waits, and with it all behind it in its direction, until `release`."""


@dataclass(frozen=True)
class Message:
    """A message on its way.

    Attributes:
        to_server: whether the client sent it.
        kind: its letter in the protocol; the first one of a connection has none: "".
        body: what stands behind kind and length.
        number: how many messages passed before it in this direction, in all connections since the proxy began.
    """

    to_server: bool
    kind: str
    body: bytes
    number: int


Rule = Callable[[Message], Do]


class Wire:
    """A port on this machine that leads to a server's socket.

    Attributes:
        rule: asked about each message, in the thread of its direction.
        connections: how many were made.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self.rule: Rule = lambda _: Do.PASS
        self.connections = 0
        self._numbers = {True: 0, False: 0}
        self._released = threading.Event()
        self._open: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, database: str, user: str = "ledger") -> str:
        """The address of a database behind it."""
        return (
            f"postgresql://{quote(user)}@127.0.0.1:{self.port}/{database}?sslmode=disable&gssencmode=disable"
        )

    def release(self) -> None:
        """Let go what is held, and hold nothing more."""
        self.rule = lambda _: Do.PASS
        self._released.set()
        self._released = threading.Event()

    def cut(self) -> None:
        """End all connections."""
        with self._lock:
            pairs, self._open = self._open, []
        for pair in pairs:
            for each in pair:
                _end(each)

    def close(self) -> None:
        """End all connections and the port."""
        _end(self._listener)
        self._released.set()
        self.cut()
        for thread in self._threads:
            thread.join(_DEADLINE_S)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self._target))
            except OSError:
                near.close()
                far.close()
                continue
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.append((near, far))
            for to_server in (True, False):
                thread = threading.Thread(target=self._forward, args=(near, far, to_server), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _forward(self, near: socket.socket, far: socket.socket, to_server: bool) -> None:
        """Pass on one direction, a message at a time."""
        source, sink = (near, far) if to_server else (far, near)
        first = to_server
        with contextlib.suppress(OSError):
            while True:
                kind = b"" if first else _exactly(source, 1)
                length = _exactly(source, 4)
                body = _exactly(source, struct.unpack("!i", length)[0] - 4)
                with self._lock:
                    number = self._numbers[to_server]
                    self._numbers[to_server] += 1
                first = False
                done = self.rule(Message(to_server, kind.decode("ascii"), body, number))
                if done is Do.HOLD:
                    self._released.wait(_DEADLINE_S)
                elif done is Do.CUT:
                    break
                whole = kind + length + body
                sink.sendall(whole[: len(whole) // 2] if done is Do.CUT_INSIDE else whole)
                if done in (Do.CUT_AFTER, Do.CUT_INSIDE):
                    break
        for each in (near, far):
            _end(each)


def _exactly(source: socket.socket, count: int) -> bytes:
    """So many bytes; an error if the connection ends before."""
    parts = bytearray()
    while len(parts) < count:
        part = source.recv(count - len(parts))
        if not part:
            raise ConnectionError("ended")
        parts += part
    return bytes(parts)


def _end(one: socket.socket) -> None:
    """Close a socket, and wake who reads it."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
